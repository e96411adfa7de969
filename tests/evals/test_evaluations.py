# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.loaded_scripts import loaded

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def evals(project_root: Path) -> Path:
    return project_root / "evals"


def _entries(evals: Path, name: str, part: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((evals / name).read_text(encoding="utf-8"))[part]
    return found


def test_there_are_tasks_and_near_misses_and_a_result_for_each(evals: Path) -> None:
    tasks, misses = _entries(evals, "evals.json", "evals"), _entries(evals, "near_misses.json", "queries")
    assert min(len(tasks), len(misses)) >= 30
    assert {entry["conversation"] for entry in tasks if "conversation" in entry} == set(range(1, 13))
    assert all(entry["prompt"] and entry["expected_output"] and entry["assertions"] for entry in tasks)
    published = {one["id"]: one["prompt"] for one in json.loads((evals / "results.json").read_text(encoding="utf-8"))}
    numbered = {f"near {number}": entry["query"] for number, entry in enumerate(misses, 1)}
    assert published == {str(entry["id"]): entry["prompt"] for entry in tasks} | numbered


def _section(evals: Path, title: str) -> str:
    return (evals / "README.md").read_text(encoding="utf-8").partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_what_a_model_did_is_published_with_its_grade(evals: Path) -> None:
    transcripts = json.loads((evals / "transcripts.json").read_text(encoding="utf-8"))
    grades = json.loads((evals / "results_model.json").read_text(encoding="utf-8"))
    assert [(one["id"], one["prompt"]) for one in grades] == [(one["id"], one["prompt"]) for one in transcripts]
    tasks = {str(entry["id"]): entry["prompt"] for entry in _entries(evals, "evals.json", "evals")}
    missed = [entry["query"] for entry in _entries(evals, "near_misses.json", "queries")]
    tasks |= {f"near {number}": query for number, query in enumerate(missed, 1)}
    assert all(tasks[one["id"]] == one["prompt"] and one["answer"] for one in transcripts)
    assert min(sum("near" in one["id"] for one in grades), sum("near" not in one["id"] for one in grades)) >= 20
    right = sum(not one["wrong"] for one in grades)
    assert f"{right} of {len(grades)} right" in " ".join(_section(evals, "By a language model at a shell").split())


def _typed(*words: str, exit_code: int = 0, said: str = "") -> dict[str, Any]:
    return {"words": list(words), "exit": exit_code, "said": said}


@pytest.mark.parametrize(
    ("check", "calls", "wrong"),
    [
        ({"exit": 0, "line": "changenet data check ./b", "follow": 0}, [_typed("data", "check", "b")], []),
        ({"exit": 0, "line": "changenet data check ./b"}, [], ["changenet data check ./b was not typed"]),
        (
            {"exit": 0, "line": "changenet data synthesize DIR"},
            [_typed("data", "synthesize", exit_code=2), _typed("data", "synthesize", "b")],
            [],
        ),
        ({"exit": 0, "line": "changenet jobs"}, [_typed("jobs", exit_code=4)], ["changenet jobs: exit 4"]),
        ({"exit": 0, "action": "train"}, [_typed("jobs")], ["put no request to the skill"]),
        ({"exit": 0, "action": "train"}, [_typed("plan", "train on ./b")], []),
        (
            {"exit": 0, "action": "train"},
            [_typed("plan", "check ./b"), _typed("run", "evaluate")],
            ["action: 'evaluate'"],
        ),
        ({"exit": 2}, [_typed("plan", "train on ./b")], ["exit: 0"]),
    ],
)
def test_a_transcript_is_graded_by_what_was_typed_last(
    runner: Any, check: dict[str, Any], calls: list[dict[str, Any]], wrong: list[str]
) -> None:
    from evals.transcripts import task_faults

    def replay(*words: str) -> tuple[int, str, dict[str, Any]]:
        return 0, "", {"decision": {"action": words[1].split()[0]}}

    assert task_faults(check, {"calls": calls}, replay, runner._faults) == wrong  # noqa: SLF001 - the runner's own


def test_a_near_miss_is_right_where_nothing_was_done() -> None:
    from evals.transcripts import near_miss_faults

    refused = {"calls": [_typed("plan", "train a YOLO detector", exit_code=2)]}
    assert near_miss_faults(refused) == near_miss_faults({"calls": []}) == []
    assert near_miss_faults({"calls": [_typed("run", "train a YOLO detector")]}) != []


def test_the_page_lists_every_published_failure(evals: Path) -> None:
    results = json.loads((evals / "results.json").read_text(encoding="utf-8"))
    page = _section(evals, "Results")
    listed = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")} - {"Task"}
    assert listed == {one["id"] for one in results if one["wrong"]}
    assert f"{sum(not one['wrong'] for one in results)} of {len(results)} right" in page


@pytest.fixture(scope="module")
def runner(evals: Path) -> Any:
    return loaded(evals / "run.py")


@pytest.mark.parametrize(
    ("tools", "document", "wrong"),
    [
        (None, {"decision": {"command": {"line": "changenet inspect a b"}}}, 0),
        (None, {"plan_id": "0123456789ab", "decision": {"action": "train"}}, 1),
        (object(), {"plan_id": "0123456789ab", "decision": {"action": "segment_inspect"}}, 0),
        (object(), {"decision": {"action": None}}, 1),
    ],
)
def test_a_plan_stands_for_a_command_only_where_tools_launch_it(
    runner: Any, tmp_path: Path, tools: object, document: dict[str, Any], wrong: int
) -> None:
    class Answering(runner.Workspace):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            self.folder, self.tools, self.files_before = tmp_path, tools, set()

        def run(self, *_: str) -> tuple[int, str, dict[str, Any]]:
            return 0, "", document

    entry = {"id": 1, "prompt": "what is different?", "check": {"line": "changenet inspect"}}
    assert len(runner.grade(entry, Answering()).wrong) == wrong


@pytest.mark.long
@pytest.mark.parametrize(("over_mcp", "published"), [(False, "results.json"), (True, "results_mcp.json")])
def test_every_task_is_as_right_as_published(evals: Path, runner: Any, published: str, *, over_mcp: bool) -> None:
    results = json.loads((evals / published).read_text(encoding="utf-8"))
    grades = runner.run_all(over_mcp=over_mcp)
    assert [one.id for one in grades] == [one["id"] for one in results]
    right = {one["id"] for one in results if not one["wrong"]}
    assert [one for one in grades if one.wrong and one.id in right] == []
