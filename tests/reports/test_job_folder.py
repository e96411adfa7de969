# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import html
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import dump_yaml, read_yaml
from core.errors import DataError, InputError
from core.problem import Problem
from reports.inspection import write_report
from reports.job_folder import from_job_folder
from reports.results import SpecValue
from scoring.origin import ThresholdOrigin

if TYPE_CHECKING:
    from pathlib import Path

    from reports.results import ResultFiles

STATUS = (
    {"date": "11/23/2026", "time": "7:12:51", "status": "STARTED", "message": "go"},
    {"date": "11/23/2026", "time": "7:12:59", "status": "RUNNING", "message": "", "kpi": {"test_acc": 91.5384615}},
)


def spec_of(images_dir: str) -> dict[str, Any]:
    return {
        "task": "classify",
        "encryption_key": "hunter2secret",
        "dataset": {
            "classify": {
                "image_ext": ".png",
                "num_input": 2,
                "input_map": {"SolderLight": 0, "WhiteLight": 1},
                "validation_dataset": {"csv_path": "", "images_dir": ""},
                "test_dataset": {"csv_path": "/data/test.csv", "images_dir": images_dir},
            }
        },
        "evaluate": {"checkpoint": "/results/train/model_epoch_009_step_00100.pth"},
    }


@pytest.fixture
def job(boards: ResultFiles, tmp_path: Path) -> Path:
    """The folder of an evaluation that ran in a container: the spec speaks of the container's paths."""
    folder = tmp_path / "evaluate-1"
    results = folder / "results" / "evaluate"
    shutil.copytree(boards.table.parent, results)
    (results / "images").rename(tmp_path / "images")
    lines = [json.dumps(line) for line in STATUS]
    (results / "status.json").write_text("\n".join([*lines, '{"broken']), encoding="utf-8")
    spec = spec_of("/data/boards/images")
    plan = {
        "action": "evaluate",
        "decision": {"request": {"target": "recall>=80%"}},
        "spec": spec,
        "provenance": {"dataset.classify.image_ext": {"source": "data", "detail": "as the pictures are named"}},
        "command": ["visual_changenet", "evaluate", "-e", "{job}/spec.yaml"],
        "mounts": [{"source": str(tmp_path), "target": "/data/boards", "read_only": True}],
        "warnings": ["there is no GPU"],
        "adjustments": [],
        "parent_job_id": "train-1",
    }
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    (folder / "spec.yaml").write_text(dump_yaml(spec), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("origin", "warned"),
    [
        ({"kind": "validation", "split": "validation", "target": None}, "chosen for the best F1 on validation data"),
        ({"kind": "default"}, "the default eval_margin"),
        ({"kind": "given"}, "given as eval_margin"),
        ({"kind": "validation", "target": "recall>=90%"}, "chosen for recall>=90% on validation data"),
        ({"kind": "validation", "target": "recall>=80%"}, ""),
        ({"kind": "dreamt"}, ""),
        (None, ""),
    ],
)
def test_a_threshold_that_was_chosen_for_something_else_than_the_target_is_told(
    origin: Any, warned: str, job: Path
) -> None:
    beside = job / "results" / "evaluate"
    (beside / "figures.json").write_text(json.dumps({"threshold_origin": origin}), encoding="utf-8")
    page = write_report(from_job_folder(job), beside / "report.html").path.read_text(encoding="utf-8")
    assert ("report.threshold_purpose" in page) is bool(warned)
    assert html.escape(f"for something else than this target: {warned}", quote=False) in page or not warned


def test_a_job_folder_makes_a_whole_report(job: Path, tmp_path: Path) -> None:
    results = from_job_folder(job)
    assert results.images_dir == tmp_path / "images"
    assert results.target == "recall>=80%"
    summary = write_report(results, job / "results" / "evaluate" / "report.html")
    assert summary.shown > 0
    page = summary.path.read_text(encoding="utf-8")
    for said in (
        "train-1",
        "model_epoch_009_step_00100.pth",
        "as the pictures are",
        "there is no GPU",
        ">91.54% <small>of all pairs<",
    ):
        assert said in page
    assert f"visual_changenet evaluate -e {job}/spec.yaml" in page
    assert "2026-11-23 07:12:59" in page


def test_a_table_without_thresholds_is_judged_by_the_margin_of_the_spec(job: Path, tmp_path: Path) -> None:
    """As the container writes it: the input's columns and the score."""
    table = job / "results" / "evaluate" / "predictions.csv"
    rows = [line.split(",")[:7] for line in table.read_text(encoding="utf-8").splitlines()]
    table.write_text("\n".join(map(",".join, rows)) + "\n", encoding="utf-8")
    spec = read_yaml(job / "spec.yaml") | {"model": {"classify": {"eval_margin": 0.3}}}
    (job / "spec.yaml").write_text(dump_yaml(spec), encoding="utf-8")
    results = from_job_folder(job)
    assert (results.threshold, results.threshold_source) == (0.3, "eval_margin of the spec")
    page = write_report(results, tmp_path / "report.html").path.read_text(encoding="utf-8")
    assert "Confusion matrix" in page
    (job / "spec.yaml").write_text(dump_yaml(spec | {"model": {"classify": {}}}), encoding="utf-8")
    assert from_job_folder(job).threshold is None


