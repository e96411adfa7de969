# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet export` for the segment task: a checkpoint as an ONNX file that marks what the checkpoint marks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.dotted import get, nest
from core.errors import CheckpointError
from core.files import sha256_file
from engine.checkpoints import WHITE_LEVEL, read_checkpoint
from engine.export.writing import accept_or_reject, check_size, path_of, tell
from engine.segment.onnx_network import OnnxMaskNetwork, graph_of
from engine.segment.parity import ParityPairs
from engine.segment.task import Segment
from engine.segment.trained_model import load_checkpoint
from pairs.trained_on import TRAINED_ON

if TYPE_CHECKING:
    from engine.segment.trained_model import TrainedModel
    from engine.settings import Run
    from engine.status import StatusFile

_DATA = "dataset.segment"
_OF_TRAINING = tuple(
    f"{_DATA}.{name}"
    for name in (
        *("root_dir", "validation_split", "image_folder_name", "change_image_folder_name", "list_folder_name"),
        *("annotation_folder_name", "label_suffix"),
    )
)


def export(run: Run, status: StatusFile) -> None:
    """Write the ONNX file of `export.checkpoint`, unless it marks a pixel of a validation pair otherwise.

    Raises:
        SpecError: the file exists, or the spec asks for what this engine does not write.
        CheckpointError: the checkpoint can't be used.
        JobFailedError: the network can't be written as ONNX, or the file judges otherwise.
    """
    path, section = path_of(run), run.experiment.export
    checkpoint = Path(section.checkpoint)
    run = with_training_of(run, checkpoint)
    model = load_checkpoint(run, checkpoint)
    data = run.experiment.dataset.segment
    check_size(run, (data.img_size, data.img_size))
    pairs = ParityPairs(data, model.white, "validation_split", section.parity_pairs)
    whole = graph_of(model.network, data.img_size, section.opset_version, section.batch_size)
    exported = OnnxMaskNetwork(whole, all_scales=data.multi_scale_infer)
    parity = pairs.compare(model.network, exported, model.preparation, model.threshold.value)
    settings = settings_of(run, model, checkpoint) | {"data": pairs.digest(), "parity": parity.to_json()}
    accept_or_reject(path, whole, settings, parity)
    tell(run, status, path, parity, settings)


def with_training_of(run: Run, checkpoint: Path) -> Run:
    """The action with what the checkpoint's training said of the input, and of its validation pairs.

    Raises:
        CheckpointError: these are gone, and no others are named.
    """
    trained = read_checkpoint(checkpoint).get("config")
    if not isinstance(trained, dict):
        return run
    run = run.adopting(trained, Segment.travelling_keys)
    if f"{_DATA}.root_dir" in run.chosen:
        return run
    run = run.adopting(trained, _OF_TRAINING)
    if not Path(run.experiment.dataset.segment.root_dir).is_dir():
        message = "the validation pairs of the training are gone, so nothing shows that the file judges as it did"
        remedy = f"name pairs by {_DATA}.root_dir and {_DATA}.validation_split (labels are not needed)"
        where = run.experiment.dataset.segment.root_dir
        raise CheckpointError(message, code="export.pairs", where=where, remedy=remedy)
    return run


def settings_of(run: Run, model: TrainedModel, checkpoint: Path) -> dict[str, Any]:
    """What stands in a file beside the graph; see `deployed.model_file`."""
    classes = run.experiment.dataset.segment.num_classes
    return {
        "task": Segment.name,
        "config": nest({key: get(run.config, key) for key in Segment.travelling_keys}),
        "class_names": ["unchanged", "changed"] if classes == 2 else ["unchanged", *range(1, classes)],
        "precision": "fp32",
        "epoch": model.epoch,
        "input": {"mean": list(model.preparation.mean), "std": list(model.preparation.std)},
        WHITE_LEVEL: model.white,
        TRAINED_ON: model.trained_on.to_json() if model.trained_on.known else None,
        "checkpoint": {"file": checkpoint.name, "sha256": sha256_file(checkpoint)},
        "threshold": model.threshold.value,
        **model.threshold.origin_keys(),
    }
