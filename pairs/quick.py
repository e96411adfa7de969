# SPDX-License-Identifier: Apache-2.0
"""The check that runs by itself before every launch: what a filled spec says about data, held against the disk.

Nothing is decoded: the CSV is streamed and folders are listed. Sources that are URIs or archives are left to
staging and not looked at here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.dotted import get
from core.errors import DataError
from core.file_names import is_archive
from core.problem import Problem, Severity
from core.verdicts import PASS
from pairs.classify_check import GOOD_WORDS, Checked, ClassifySource, check_split
from pairs.findings import NO_DEFECTS, few_defects
from pairs.segment_folders import SegmentSource, check_folders, overlaps
from pairs.shared_rows import SharedRows
from pairs.table_findings import table_findings
from pairs.whole_pairs import list_whole_pairs, passed_over

if TYPE_CHECKING:
    from collections.abc import Mapping

# Per verb: the classify data sources it reads, each with whether its labels are needed.
CLASSIFY_SOURCES: dict[str, dict[str, bool]] = {
    "train": {"train_dataset": True, "validation_dataset": True},
    "evaluate": {"validation_dataset": True, "test_dataset": True},
    "inference": {"infer_dataset": False},
    "quantize": {"train_dataset": True, "validation_dataset": True},
}
# Per verb: the spec keys that name segment splits, each with whether its labels are needed.
SEGMENT_SPLITS: dict[str, dict[str, bool]] = {
    "train": {"train_split": True, "validation_split": True},
    "evaluate": {"test_split": True},
    "inference": {"predict_split": False},
    "quantize": {"train_split": True},
}
DEFAULT_SPLITS = {"train_split": "train", "validation_split": "val", "test_split": "test", "predict_split": "test"}
FOLDER_KEYS = (  # a folder of pictures, or a list of them
    "gen_trt_engine.tensorrt.calibration.cal_image_dir",
    "dataset.classify.quant_calibration_dataset.images_dir",
    "dataset.segment.quant_calibration_dataset.images_dir",
)

# Figures that a validation split without defects, or without PASS pairs, can't give, or gives as a constant.
_NEEDS = {
    "defect": {f"val_{name}" for name in ("recall", "f1", "auc", "ap", "far", "far_at_99_recall", "fnr", "defect_acc")},
    PASS: {f"val_{name}" for name in ("auc", "ap", "far", "far_at_99_recall", "fpr")},
}


def quick_check(spec: Mapping[str, Any], action: str) -> list[Problem]:
    """Everything wrong with an action's data that can be told without opening a picture.

    `spec` is the filled nested spec, `action` its name (`train`, `segment_evaluate`, `deploy_inference`, …).
    """
    if "inspect" in action.split("_"):
        return _check_inspect(spec)
    verb = next((verb for verb in CLASSIFY_SOURCES if verb in action.split("_")), "")
    task = "segment" if "segment" in action.split("_") else get(spec, "task", "classify")
    found = _check_segment(spec, verb) if task == "segment" else _check_classify(spec, verb)
    return found + [finding for key in FOLDER_KEYS for finding in _folder_list(get(spec, key, None), key)]


def on_disk(path: Any) -> bool:
    """Whether a spec value names something that can be looked at here: set, no URI, no archive."""
    return isinstance(path, str) and bool(path) and "://" not in path and not is_archive(path)


def _check_classify(spec: Mapping[str, Any], verb: str) -> list[Problem]:
    found: list[Problem] = []
    earlier: SharedRows | None = None
    for name, needs_label in CLASSIFY_SOURCES.get(verb, {}).items():
        source = classify_source(spec, name, needs_label=needs_label)
        if source is None:
            continue
        shared = SharedRows(source, earlier)
        checked = check_split(source, shared.visit if verb == "train" else None)
        found += [*checked.findings, *table_findings(source), *shared.findings()]
        earlier = shared
        if needs_label and checked.rows:
            trained_on = verb == "train" and name == "train_dataset"
            found += class_findings(source, checked, trained_on=trained_on, monitor=_monitor(spec, verb))
        if verb == "train" and name == "train_dataset" and checked.rows:
            found += _batch(str(source.csv_path), checked.rows, spec, "classify")
    return found


def classify_source(spec: Mapping[str, Any], name: str, *, needs_label: bool) -> ClassifySource | None:
    """The split `dataset.classify.<name>` of a spec, or None where it is not set or not on this disk."""
    classify = get(spec, "dataset.classify", None) or {}
    csv_path, images_dir = (get(classify, f"{name}.{key}", None) for key in ("csv_path", "images_dir"))
    if not (on_disk(csv_path) and on_disk(images_dir)):
        return None
    return ClassifySource(
        csv_path=Path(csv_path),
        images_dir=Path(images_dir),
        image_ext=classify.get("image_ext", ".jpg") or "",  # null: names in the table have their ending
        input_map=classify.get("input_map"),
        num_golden=classify.get("num_golden") or 1,
        needs_label=needs_label,
    )


def class_findings(source: ClassifySource, checked: Checked, *, trained_on: bool, monitor: str = "") -> list[Problem]:
    """A split with only one of the two classes: an error where it is trained on, or where `monitor` needs the other.

    `monitor` is the metric of it by which a training is to be judged.
    """
    missing = "defect" if not checked.defects else PASS if checked.defects == checked.rows else ""
    if not missing:
        return few_defects(checked.defects, checked.rows, str(source.csv_path)) if trained_on else []
    needed = monitor in _NEEDS[missing]
    lost = f"{monitor} can't" if needed else "recall and false alarms can't"
    consequence = "nothing can be learnt from it" if trained_on else f"{lost} be measured on it"
    message = f"all {checked.rows} rows are of one class (no {missing} row): {consequence}"
    remedy = (
        f"add rows labelled {PASS}" if missing == PASS else f"add rows labelled with the kind of defect; {NO_DEFECTS}"
    )
    if missing == PASS and (meant := [label for label in checked.labels if label.casefold() in {*GOOD_WORDS, "0"}]):
        remedy = f"write PASS where {' or '.join(map(repr, meant))} means a good board"
    severity: Severity = "error" if trained_on or needed else "warning"
    return [Problem("data.one_class", str(source.csv_path), message, remedy, severity, count=checked.rows)]


def _monitor(spec: Mapping[str, Any], verb: str) -> str:
    """The metric by which a training keeps its best checkpoints, if it does."""
    ranked = verb == "train" and get(spec, "train.checkpointer.enable_topk", None)
    return str(get(spec, "train.checkpointer.monitor", None) or "") if ranked else ""


def batch_findings(where: str, rows: int, batch: int, devices: int, task: str) -> list[Problem]:
    """Fewer training rows than one batch on every device."""
    if rows >= batch * devices:
        return []
    message = f"{rows} training rows are fewer than one batch of {batch} on each of {devices} devices"
    remedy = f"add rows, or set dataset.{task}.batch_size to at most {max(2, rows // devices)}"
    return [Problem("data.batch", where, message, remedy, count=rows)]


def _batch(where: str, rows: int, spec: Mapping[str, Any], task: str) -> list[Problem]:
    return batch_findings(where, rows, get(spec, f"dataset.{task}.batch_size", None) or 1, _devices(spec), task)


def _devices(spec: Mapping[str, Any]) -> int:
    ids = get(spec, "train.gpu_ids", None) or []
    gpus = get(spec, "train.num_gpus", None) or 1
    nodes = get(spec, "train.num_nodes", None) or 1
    return max(1, len(ids), gpus) * max(1, nodes)


def segment_source(segment: Mapping[str, Any]) -> SegmentSource:
    """The data set that a spec's `dataset.segment` section describes."""
    return SegmentSource(
        root=Path(segment["root_dir"]),
        before=segment.get("image_folder_name") or "A",
        after=segment.get("change_image_folder_name") or "B",
        labels=segment.get("annotation_folder_name") or "label",
        lists=segment.get("list_folder_name") or "list",
        label_suffix=segment.get("label_suffix") or ".png",
    )


