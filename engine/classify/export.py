# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet export` for the classify task: a checkpoint as an ONNX file that judges as the checkpoint does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.dotted import get, nest
from core.errors import CheckpointError, SpecError
from core.files import sha256_file
from core.verdicts import NO_PASS, PASS
from deployed.golden_shares import halves_of
from deployed.pair_model import PairModel
from deployed.self_test import SELF_TEST, packed
from deployed.siamese_graph import join, take_apart
from engine.checkpoints import WHITE_LEVEL, read_checkpoint
from engine.classify.exported_parts import NAMES, check_whole, parts_of
from engine.classify.file_scorer import FileScorer, as_pairs
from engine.classify.onnx_network import OFF_CENTRE, OnnxNetwork, off_centre_to_json
from engine.classify.parity import ParityPairs
from engine.classify.task import CLASSIFY
from engine.classify.threshold import Threshold, choose, inspection_target
from engine.classify.trained_model import load_checkpoint
from engine.console import say
from engine.export.writing import accept_or_reject, check_size, path_of, tell
from pairs.classify_csv import light_names
from pairs.trained_on import TRAINED_ON

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.classify.trained_model import Checkpoint
    from engine.settings import Run
    from engine.status import StatusFile

SCALE = "model.classify.second_look_scale"
_PAIRS_OF_PARENT = ("csv_path", "images_dir")


def export(run: Run, status: StatusFile) -> None:
    """Write the ONNX file of `export.checkpoint`, unless a verdict on the validation pairs is another than before.

    Raises:
        SpecError: the file exists, or the spec asks for what this engine does not write.
        CheckpointError: the checkpoint can't be used.
        JobFailedError: the network can't be written as ONNX, or the file judges otherwise.
    """
    path = path_of(run)
    checkpoint = Path(run.experiment.export.checkpoint)
    run = with_training_of(run, checkpoint)
    model = judged_at_one_size(run, load_checkpoint(run, checkpoint), run.experiment.export.parity_pairs)
    size = (model.preparation.height, model.preparation.width)
    check_size(run, size)
    data = run.experiment.dataset.classify
    pairs = ParityPairs(data, model.white, "validation", run.experiment.export.parity_pairs)
    parts = parts_of(model.network, size, data.num_golden, run.experiment.export.opset_version)
    whole = join(parts, NAMES, run.experiment.export.batch_size)
    off_centre = off_centre_to_json(model.network.off_centre(*size))
    distances = run.experiment.model.classify.difference_module == "euclidean"
    exported = OnnxNetwork(take_apart(whole), off_centre, distances=distances)
    check_whole(whole, exported, parts.goldens, size)
    settings = settings_of(run, model, checkpoint) | {OFF_CENTRE: off_centre, "precision": "fp32"}
    reference = pairs.scores(model.scorer, "checkpoint")
    deployed = PairModel(settings, halves_of(take_apart(whole)))
    parity = pairs.compare(reference, pairs.scores(FileScorer(deployed), "ONNX"), model.threshold.value)
    settings |= {"data": pairs.digest(), "parity": parity.to_json()}
    settings |= self_test_of(deployed, pairs, reference, run.experiment.export.self_test_pairs, "fp32")
    accept_or_reject(path, whole, settings, parity)
    tell(run, status, path, parity, settings)


def self_test_of(
    deployed: PairModel, pairs: ParityPairs, scores: NDArray[np.float64], most: int, precision: str
) -> dict[str, Any]:
    """What a file holds to test itself by: the pairs whose scores differ most, as many as `most`."""
    if not most:
        return {}
    few = as_pairs(pairs.telling(scores, most))
    return {SELF_TEST: packed(deployed, few, precision)}


def with_training_of(run: Run, checkpoint: Path) -> Run:
    """The action with what the checkpoint's training said of the input, and of its validation pairs."""
    trained = read_checkpoint(checkpoint).get("config")
    if not isinstance(trained, dict):
        return run
    run = run.adopting(trained, CLASSIFY.travelling_keys)
    require_one_size(run)
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


def require_one_size(run: Run) -> None:
    """Refuse a model that looks at a second size, unless its user leaves that look out.

    Raises:
        SpecError: the graph would have one size, and other verdicts.
    """
    scale = run.experiment.model.classify.second_look_scale
    if scale > 1:
        message = f"the model looks at doubtful pairs {scale:g} times larger, and an exported file has one size"
        remedy = f"set {SCALE}=1: the file then looks at one size, with a threshold chosen anew on the validation pairs"
        raise SpecError(message, code="spec.one_size", where=SCALE, remedy=remedy)


def judged_at_one_size(run: Run, model: Checkpoint, most: int) -> Checkpoint:
    """The model with a threshold for looks at one size, where its own was chosen with looks at two.

    Raises:
        SpecError, DataError: the validation pairs have no labels, or those of one kind alone.
    """
    trained = get(model.content.get("config") or {}, SCALE, 1.0)
    if trained == 1 or model.chosen is None:
        return model
    pairs = ParityPairs(run.experiment.dataset.classify, model.white, "validation", most, labelled=True)
    labels = [pairs.table.labels[place] for place in pairs.places]
    found = None
    if 0 < sum(labels) < len(labels):
        scores = pairs.scores(model.scorer, "threshold").tolist()
        epoch, cost = int(model.content.get("epoch") or 0) + 1, run.experiment.model.classify.escape_cost
        found = choose(labels, scores, inspection_target(run.experiment), epoch, cost)
    if found is None:
        message = f"its threshold goes with a look {trained:g} times larger, and pairs of one kind can't tell another"
        remedy = "name labelled validation pairs of both kinds (--eval)"
        raise SpecError(message, code="export.threshold", where=SCALE, remedy=remedy)
    found = Threshold(found.value, f"{found.source}; looking at one size", found.origin)
    say(f"WARNING doubtful pairs are not looked at {trained:g} times larger, as they were in training")
    say(f"threshold {found.value:.6g} in place of {model.chosen.value:.6g}: {found.source}")
    return replace(model, chosen=found, threshold=found)


def settings_of(run: Run, model: Checkpoint, checkpoint: Path) -> dict[str, Any]:
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
        TRAINED_ON: model.trained_on.to_json() if model.trained_on.known else None,
        "checkpoint": {"file": checkpoint.name, "sha256": sha256_file(checkpoint)},
    }
    if model.chosen:
        found |= {"threshold": model.chosen.value, **model.chosen.origin_keys()}
    return found
