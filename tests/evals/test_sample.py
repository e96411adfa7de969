# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

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


def test_the_page_lists_every_published_failure(evals: Path) -> None:
    results = json.loads((evals / "results.json").read_text(encoding="utf-8"))
    page = (evals / "README.md").read_text(encoding="utf-8")
    listed = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")} - {"Task"}
    assert listed == {one["id"] for one in results if one["wrong"]}
    assert f"{sum(not one['wrong'] for one in results)} of {len(results)} right" in page


@pytest.fixture(scope="module")
def runner(evals: Path) -> Any:
    spec = importlib.util.spec_from_file_location("evals_run", evals / "run.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


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
def test_a_sample_is_as_right_as_published(evals: Path, runner: Any) -> None:
    results = json.loads((evals / "results.json").read_text(encoding="utf-8"))
    right = {one["id"] for one in results if not one["wrong"]}
    grades = runner.run_all(every=6)
    assert len(grades) >= 10
    assert [one for one in grades if one.wrong and one.id in right] == []
