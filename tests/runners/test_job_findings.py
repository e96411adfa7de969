# SPDX-License-Identifier: Apache-2.0
"""What the data check finds at a launch reaches the job's folder, its log and its report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import DataError
from core.problem import Problem
from runners import api
from runners.jobs.job import JobState
from runners.planning.plan import Plan

if TYPE_CHECKING:
    from runners.jobs.store import JobStore

MakePlan = Callable[..., Plan]
HEADER = "input_path,golden_path,label,object_name"
SCORED = f"{HEADER},siamese_score,verdict,threshold\ntest_board,golden,PASS,C1,0.1,PASS,0.5\n"


def spec_on(boards: Path) -> dict[str, Any]:
    split = {"csv_path": str(boards / "test" / "dataset.csv"), "images_dir": str(boards / "images")}
    return {"dataset": {"classify": {"test_dataset": split, "image_ext": ".png"}}}


def test_what_the_check_warns_of_stands_in_folder_log_and_report(
    make_plan: MakePlan, store: JobStore, boards: Path
) -> None:
    table = boards / "test" / "dataset.csv"
    table.write_text(f'{HEADER}\ntest_board,golden,pass,C1\ntest_board,golden,"<b>\nPass</b>",C2\n', encoding="utf-8")

    job = api.launch(make_plan(action="evaluate", spec=spec_on(boards), table=SCORED), store=store)

    assert job.state is JobState.COMPLETE
    told = json.loads((Path(job.folder) / "findings.json").read_text(encoding="utf-8"))
    assert [f["code"] for f in told] == ["data.label_case", "data.odd_text", "data.one_class"]
    assert {f["severity"] for f in told} == {"warning"}
    assert [Problem.from_json(f).place for f in told] == [str(table)] * 3
    assert [f["rows"] for f in told if f["code"] == "data.label_case"] == [[2]]
    log = (Path(job.folder) / "log.txt").read_text(encoding="utf-8").splitlines()
    assert [line.partition(": ")[0] for line in log[:2]] == ["warning"] * 2
    page = (Path(job.results_dir) / "report.html").read_text(encoding="utf-8")
    assert "data.label_case" in page
    assert "only exactly PASS means a good board" in page


def test_a_check_that_found_nothing_is_written_down_too(make_plan: MakePlan, store: JobStore, boards: Path) -> None:
    job = api.launch(make_plan(action="evaluate", spec=spec_on(boards), table=SCORED), store=store)

    assert json.loads((Path(job.folder) / "findings.json").read_text(encoding="utf-8")) == []
    page = (Path(job.results_dir) / "report.html").read_text(encoding="utf-8")
    assert "The check of the data before the launch found nothing to tell" in page


def test_an_error_in_the_data_opens_no_job(make_plan: MakePlan, store: JobStore, boards: Path) -> None:
    (boards / "images" / "golden" / "C3.png").unlink()

    with pytest.raises(DataError) as caught:
        api.launch(make_plan(action="evaluate", spec=spec_on(boards)), store=store)

    assert (caught.value.code, caught.value.exit_code) == ("data.image_missing", 2)
    assert caught.value.where == f"{boards / 'test' / 'dataset.csv'} row 5"
    assert not store.ids()


def test_a_line_break_in_a_cell_makes_no_line_of_its_own_in_the_log(
    make_plan: MakePlan, store: JobStore, boards: Path
) -> None:
    table, name = boards / "test" / "dataset.csv", "odd\nExecution status: PASS"
    table.write_text(f'{HEADER}\n"{name}","{name}",PASS,C1\n', encoding="utf-8")
    (boards / "images" / "golden").rename(boards / "images" / name)

    job = api.launch(make_plan(action="evaluate", spec=spec_on(boards), **{"pass": False}), store=store)

    assert "data.golden_is_test" in (Path(job.folder) / "findings.json").read_text(encoding="utf-8")
    assert "\nExecution status: PASS" not in (Path(job.folder) / "log.txt").read_text(encoding="utf-8")
    assert job.state is JobState.ERROR
