# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
import json
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


@pytest.mark.long
def test_a_sample_is_as_right_as_published(evals: Path) -> None:
    spec = importlib.util.spec_from_file_location("evals_run", evals / "run.py")
    assert spec
    assert spec.loader
    runner = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = runner
    spec.loader.exec_module(runner)
    results = json.loads((evals / "results.json").read_text(encoding="utf-8"))
    right = {one["id"] for one in results if not one["wrong"]}
    grades = runner.run_all(every=6)
    assert len(grades) >= 10
    assert [one for one in grades if one.wrong and one.id in right] == []
