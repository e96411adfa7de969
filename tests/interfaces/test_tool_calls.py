# SPDX-License-Identifier: Apache-2.0
"""Arguments of tool calls: each is known, of its type, and reaches the verb; places stay within the allowed folders."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import RequestError
from interfaces.api import tool_call
from interfaces.bounded import bounded, bounded_text
from interfaces.mcp_server.log_page import page_of
from interfaces.mcp_server.roots import Roots
from interfaces.outcome import Outcome
from interfaces.table import VERBS
from interfaces.tool_calls import options_of

if TYPE_CHECKING:
    from pathlib import Path


def test_members_of_a_group_and_what_the_server_holds_reach_the_options() -> None:
    arguments = {"request": ["train"], "data": "boards", "gpus": 0, "automl": {"trials": 3, "wall_minutes": 2}}
    options = options_of(VERBS["plan"], arguments, {"results_root": "/r"})
    assert (options.request, options.data, options.gpus, options.trials) == (("train",), "boards", 0, 3)
    assert (options.wall_minutes, options.results_root) == (2.0, "/r")
    assert options_of(VERBS["plan"], {"request": "train", "data": None}, {}).request == ("train",)


def test_a_command_that_an_answer_names_is_a_call() -> None:
    words = ("run", "train", "--data", "b", "--trials", "3", "-s", "num_epochs=2", "--results", "r")
    expected = {"request": ["train"], "data": "b", "overrides": ["num_epochs=2"], "automl": {"trials": 3}}
    assert tool_call(words) == ("run", expected)
    assert tool_call(("status", "J")) == ("status", {"job": "J"})
    assert tool_call(("data", "check", "b"))[0] == "data_check"
    assert tool_call(("demo",)) == ("demo", None)
    with pytest.raises(RequestError):
        tool_call(("no-such-verb",))


@pytest.mark.parametrize(
    ("verb", "arguments", "code"),
    [
        ("plan", {"dato": "boards"}, "usage"),
        ("plan", {"results_root": "/elsewhere"}, "usage"),
        ("plan", {"gpus": True}, "usage.type"),
        ("plan", {"gpus": "2"}, "usage.type"),
        ("plan", {"automl_policy": "maybe"}, "usage.choice"),
        ("plan", {"automl": 3}, "usage.type"),
        ("plan", {"automl": {"trails": 3}}, "usage"),
        ("plan", {"request": [3]}, "usage.type"),
        ("status", {}, "usage.missing"),
    ],
)
def test_arguments_that_are_wrong_are_refused_by_name(verb: str, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        options_of(VERBS[verb], arguments, {})
    assert caught.value.code == code
    assert caught.value.remedy


def test_the_page_for_agents_names_every_verb_that_is_no_tool(project_root: Path) -> None:
    page = (project_root / "references" / "agents.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith("| one list |")]
    named = set(re.findall(r"`([a-z -]+)`", row.partition("verbs of")[2]))
    assert {verb.name for verb in VERBS.values() if not verb.is_tool} == {one for one in named if one in VERBS}


def test_a_wrong_value_is_shown_short_and_its_type_is_told() -> None:
    with pytest.raises(RequestError) as caught:
        options_of(VERBS["plan"], {"gpus": "9" * 5_000}, {})
    assert caught.value.remedy == "give a whole number"
    assert len(str(caught.value)) < 200


def test_of_a_log_the_end_is_shown_and_every_line_can_be_had() -> None:
    lines = [f"line {n} {'x' * 40}" for n in range(1, 501)] + ["y" * 5_000]
    logged = {"job_id": "train-1", "state": "ERROR", "total": len(lines)}
    page = page_of(Outcome(logged | {"lines": lines}), None)
    shown = page.document
    assert shown["lines"][-1].endswith("(5,000 characters)")
    assert (shown["next_after"], shown["total"], shown["state"]) == (501, 501, "ERROR")
    assert page.text.splitlines()[1:] == shown["lines"]
    read: list[str] = []
    while len(read) < len(lines):
        page = page_of(Outcome(logged | {"lines": lines[len(read) :]}), len(read))
        assert page.document["first"] == len(read) + 1
        assert len(page.text) < 3_000
        read += page.document["lines"]
    assert read[:500] == lines[:500]
    assert page_of(Outcome(logged | {"lines": []}), 900).document["lines"] == []


def test_a_near_name_is_proposed() -> None:
    with pytest.raises(RequestError, match="no argument 'trails'") as caught:
        options_of(VERBS["plan"], {"automl": {"trails": 3}}, {})
    assert "trials" in caught.value.remedy


@pytest.mark.parametrize(
    "arguments",
    [
        {"data": "{outside}/boards"},
        {"data": "../outside/boards"},
        {"data": "link/boards"},
        {"request": ["train on {outside}/boards for 2 epochs"]},
        {"overrides": ["train.results_dir={outside}"]},
        {"data": "file://{outside}/boards"},
        {"automl": {"range": ["lr=~/x"]}},
        {"data": "~"},
        {"data": "s3://other/boards"},
        {"data": "s3://bucket/boards-of-others"},
        {"places": ["https://host/data/%2e%2e/secret.zip"]},
        {"places": ["https://host@evil/data/x.zip"]},
        {"request": ["train on http://169.254.169.254/latest"]},
    ],
)
def test_a_place_outside_the_allowed_folders_is_refused(
    arguments: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    monkeypatch.chdir(root)

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return value.format(outside=outside)
        return {k: filled(v) for k, v in value.items()} if isinstance(value, dict) else [filled(v) for v in value]

    with pytest.raises(RequestError) as caught:
        Roots.of([str(root), "s3://bucket/boards", "https://host/data"]).require(filled(arguments))
    assert caught.value.code == "path.outside"
    Roots().require(filled(arguments))


def test_places_and_addresses_within_and_plain_words_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    roots = Roots.of([str(tmp_path), "s3://bucket/"])
    words = ["train on ./boards and PASS/NO_PASS, lr 1e-4..1e-2, s3://bucket/boards"]
    roots.require({"request": words, "data": "boards", "overrides": ["a.b=1"], "automl": {"range": ["lr=1e-4..1e-2"]}})


def test_documents_are_cut_to_their_bound_and_say_how_much_is_missing() -> None:
    small = {"a": [1, 2, 3]}
    assert bounded(small) == (small, False)
    document, cut = bounded({"jobs": [{"id": f"job-{n}", "text": "x" * 300} for n in range(1_000)], "total": 1_000})
    assert cut
    assert document["total"] == 1_000
    shown = len(document["jobs"]) - 1
    assert document["jobs"][-1] == f"… {1_000 - shown:,} more"
    assert document["jobs"][0]["id"] == "job-0"
    assert len(str(document)) < 7_000
    job = {f"hash{n}": "x" * 60 for n in range(22)} | {
        "artifacts": [{"path": "p" * 200}] * 60,
        "metrics": {"recall": 1.0},
    }
    document, cut = bounded({"result": job})
    assert cut
    assert document["result"]["metrics"] == {"recall": 1.0}
    text, was_cut = bounded_text("\n".join(f"line {n}" for n in range(5_000)))
    assert was_cut
    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("characters more")
