# SPDX-License-Identifier: Apache-2.0
"""Evaluating and scoring with a trained checkpoint."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from PIL import Image

from reports.inspection import write_report
from reports.results import ResultFiles

if TYPE_CHECKING:
    from collections.abc import Callable

Spec = dict[str, Any]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def kpi_of(folder: Path) -> dict[str, Any]:
    records = [json.loads(line) for line in (folder / "status.json").read_text().splitlines()]
    assert records[-1]["status"] == "SUCCESS"
    kpi: dict[str, Any] = next(record["kpi"] for record in records if "kpi" in record)
    return kpi


@pytest.fixture
def use(trained: Any, engine: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Runs evaluate or inference with the trained checkpoint, results in tmp_path/<command>."""

    def run(command: str, *overrides: str, checkpoint: Path | str = trained.latest) -> Any:
        return engine(
            command, trained.spec, f"results_dir={tmp_path}", f"{command}.checkpoint={checkpoint}", *overrides
        )

    return run


def test_evaluate_reports_the_contract_s_figures_and_ours(use: Callable[..., Any], tmp_path: Path) -> None:
    outcome = use("evaluate")
    assert outcome.code == 0
    assert outcome.err == ""
    kpi = kpi_of(tmp_path / "evaluate")
    contract = {"test_acc", "test_fpr", "test_fnr", "defect_acc"}
    ours = {"precision", "recall", "f1", "auc", "ap", "far_at_99_recall", "escapes", "threshold", "f1_at_threshold"}
    assert contract | ours <= kpi.keys()
    assert kpi["test_acc"] == pytest.approx(100 - kpi["test_fpr_of_all"] - kpi["test_fnr_of_all"])
    assert kpi["test_fnr"] == pytest.approx(100 - kpi["defect_acc"])
    first = next(line for line in outcome.out.splitlines() if line.startswith("at threshold"))
    assert f"recall {100 * kpi['recall_at_threshold']:.4g}%" in first
    assert f"false alarm rate {100 * kpi['false_alarm_rate_at_threshold']:.4g}%" in first
    assert f"escapes {kpi['escapes_at_threshold']}" in first
    assert outcome.out.index(first) < outcome.out.index("test_acc: ")


def test_figures_agree_with_the_scores_of_inference(use: Callable[..., Any], tmp_path: Path) -> None:
    assert use("evaluate", "model.classify.eval_margin=0.4").code == 0
    assert use("inference", "model.classify.eval_margin=0.4").code == 0
    rows = rows_of(tmp_path / "inference" / "inference.csv")
    right = sum((float(row["siamese_score"]) <= 0.4) == (row["label"] == "PASS") for row in rows)
    assert kpi_of(tmp_path / "evaluate")["test_acc"] == pytest.approx(100 * right / len(rows))


def test_inference_judges_at_the_threshold_that_evaluation_was_measured_at(
    trained: Any, use: Callable[..., Any], tmp_path: Path
) -> None:
    """Else what was signed would not be what the line does."""
    kept = torch.load(trained.latest, weights_only=True)["threshold"]
    margin = kept / 2
    assert use("evaluate", f"model.classify.eval_margin={margin}").code == 0
    assert "chosen on validation data" in use("inference", f"model.classify.eval_margin={margin}").out
    for name in ("evaluate/predictions.csv", "inference/inference.csv"):
        rows = rows_of(tmp_path / name)
        assert {float(row["threshold"]) for row in rows} == {kept}
        assert all((row["verdict"] == "NO_PASS") == (float(row["siamese_score"]) > kept) for row in rows)
    assert kpi_of(tmp_path / "inference") == {"threshold": pytest.approx(kept)}
    sheet = json.loads((tmp_path / "evaluate" / "figures.json").read_text(encoding="utf-8"))
    assert sheet["threshold_source"] == "best F1 on validation, epoch 6"


