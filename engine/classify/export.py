# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet export` for the classify task: a checkpoint as an ONNX file that judges as the checkpoint does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.dotted import get, nest
from core.errors import CheckpointError, JobFailedError, SpecError
from core.files import sha256_file, write_json
from core.verdicts import NO_PASS, PASS
from deployed.model_file import SUFFIX, write_model
from deployed.pair_model import PairModel
from deployed.self_test import SELF_TEST, packed
from deployed.siamese_graph import join, take_apart
from engine.checkpoints import WHITE_LEVEL, read_checkpoint
from engine.classify.exported_parts import NAMES, check_whole, parts_of
from engine.classify.onnx_network import OFF_CENTRE, OnnxNetwork, off_centre_to_json
from engine.classify.parity import ParityPairs, as_pairs
from engine.classify.task import CLASSIFY
from engine.classify.trained_model import load_checkpoint
from engine.console import say
from pairs.classify_csv import light_names

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
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
    settings = settings_of(run, model, checkpoint) | {OFF_CENTRE: off_centre, "precision": "fp32"}
    reference = pairs.scores(model.network, model.preparation, "checkpoint")
    deployed = PairModel(settings, take_apart(whole))
    found = [pairs.scores(exported, model.preparation, "ONNX"), pairs.deployed_scores(deployed, "ONNX in use")]
    parity = pairs.compare(reference, found, model.threshold.value)
    settings |= {"data": pairs.digest(), "parity": parity.to_json()}
    settings |= self_test_of(deployed, pairs, reference, run.experiment.export.self_test_pairs)
    accept_or_reject(path, whole, settings, parity)
    _tell(run, status, path, parity, settings)


def self_test_of(deployed: PairModel, pairs: ParityPairs, scores: NDArray[np.float64], most: int) -> dict[str, Any]:
    """What a file holds to test itself by: the pairs whose scores differ most, as many as `most`."""
    if not most:
        return {}
    few = as_pairs(pairs.telling(scores, most))
    return {SELF_TEST: packed(deployed, few, deployed.settings["precision"])}


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
    """What stands in a file beside the graph; see `deployed.model_file`."""
    content, data = model.content, run.experiment.dataset.classify
    found = {
        "task": CLASSIFY.name,
        "config": nest({key: get(run.config, key) for key in CLASSIFY.travelling_keys}),
        "class_names": [PASS, NO_PASS] if data.num_classes == 2 else [PASS, NO_PASS, *range(2, data.num_classes)],
        "lights": list(light_names(data.input_map)),
        "epoch": content.get("epoch"),
        "input": {
            "mean": list(model.preparation.mean),
            "std": list(model.preparation.std),
            "layout": [model.preparation.layout.rows, model.preparation.layout.columns],
        },
        WHITE_LEVEL: model.white,
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
    told = settings | {SELF_TEST: len(settings.get(SELF_TEST, {}).get("pairs", []))}  # not the pictures again
    write_json(run.results_dir / MANIFEST, {"file": str(path), "bytes": size, "sha256": sha256_file(path), **told})
    kpi = {
        "parity_pairs": parity.pairs,
        "parity_flipped": parity.flipped,
        "parity_largest_difference": parity.largest_difference,
        "file_megabytes": round(size / 1e6, 3),
    }
    status.write("RUNNING", f"ONNX file written to {path.name}.", kpi=kpi)
    say(f"parity with the checkpoint on {parity.sentence()}")
    say(f"ONNX file, {size / 1e6:.1f} MB: {path}")
