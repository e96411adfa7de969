# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet export` for the classify task: a checkpoint as an ONNX file that judges as the checkpoint does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.dotted import get, nest
from core.errors import CheckpointError, JobFailedError, SpecError
from core.files import sha256_file, write_json
from core.verdicts import NO_PASS, PASS
from engine.checkpoints import WHITE_LEVEL, read_checkpoint
from engine.classify.exported_parts import NAMES, check_whole, parts_of
from engine.classify.onnx_network import OFF_CENTRE, OnnxNetwork, off_centre_to_json
from engine.classify.parity import ParityPairs
from engine.classify.task import CLASSIFY
from engine.classify.trained_model import load_checkpoint
from engine.console import say
from engine.export.onnx_file import SUFFIX, write_model
from engine.export.siamese_graph import join, take_apart
from engine.trained_on import TRAINED_ON
from pairs.classify_csv import light_names

if TYPE_CHECKING:
    from onnx import ModelProto

    from engine.classify.parity import Parity
    from engine.classify.trained_model import TrainedModel
    from engine.settings import Run
    from engine.status import StatusFile

MANIFEST = "export.json"
REJECTED = ".rejected"
_PAIRS_OF_PARENT = ("csv_path", "images_dir")


def export(run: Run, status: StatusFile) -> None:
    """Write the ONNX file of `export.checkpoint`, unless a verdict on the validation pairs is another than before.

    Raises:
        SpecError: the file exists, or the spec asks for what this engine does not write.
        CheckpointError: the checkpoint can't be used.
        JobFailedError: the network can't be written as ONNX, or the file judges otherwise.
    """
    path = _path_of(run)
    checkpoint = Path(run.experiment.export.checkpoint)
    run = with_training_of(run, checkpoint)
    model = load_checkpoint(run, checkpoint)
    _check_size(run, model)
    data = run.experiment.dataset.classify
    pairs = ParityPairs(data, model.white, "validation", run.experiment.export.parity_pairs)
    size = (model.preparation.height, model.preparation.width)
    parts = parts_of(model.network, size, data.num_golden, run.experiment.export.opset_version)
    whole = join(parts, NAMES, run.experiment.export.batch_size)
    off_centre = off_centre_to_json(model.network.off_centre(*size))
    distances = run.experiment.model.classify.difference_module == "euclidean"
    exported = OnnxNetwork(take_apart(whole), off_centre, distances=distances)
    check_whole(whole, exported, parts.goldens, size)
    reference = pairs.scores(model.network, model.preparation, "checkpoint")
    parity = pairs.compare(reference, pairs.scores(exported, model.preparation, "ONNX"), model.threshold.value)
    settings = settings_of(run, model, checkpoint) | {
        OFF_CENTRE: off_centre,
        "precision": "fp32",
        "data": pairs.digest(),
        "parity": parity.to_json(),
    }
    accept_or_reject(path, whole, settings, parity)
    _tell(run, status, path, parity, settings)


def _path_of(run: Run) -> Path:
    section = run.experiment.export
    path = Path(section.onnx_file) if section.onnx_file else run.results_dir / f"changenet_{CLASSIFY.name}{SUFFIX}"
    require_free(path, "export.onnx_file")
    if section.serialize_nvdsinfer:
        key = "export.serialize_nvdsinfer"
        message = "the embedded engine writes no configuration files for DeepStream"
        raise SpecError(message, code="spec.engine", where=key, remedy=f"set {key}=false, or export in the container")
    if not section.checkpoint:
        key = "export.checkpoint"
        raise SpecError(f"{key} is not set", code="spec.checkpoint", where=key, remedy="name the .pth file to export")
    return path


def require_free(path: Path, key: str) -> None:
    """The file that is to be written does not exist.

    Raises:
        SpecError: it does.
    """
    if path.exists():
        remedy = f"set {key} to another name, or move the file away"
        raise SpecError("the file exists already", code="export.exists", where=str(path), remedy=remedy)