def test_the_verdict_says_that_the_threshold_was_chosen_for_something_else(
    trained: Any, use: Callable[..., Any], tmp_path: Path
) -> None:
    kept = torch.load(trained.latest, weights_only=True)
    said = "; the threshold was chosen for something else: best F1 on validation, epoch 6"
    assert said in use("evaluate", "model.classify.target=escapes<=1%").out
    sheet = json.loads((tmp_path / "evaluate" / "figures.json").read_text(encoding="utf-8"))
    assert sheet["target"]["sentence"].endswith(said)

    assert sheet["threshold_origin"] == {"kind": "validation", "split": "validation", "target": ""}

    own = kept | {"threshold_origin": {"kind": "validation", "split": "validation", "target": "escapes<=1%"}}
    torch.save(own, tmp_path / "own.pth")
    assert (
        "something else"
        not in use("evaluate", "model.classify.target=escapes<=1%", checkpoint=tmp_path / "own.pth").out
    )


@pytest.mark.parametrize("command", ["evaluate", "inference"])
def test_a_model_whose_threshold_is_no_number_judges_no_board(
    trained: Any, use: Callable[..., Any], tmp_path: Path, command: str
) -> None:
    torch.save(torch.load(trained.latest, weights_only=True) | {"threshold": math.nan}, tmp_path / "odd.pth")
    outcome = use(command, checkpoint=tmp_path / "odd.pth")
    assert outcome.code == 1
    assert "checkpoint.threshold" in outcome.err
    assert not list((tmp_path / command).glob("*.csv"))


@pytest.mark.parametrize("column", ["board", "panel"])
def test_figures_are_given_per_board_however_the_column_is_called(
    trained: Any, use: Callable[..., Any], tmp_path: Path, column: str
) -> None:
    """The report takes the same columns for boards; intervals must not differ between the two."""
    given = rows_of(Path(trained.spec["dataset"]["classify"]["test_dataset"]["csv_path"]))
    lines = [f"input_path,golden_path,label,object_name,{column}"]
    lines += [
        f"{r['input_path']},{r['golden_path']},{r['label']},{r['object_name']},p{i % 3}" for i, r in enumerate(given)
    ]
    (tmp_path / "named.csv").write_text("\n".join(lines), encoding="utf-8")
    assert use("evaluate", f"dataset.classify.test_dataset.csv_path={tmp_path / 'named.csv'}").code == 0
    sheet = json.loads((tmp_path / "evaluate" / "figures.json").read_text(encoding="utf-8"))
    assert [group["name"] for group in sheet["by_board"]] == ["p0", "p1", "p2"]


def test_a_model_without_a_threshold_is_judged_at_eval_margin(
    trained: Any, use: Callable[..., Any], tmp_path: Path
) -> None:
    torch.save(torch.load(trained.latest, weights_only=True) | {"threshold": None}, tmp_path / "bare.pth")
    outcome = use("inference", "model.classify.eval_margin=0.4", checkpoint=tmp_path / "bare.pth")
    assert "judged at 0.4 (eval_margin)" in outcome.out
    rows = rows_of(tmp_path / "inference" / "inference.csv")
    assert all((row["verdict"] == "NO_PASS") == (float(row["siamese_score"]) > 0.4) for row in rows)


def test_inference_keeps_rows_columns_and_order(trained: Any, use: Callable[..., Any], tmp_path: Path) -> None:
    table = trained.spec["dataset"]["classify"]["infer_dataset"]
    given = rows_of(Path(table["csv_path"]))[::-1]
    lines = ["golden_path,object_name,site,label,input_path,siamese_score"]
    lines += [f'{r["golden_path"]},{r["object_name"]},"a, b",{r["label"]},{r["input_path"]},9' for r in given]
    (tmp_path / "shuffled.csv").write_text("\n".join(lines), encoding="utf-8")
    assert use("inference", f"dataset.classify.infer_dataset.csv_path={tmp_path / 'shuffled.csv'}").code == 0
    rows = rows_of(tmp_path / "inference" / "inference.csv")
    assert [row["input_path"] for row in rows] == [row["input_path"] for row in given]
    assert list(rows[0]) == [*lines[0].split(",")[:-1], "siamese_score", "verdict", "threshold", "evidence"]
    assert {row["site"] for row in rows} == {"a, b"}
    for row in rows:
        assert row["verdict"] == ("NO_PASS" if float(row["siamese_score"]) > float(row["threshold"]) else "PASS")