def _check_segment(spec: Mapping[str, Any], verb: str) -> list[Problem]:
    segment = get(spec, "dataset.segment", None) or {}
    if not on_disk(segment.get("root_dir")) or verb not in SEGMENT_SPLITS:
        return []
    source = segment_source(segment)
    wanted = {segment.get(key) or DEFAULT_SPLITS[key]: labels for key, labels in SEGMENT_SPLITS[verb].items()}
    found, names = check_folders(source, wanted)
    if verb == "train":
        split = segment.get("train_split") or DEFAULT_SPLITS["train_split"]
        rows = len(names.get(split, ()))
        found += _batch(str(source.list_file(split)), rows, spec, "segment") if rows else []
        found += overlaps(source, names, "warning")
    return found


def _check_inspect(spec: Mapping[str, Any]) -> list[Problem]:
    golden, test = (get(spec, f"inspect.{name}", None) for name in ("golden", "test"))
    places = [Path(place) for place in (golden, test) if on_disk(place)]
    if len(places) != sum(map(bool, (golden, test))) or not places or not all(place.exists() for place in places):
        return []
    if len(places) == 1 and places[0].is_dir():  # good pairs, or a data set: `list_good_pairs` reads what is there
        return []
    try:
        list_whole_pairs(places[0], places[1] if test else None)
    except DataError as error:
        return [Problem(error.code, error.where, error.message, error.remedy, count=1)]
    return passed_over(places[-1]) if test else []


def _folder_list(value: Any, key: str) -> list[Problem]:
    folders = [value] if isinstance(value, str) else value or []
    missing = [folder for folder in folders if on_disk(folder) and not Path(folder).is_dir()]
    return [
        Problem("data.folder_missing", key, f"the folder {folder} does not exist", f"correct {key}", count=1)
        for folder in missing
    ]
