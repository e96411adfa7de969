# SPDX-License-Identifier: Apache-2.0
"""Names of files that several rooms write and read: in a job's folder, among its results, and of archives."""

from __future__ import annotations

from pathlib import PurePath

PLAN_FILE = "plan.json"
SPEC_FILE = "spec.yaml"
LOG_FILE = "log.txt"  # all that the action printed
RESULTS_FOLDER = "results"  # in it a folder for each action, unless the spec says otherwise
FINDINGS_FILE = "findings.json"  # what the data check found before the launch

EXPERIMENT_FILE = "experiment.yaml"  # the spec as the action understood it
STATUS_FILE = "status.json"  # one JSON object a line
DETAILS_FILE = "error_details.txt"  # the traceback of an error that the engine did not foresee
PREDICTIONS_FILE = "predictions.csv"  # the scored table of an evaluation
INFERENCE_FILE = "inference.csv"  # that of an inference
SCORED_TABLES = (PREDICTIONS_FILE, INFERENCE_FILE)
PICTURES_FILE = "pictures.csv"  # of an evaluation or inference of the segment task: a row for each pair
REGIONS_FILE = "regions.csv"  # a row for each region that was marked, or that a label marks and nobody found
MASKS_FOLDER = "masks"  # class ids, at the size of the pictures
INSPECTION_FILE = "inspection.json"  # of an inspection of whole boards: verdicts, registration, regions
CALIBRATION_FILE = "calibration.json"  # threshold for good pairs, and recall of defects that were drawn into them
BOARDS_FILE = "boards.csv"  # its row for each board; its regions stand in REGIONS_FILE
COCO_FILE = "coco.json"
BOARD_PICTURES = "pictures"
CROPS_FOLDER = "crops"
FIGURES_FILE = "figures.json"  # the figure sheet of an evaluation
CHECKPOINT_SUFFIX, EXPORTED_SUFFIX = ".pth", ".onnx"  # of models; whether in capitals does not matter
MODEL_SUFFIXES = (EXPORTED_SUFFIX, CHECKPOINT_SUFFIX)
DEPLOYMENT_FILE = "deployment.json"  # what describes a model made ready for ONNX Runtime
OPTIMIZED_SUFFIX = ".optimized.onnx"  # of the graphs that it names
REPORT_FILE = "report.html"

ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")


ENGINE_SUFFIXES = (".engine", ".trt")  # of what TensorRT builds


def is_engine(path: PurePath | str) -> bool:
    """Whether a path is called as an engine of TensorRT is."""
    return PurePath(path).suffix.lower() in ENGINE_SUFFIXES


def described(engine: str) -> str:
    """What the file beside an engine is called that says how it is used."""
    return f"{engine}.json"


def is_model(path: PurePath | str) -> bool:
    """Whether a path is called as the file of a model is."""
    return PurePath(path).suffix.lower() in MODEL_SUFFIXES


def is_exported(path: PurePath | str) -> bool:
    """Whether a path is called as an exported model is, which is used without PyTorch where that is possible."""
    return PurePath(path).suffix.lower() == EXPORTED_SUFFIX


def is_archive(place: str) -> bool:
    """Whether a path or URI names an archive that can be unpacked."""
    return place.lower().endswith(ARCHIVES)