def with_training_of(run: Run, checkpoint: Path) -> Run:
    """The action with what the checkpoint's training said of the input, and of its validation pairs."""
    trained = read_checkpoint(checkpoint).get("config")
    if not isinstance(trained, dict):
        return run
    run = run.adopting(trained, CLASSIFY.travelling_keys)
    section = "dataset.classify.validation_dataset"
    if any(f"{section}.{name}" in run.chosen for name in _PAIRS_OF_PARENT):
        return run
    run = run.adopting(trained, (*(f"{section}.{name}" for name in _PAIRS_OF_PARENT), "dataset.classify.image_ext"))
    table = Path(run.experiment.dataset.classify.validation_dataset.csv_path)
    if not table.is_file():
        message = "the validation pairs of the training are gone, so nothing shows that the file judges as it did"
        remedy = f"name pairs by {section}.csv_path and {section}.images_dir (labels are not needed)"
        raise CheckpointError(message, code="export.pairs", where=str(table), remedy=remedy)
    return run


def _check_size(run: Run, model: TrainedModel) -> None:
    section, size = run.experiment.export, (model.preparation.height, model.preparation.width)
    for key, asked, has in zip(("height", "width"), (section.input_height, section.input_width), size, strict=True):
        if asked != has and f"export.input_{key}" in run.chosen:
            message = f"the network's input is {size[0]} high and {size[1]} wide, not {asked} in {key}"
            place = f"export.input_{key}"
            raise SpecError(message, code="spec.export_size", where=place, remedy=f"set it to {has}, or leave it out")


def settings_of(run: Run, model: TrainedModel, checkpoint: Path) -> dict[str, Any]:
    """What stands in a file beside the graph; see `engine.export.onnx_file`."""
    content, data = model.content, run.experiment.dataset.classify
    found = {
        "task": CLASSIFY.name,
        "config": nest({key: get(run.config, key) for key in CLASSIFY.travelling_keys}),
        "class_names": [PASS, NO_PASS] if data.num_classes == 2 else [PASS, NO_PASS, *range(2, data.num_classes)],
        "lights": list(light_names(data.input_map)),
        "epoch": content.get("epoch"),
        WHITE_LEVEL: model.white,
        TRAINED_ON: model.trained_on.to_json() if model.trained_on.known else None,
        "checkpoint": {"file": checkpoint.name, "sha256": sha256_file(checkpoint)},
    }
    if model.chosen:
        found |= {"threshold": model.chosen.value, **model.chosen.origin_keys()}
    return found


def accept_or_reject(path: Path, whole: ModelProto, settings: dict[str, Any], parity: Parity) -> None:
    """Write the file; where verdicts flipped under a name that nothing takes for a model.

    Raises:
        JobFailedError: they did.
    """
    if not parity.flipped:
        write_model(path, whole, settings)
        return
    kept = path.with_name(path.name + REJECTED)
    write_model(kept, whole, settings)
    rows = ", ".join(str(row) for row in parity.rows)
    message = f"the exported model judges otherwise ({parity.sentence()}; rows {rows}): it is kept as {kept.name}"
    remedy = "export with export.opset_version=18, or train on: scores so close to the threshold are no verdicts"
    raise JobFailedError(message, code="export.parity", where=str(path), remedy=remedy)


def _tell(run: Run, status: StatusFile, path: Path, parity: Parity, settings: dict[str, Any]) -> None:
    size = path.stat().st_size
    write_json(run.results_dir / MANIFEST, {"file": str(path), "bytes": size, "sha256": sha256_file(path), **settings})
    kpi = {
        "parity_pairs": parity.pairs,
        "parity_flipped": parity.flipped,
        "parity_largest_difference": parity.largest_difference,
        "file_megabytes": round(size / 1e6, 3),
    }
    status.write("RUNNING", f"ONNX file written to {path.name}.", kpi=kpi)
    say(f"parity with the checkpoint on {parity.sentence()}")
    say(f"ONNX file, {size / 1e6:.1f} MB: {path}")