def test_a_threshold_kept_with_the_model_is_told_as_such(job: Path) -> None:
    assert from_job_folder(job).threshold_source == "the table's threshold column"
    with (job / "results" / "evaluate" / "status.json").open("a", encoding="utf-8") as status:
        status.write('\n{"status": "RUNNING", "kpi": {"threshold": 0.5}}\n')
    results = from_job_folder(job)
    assert results.threshold is None
    assert results.threshold_source == "chosen on validation data, kept with the model"


def test_the_page_says_for_which_target_the_threshold_was_chosen(job: Path) -> None:
    """An evaluation may be held against another target than the one that the model was trained for."""
    sheet = job / "results" / "evaluate" / "figures.json"
    assert "Threshold" not in dict(from_job_folder(job).about)
    origin = ThresholdOrigin("validation", "validation", "far<=1% at recall=99%")
    sheet.write_text(json.dumps({"threshold_origin": origin.to_json()}), encoding="utf-8")
    results = from_job_folder(job)
    assert results.threshold_origin == origin
    assert dict(results.about)["Threshold"] == "chosen for far<=1% at recall=99% on validation data"
    for broken in ("{", "[]"):
        sheet.write_text(broken, encoding="utf-8")
        assert "Threshold" not in dict(from_job_folder(job).about)


def test_a_sheet_from_before_origins_had_a_type_is_of_unknown_origin(job: Path, tmp_path: Path) -> None:
    sheet = job / "results" / "evaluate" / "figures.json"
    once = "validation, epoch 3: target far<=1% at recall=99%: met (0 of 20 defects escaped)"
    for document in ({"threshold_source": once}, {"threshold_source": once, "threshold_origin": [3]}):
        sheet.write_text(json.dumps(document), encoding="utf-8")
        assert dict(from_job_folder(job).about)["Threshold"] == "unknown origin"
        page = write_report(from_job_folder(job), tmp_path / "report.html").path.read_text(encoding="utf-8")
        assert "report.threshold_purpose" not in page


def test_secrets_stay_out(job: Path, tmp_path: Path) -> None:
    summary = write_report(from_job_folder(job), tmp_path / "report.html")
    assert "hunter2secret" not in summary.path.read_text(encoding="utf-8")


def test_a_target_given_beats_that_of_the_request(job: Path) -> None:
    assert from_job_folder(job, target="recall>=10%").target == "recall>=10%"


def test_findings_of_the_data_check_are_taken_over(job: Path) -> None:
    findings = [{"code": "data.leak", "severity": "error", "message": "m", "rows": [3, "x"], "count": 9}, "noise"]
    (job / "findings.json").write_text(json.dumps(findings), encoding="utf-8")
    (found,) = from_job_folder(job).findings or ()
    assert (found.code, found.severity, found.rows, found.count) == ("data.leak", "error", (3,), 9)


def test_findings_are_read_as_they_are_written_now_and_as_they_were_once(job: Path) -> None:
    written = Problem("data.leak", "val.csv", "m", "split by board", "warning", (3, 4), 9)
    once = {key: value for key, value in written.to_json().items() if key != "place"} | {"where": "val.csv"}
    (job / "findings.json").write_text(json.dumps([written.to_json(), once]), encoding="utf-8")
    assert from_job_folder(job).findings == (written, written)


def test_no_check_and_a_check_that_found_nothing_are_told_apart(job: Path, tmp_path: Path) -> None:
    assert from_job_folder(job).findings is None
    unchecked = write_report(from_job_folder(job), tmp_path / "unchecked.html").path.read_text(encoding="utf-8")
    assert "No check of the data was handed to this report" in unchecked
    (job / "findings.json").write_text("[]", encoding="utf-8")
    checked = write_report(from_job_folder(job), tmp_path / "checked.html").path.read_text(encoding="utf-8")
    assert "The check of the data before the launch found nothing to tell" in checked


def test_a_bare_folder_with_a_table_is_enough(boards: ResultFiles, tmp_path: Path) -> None:
    shutil.copy(boards.table, tmp_path / "inference.csv")
    summary = write_report(from_job_folder(tmp_path), tmp_path / "report.html")
    assert summary.rows == 96
    assert summary.shown == 0


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no predictions\.csv or inference\.csv") as caught:
        from_job_folder(tmp_path)
    assert caught.value.where == str(tmp_path)


def test_a_broken_plan_is_named(job: Path) -> None:
    (job / "plan.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="no JSON object"):
        from_job_folder(job)


def test_values_of_the_spec_say_where_they_come_from(job: Path) -> None:
    plan = json.loads((job / "plan.json").read_text(encoding="utf-8"))
    plan["adjustments"] = [{"key": "task", "old": "", "new": "classify", "reason": "only this fits"}, "noise"]
    plan["mounts"] = "noise"
    (job / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    values = {value.key: value for value in from_job_folder(job).spec}
    assert values["task"] == SpecValue("task", "classify", "template", "only this fits")
    image_ext = values["dataset.classify.image_ext"]
    assert image_ext == SpecValue("dataset.classify.image_ext", ".png", "data", "as the pictures are named")
    assert values["encryption_key"].value != "hunter2secret"
