# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet export` for the classify task: a checkpoint as an ONNX file that judges as the checkpoint does."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from torch import nn

from core.errors import CheckpointError, JobFailedError, SpecError
from core.files import sha256_file, write_json
from core.verdicts import NO_PASS, PASS
from engine.checkpoints import WHITE_LEVEL, read_checkpoint
from engine.classify.onnx_network import OFF_CENTRE, OnnxNetwork, off_centre_to_json
from engine.classify.parity import ParityPairs
from engine.classify.task import CLASSIFY
from engine.classify.trained_model import load_checkpoint
from engine.console import say
from engine.export.onnx_file import SUFFIX, write_model
from engine.export.sessions import Session
from engine.export.siamese_graph import Names, Parts, join, take_apart
from engine.export.static_padding import fix_padding
from engine.export.tracing import trace
from pairs.classify_csv import light_names

if TYPE_CHECKING:
    from torch import Tensor

    from engine.classify.network import PairNetwork
    from engine.classify.parity import Parity
    from engine.classify.trained_model import TrainedModel
    from engine.settings import Run
    from engine.status import StatusFile

NAMES = Names("input_1", "input_2", "output")
MANIFEST = "export.json"
REJECTED = ".rejected"
_PAIRS = 2  # in the batch that is traced; any number fits the graph
_TOLERANCE = 1e-4  # between the graph as one and its parts, which compute the same
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
    run = _with_training_of(run, checkpoint)
    model = load_checkpoint(run, checkpoint)
    _check_size(run, model)
    pairs = ParityPairs(run.experiment.dataset.classify, model.white, "validation", run.experiment.export.parity_pairs)
    parts = parts_of(model.network, run, model)
    whole = join(parts, NAMES, run.experiment.export.batch_size)
    onnx.checker.check_model(whole, full_check=True)
    off_centre = off_centre_to_json(model.network.off_centre(model.preparation.height, model.preparation.width))
    distances = run.experiment.model.classify.difference_module == "euclidean"
    exported = OnnxNetwork(take_apart(whole), off_centre, distances=distances)
    _check_whole(whole, exported, parts.goldens, model)
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


def _with_training_of(run: Run, checkpoint: Path) -> Run:
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


class _Describe(nn.Module):
    def __init__(self, network: PairNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network.describe(pictures))


class _Compare(nn.Module):
    """Features of test pictures, then of golden ones, to an output, and to maps of evidence where `explained`."""

    def __init__(self, network: PairNetwork, goldens: int, *, explained: bool) -> None:
        super().__init__()
        self.head = network.head
        self._goldens = goldens
        self._explained = explained

    def forward(self, *features: Tensor) -> Any:
        half = len(features) // 2
        arguments = (list(features[:half]), list(features[half:]), self._goldens)
        if not self._explained:
            return self.head.compare(*arguments)
        output, maps = self.head.explain(*arguments)
        return output, *maps


def parts_of(network: PairNetwork, run: Run, model: TrainedModel) -> Parts:
    """The two parts of a network as ONNX graphs.

    Raises:
        JobFailedError: they can't be written.
    """
    goldens, opset = run.experiment.dataset.classify.num_golden, run.experiment.export.opset_version
    pictures = torch.zeros(_PAIRS, 3, model.preparation.height, model.preparation.width)
    plain = deepcopy(network).cpu().float().to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]
    fix_padding(plain, lambda: plain.describe(pictures))
    with torch.no_grad():
        features = [level.contiguous() for level in plain.describe(pictures)]
    several = [level.repeat_interleave(goldens, 0) for level in features]
    levels = [f"level_{i}" for i in range(len(features))]
    inputs = [f"{side}_{name}" for side in ("test", "golden") for name in levels]
    explained = plain.head.explains_forward
    evidence = [f"evidence_{i}" for i in range(len(features))] if explained else []
    describe = trace(_Describe(plain), [pictures], ["pictures"], levels, opset)
    examples = [*features, *several]
    compare = trace(_Compare(plain, goldens, explained=False), examples, inputs, [NAMES.output], opset)
    explain = (
        trace(_Compare(plain, goldens, explained=True), examples, inputs, [NAMES.output, *evidence], opset)
        if explained
        else None
    )
    return Parts(describe, compare, explain, goldens)


def _check_whole(whole: onnx.ModelProto, exported: OnnxNetwork, goldens: int, model: TrainedModel) -> None:
    """The graph as others run it gives what its parts give, for another number of pairs than was traced."""
    count = batch if (batch := _fixed_batch(whole)) else _PAIRS + 1
    shape = (3, model.preparation.height, model.preparation.width)
    random = torch.Generator().manual_seed(0)
    tests, each = torch.randn(count, *shape, generator=random), torch.randn(count, goldens, *shape, generator=random)
    expected = exported(tests, each).numpy()
    golden = each[:, 0] if goldens == 1 else each
    feeds = {NAMES.test: tests.numpy(), NAMES.golden: golden.contiguous().numpy()}
    found = Session(whole.SerializeToString()).run(feeds)[0]
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=_TOLERANCE, atol=_TOLERANCE):
        message = "the exported graph does not give what its parts give"
        raise JobFailedError(message, code="export.graph", remedy="export with another export.opset_version")


def _fixed_batch(whole: onnx.ModelProto) -> int:
    return int(whole.graph.input[0].type.tensor_type.shape.dim[0].dim_value)


def settings_of(run: Run, model: TrainedModel, checkpoint: Path) -> dict[str, Any]:
    """What stands in a file beside the graph; see `engine.export.onnx_file`."""
    from core.dotted import get, nest

    content, data = model.content, run.experiment.dataset.classify
    found = {
        "task": CLASSIFY.name,
        "config": nest({key: get(run.config, key) for key in CLASSIFY.travelling_keys}),
        "class_names": [PASS, NO_PASS] if data.num_classes == 2 else [PASS, NO_PASS, *range(2, data.num_classes)],
        "lights": list(light_names(data.input_map)),
        "epoch": content.get("epoch"),
        WHITE_LEVEL: model.white,
        "checkpoint": {"file": checkpoint.name, "sha256": sha256_file(checkpoint)},
    }
    if model.chosen:
        found |= {"threshold": model.chosen.value, **model.chosen.origin_keys()}
    return found


def accept_or_reject(path: Path, whole: onnx.ModelProto, settings: dict[str, Any], parity: Parity) -> None:
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