def test_a_picture_unlike_those_of_the_training_is_told_and_marked(
    trained: Any, use: Callable[..., Any], tmp_path: Path
) -> None:
    table = trained.spec["dataset"]["classify"]["infer_dataset"]
    given = rows_of(Path(table["csv_path"]))[:4]
    images = tmp_path / "images"
    shutil.copytree(table["images_dir"], images)
    whole = images / given[1]["input_path"] / f"{given[1]['object_name']}.png"
    with Image.open(whole) as picture:
        picture.resize((256, 256)).save(whole)
    places = (f"csv_path={tmp_path / 'four.csv'}", f"images_dir={images}")
    lines = [",".join(given[0]), *(",".join(row.values()) for row in given)]
    (tmp_path / "four.csv").write_text("\n".join(lines), encoding="utf-8")
    done = use("inference", *(f"dataset.classify.infer_dataset.{place}" for place in places))
    assert done.code == 0, done.err
    assert f"WARNING {tmp_path / 'four.csv'}:3: trained on pictures of 64 x 64 px, this one is 256 x 256 px" in done.out
    assert "WARNING 1 of 4 pictures are unlike" in done.out
    told = [row["unlike_training"] for row in rows_of(tmp_path / "inference" / "inference.csv")]
    assert [bool(words) for words in told] == [False, True, False, False]
    larger = ("dataset.classify.image_width=192", "dataset.classify.image_height=192")
    seen = use("inference", *larger, *(f"dataset.classify.infer_dataset.{place}" for place in places))
    assert "px, this one is" not in seen.out  # at 192 px it is reduced no more than 1.5 times as much as those were


def test_inference_does_not_need_labels(trained: Any, use: Callable[..., Any], tmp_path: Path) -> None:
    given = rows_of(Path(trained.spec["dataset"]["classify"]["infer_dataset"]["csv_path"]))
    lines = ["input_path,golden_path,object_name"]
    lines += [f"{r['input_path']},{r['golden_path']},{r['object_name']}" for r in given]
    (tmp_path / "bare.csv").write_text("\n".join(lines), encoding="utf-8")
    assert use("inference", f"dataset.classify.infer_dataset.csv_path={tmp_path / 'bare.csv'}").code == 0
    rows = rows_of(tmp_path / "inference" / "inference.csv")
    assert len(rows) == 16
    assert "label" not in rows[0]


def test_empty_labels_are_kept_and_the_report_says_so(trained: Any, use: Callable[..., Any], tmp_path: Path) -> None:
    data = trained.spec["dataset"]["classify"]["infer_dataset"]
    given = rows_of(Path(data["csv_path"]))
    lines = ["input_path,golden_path,label,object_name"]
    lines += [f"{r['input_path']},{r['golden_path']},,{r['object_name']}" for r in given]
    (tmp_path / "bare.csv").write_text("\n".join(lines), encoding="utf-8")
    assert use("inference", f"dataset.classify.infer_dataset.csv_path={tmp_path / 'bare.csv'}").code == 0
    table = tmp_path / "inference" / "inference.csv"
    assert [row["label"] for row in rows_of(table)] == [""] * 16
    results = ResultFiles(table=table, images_dir=Path(data["images_dir"]), image_ext=".png")
    page = write_report(results, tmp_path / "report.html").path.read_text(encoding="utf-8")
    assert "the table has no labels" in page
    assert "of 16 pairs flagged" in page
    refused = use("evaluate", f"dataset.classify.test_dataset.csv_path={tmp_path / 'bare.csv'}")
    assert refused.code == 1
    assert "label is empty" in refused.err


def test_scores_do_not_depend_on_batch_size_or_cache(use: Callable[..., Any], tmp_path: Path) -> None:
    variants = ((), ("inference.batch_size=5",), ("dataset.classify.cache_images_mb=0",))
    scores = []
    for changes in variants:
        assert use("inference", *changes).code == 0
        scores.append([float(row["siamese_score"]) for row in rows_of(tmp_path / "inference" / "inference.csv")])
    assert scores[1] == pytest.approx(scores[0], abs=1e-5)
    assert scores[2] == pytest.approx(scores[0], abs=1e-6)


def test_an_evaluation_split_may_be_smaller_than_a_batch(use: Callable[..., Any]) -> None:
    assert use("evaluate", "dataset.classify.batch_size=512").code == 0


def test_without_a_test_split_the_validation_split_is_measured(use: Callable[..., Any], tmp_path: Path) -> None:
    assert use("evaluate", "dataset.classify.test_dataset={csv_path: '', images_dir: ''}").code == 0
    assert kpi_of(tmp_path / "evaluate")["test_acc"] is not None


def test_a_split_without_defects_gives_what_it_can(trained: Any, use: Callable[..., Any], tmp_path: Path) -> None:
    lines = Path(trained.spec["dataset"]["classify"]["test_dataset"]["csv_path"]).read_text().splitlines()
    (tmp_path / "pass.csv").write_text("\n".join([lines[0], *(line for line in lines if ",PASS," in line)]))
    outcome = use("evaluate", f"dataset.classify.test_dataset.csv_path={tmp_path / 'pass.csv'}")
    assert outcome.code == 0
    kpi = kpi_of(tmp_path / "evaluate")
    assert kpi["defect_acc"] is None
    assert kpi["auc"] is None
    assert kpi["test_fpr"] is not None
    assert "auc: undefined" in outcome.out


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (("model.classify.difference_head=flatten",), "difference_head is flatten, the checkpoint has pooled"),
        (("model.backbone.type=timm/test_efficientnet",), "the checkpoint has timm/test_resnet"),
        (("dataset.classify.test_dataset.csv_path=none.csv",), "does not exist"),
    ],
)
def test_what_does_not_fit_the_checkpoint_is_refused(
    use: Callable[..., Any], changes: tuple[str, ...], told: str
) -> None:
    outcome = use("evaluate", *changes)
    assert outcome.code == 1
    assert told in outcome.err
    assert outcome.out.endswith("Execution status: FAIL\n")


def test_a_wrong_checkpoint_is_refused_and_no_csv_is_left(
    use: Callable[..., Any], trained: Any, tmp_path: Path
) -> None:
    content = torch.load(trained.latest, weights_only=True)
    del content["config"]
    weights = content["state_dict"]
    weights["model.extra"] = weights.pop(next(iter(weights)))
    torch.save(content, tmp_path / "renamed.pth")
    for checkpoint, told in (
        ("", "inference.checkpoint is not set"),
        (tmp_path / "none.pth", "there is no such checkpoint"),
        (tmp_path / "renamed.pth", "1 tensors are unexpected (extra)"),
    ):
        outcome = use("inference", checkpoint=checkpoint)
        assert outcome.code == 1
        assert told in outcome.err
        assert not (tmp_path / "inference" / "inference.csv").exists()


def test_input_that_differs_from_training_is_warned_of(use: Callable[..., Any]) -> None:
    outcome = use("evaluate", "dataset.classify.augmentation_config.rgb_input_mean=[0.5, 0.5, 0.5]")
    assert outcome.code == 0
    assert "WARNING unlike in training: dataset.classify.augmentation_config.rgb_input_mean" in outcome.out


def test_infinite_weights_give_no_scores_but_an_error(use: Callable[..., Any], trained: Any, tmp_path: Path) -> None:
    content = torch.load(trained.latest, weights_only=True)
    last = [name for name in content["state_dict"] if name.endswith("weight")][-1]
    content["state_dict"][last].fill_(float("nan"))
    torch.save(content, tmp_path / "nan.pth")
    outcome = use("inference", checkpoint=tmp_path / "nan.pth")
    assert outcome.code == 1
    assert "no finite score" in outcome.err
    assert not (tmp_path / "inference" / "inference.csv").exists()
