# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet quantize` for the classify task: 8-bit numbers, taken where they judge alike and are quicker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import JobFailedError, SpecError
from core.file_names import EXPORTED_SUFFIX, is_exported
from core.files import sha256_file, write_json
from core.problem import refuse
from deployed.fitness import quantised_twice
from deployed.golden_shares import halves_of
from deployed.model_file import read_model, write_model
from deployed.pair_model import PairModel
from deployed.self_test import SELF_TEST
from deployed.siamese_graph import join, take_apart
from engine.classify.export import judged_at_one_size, self_test_of, settings_of, with_training_of
from engine.classify.exported_parts import NAMES, check_whole, parts_of
from engine.classify.file_scorer import FileScorer
from engine.classify.head_kinds import DistanceHead
from engine.classify.onnx_network import OFF_CENTRE, OnnxNetwork, off_centre_to_json
from engine.classify.pair_speed import speedup
from engine.classify.parity import ParityPairs
from engine.classify.quantized_parts import Calibration, PartsQuantizer, Selection
from engine.classify.trained_model import load_checkpoint, load_exported, with_model_settings
from engine.console import say
from engine.export.writing import REJECTED, require_free

if TYPE_CHECKING:
    from deployed.siamese_graph import Parts
    from engine.classify.quantized_parts import Attempt
    from engine.classify.trained_model import TrainedModel
    from engine.export.parity import Parity
    from engine.settings import Run
    from engine.status import StatusFile

BACKEND = "onnxruntime"
STATIC = "static_ptq"
FILE = f"quantized_model_{BACKEND}{EXPORTED_SUFFIX}"
MANIFEST = "quantize.json"
_OPSET = 17
_ROUNDING = 0.1


@dataclass(frozen=True, slots=True)
class Source:
    """The model that is quantised: its parts in ONNX, how they run, and what its file says of it."""

    model: TrainedModel
    parts: Parts
    network: OnnxNetwork
    settings: dict[str, Any]

    def like(self, parts: Parts) -> OnnxNetwork:
        """Another form of the network in sessions."""
        return OnnxNetwork(parts, self.settings[OFF_CENTRE], distances=isinstance(self.network.head, DistanceHead))

    def in_use(self, parts: Parts) -> PairModel:
        """Another form of the network as a file is used."""
        return PairModel(self.settings, halves_of(parts))


def quantize(run: Run, status: StatusFile) -> None:
    """Write a quantised ONNX file of `quantize.model_path`.

    Raises:
        SpecError: the spec asks for what ONNX Runtime does not do, or the file exists.
        CheckpointError: the model can't be used.
        JobFailedError: it judges otherwise, or is no quicker; the message says what was lost and gained.
    """
    static = _check(run)
    path = run.results_dir / FILE
    require_free(path, "quantize.results_dir")
    run, source = _source(run)
    calibration, held_out = _pairs(run, source.model)
    before, threshold = source.in_use(source.parts), source.model.threshold.value
    reference = held_out.scores(FileScorer(before), "as it was")
    section = run.experiment.quantize
    calibrated = Calibration(calibration, source.model.preparation, section.algorithm)
    with PartsQuantizer(source.parts, source.network, calibrated, _selection(run)) as quantizer:
        best = quantizer.within(
            lambda parts: held_out.compare(
                reference, held_out.scores(FileScorer(source.in_use(parts)), "quantised"), threshold
            ),
            section.most_flips,
            static=static,
        )
    whole = join(best.parts, NAMES, -1)
    size = (source.model.preparation.height, source.model.preparation.width)
    # In one graph neighbours may be rounded once instead of twice: by steps of 8 bits, not more.
    check_whole(whole, source.like(take_apart(whole)), source.parts.goldens, size, _ROUNDING)
    after = source.in_use(best.parts)
    quick = speedup(before, after, held_out)
    told = _told(source, best, static=static, quick=quick)
    told["quantization"] |= {"calibration_pairs": len(calibration.places), "held_out": best.parity.to_json()}
    stored = source.settings.get(SELF_TEST, {}).get("pairs")
    most = run.experiment.export.self_test_pairs if stored is None else len(stored)
    told |= self_test_of(after, held_out, reference, most, told["precision"])
    reasons = _reasons(best.parity, quick, run, static=static)
    write_model(path.with_name(path.name + REJECTED) if reasons else path, whole, source.settings | told)
    _tell(run, status, path, best, quick, reasons)


def _check(run: Run) -> bool:
    """Whether activations are quantised too; what ONNX Runtime does not do is refused."""
    section = run.experiment.quantize
    if not section.model_path:
        key = "quantize.model_path"
        raise SpecError(f"{key} is not set", code="spec.checkpoint", where=key, remedy="name a .pth or .onnx file")
    wrong = {
        "quantize.backend": section.backend != BACKEND and "quantize.backend" in run.chosen,
        "quantize.algorithm": section.algorithm not in {"minmax", "max", "entropy"},
        "quantize.layers": any(
            part is not None and part.dtype not in {"int8", "native"}
            for layer in section.layers
            for part in (layer.weights, layer.activations)
        ),
    }
    for key, is_wrong in wrong.items():
        if is_wrong:
            remedy = f"set quantize.backend={BACKEND}, an algorithm of minmax or entropy, and dtype int8 or native"
            raise SpecError("the embedded engine does not do this", code="spec.engine", where=key, remedy=remedy)
    if section.backend != BACKEND:
        say(f"NOTICE quantize.backend is taken as {BACKEND}, which the embedded engine quantises with")
    return section.mode == STATIC or "quantize.mode" not in run.chosen


def _selection(run: Run) -> Selection:
    section = run.experiment.quantize
    wanted = [layer.module_name for layer in section.layers if layer.weights is None or layer.weights.dtype == "int8"]
    return Selection(tuple(wanted) if section.layers else ("*",), tuple(section.skip_names))


def _source(run: Run) -> tuple[Run, Source]:
    path = Path(run.experiment.quantize.model_path)
    if is_exported(path):
        run = with_model_settings(run, path)
        model = load_exported(run, path)
        whole, settings = read_model(path)
        refuse(quantised_twice(str(path), settings["precision"]))
        parts = take_apart(whole)
    else:
        run = with_training_of(run, path)
        model = judged_at_one_size(run, load_checkpoint(run, path), run.experiment.export.parity_pairs)
        size = (model.preparation.height, model.preparation.width)
        parts = parts_of(model.network, size, run.experiment.dataset.classify.num_golden, _OPSET)
        off_centre = off_centre_to_json(model.network.off_centre(*size))
        settings = settings_of(run, model, path) | {OFF_CENTRE: off_centre}
    distances = run.experiment.model.classify.difference_module == "euclidean"
    return run, Source(model, parts, OnnxNetwork(parts, settings[OFF_CENTRE], distances=distances), settings)


def _pairs(run: Run, model: TrainedModel) -> tuple[ParityPairs, ParityPairs]:
    """The pairs that ranges are measured on, and those that the result is held to."""
    data, most = run.experiment.dataset.classify, run.experiment.quantize.calibration_pairs
    held_out = ParityPairs(data, model.white, "validation", run.experiment.export.parity_pairs)
    if data.train_dataset.csv_path:
        return ParityPairs(data, model.white, "train", most), held_out
    say("no training pairs are named: ranges are measured on every second validation pair, the others are held out")
    return held_out.halves(most)


def _told(source: Source, best: Attempt, *, static: bool, quick: float) -> dict[str, Any]:
    return {
        "precision": "int8" if static else "int8 weights",
        "quantization": {
            "float_layers": list(best.float_layers),
            "layers": best.layers,
            "speedup": round(quick, 3),
            "source_sha256": source.settings["checkpoint"]["sha256"],
        },
    }


def _reasons(parity: Parity, quick: float, run: Run, *, static: bool) -> list[str]:
    section = run.experiment.quantize
    reasons = []
    if parity.flipped > section.most_flips:
        reasons.append(f"{parity.flipped} verdicts differ, {section.most_flips} may (quantize.most_flips)")
    if static and quick < section.least_speedup:
        reasons.append(f"it runs at {quick:.2f} times the speed, {section.least_speedup:g} is asked for")
    return reasons


def _tell(run: Run, status: StatusFile, path: Path, best: Attempt, quick: float, rejected: list[str]) -> None:  # noqa: PLR0913, PLR0917
    """Say and record what was lost and gained.

    Raises:
        JobFailedError: the result was rejected.
    """
    written = path.with_name(path.name + REJECTED) if rejected else path
    size = written.stat().st_size
    kpi = {
        "parity_pairs": best.parity.pairs,
        "parity_flipped": best.parity.flipped,
        "parity_largest_difference": best.parity.largest_difference,
        "speedup": round(quick, 3),
        "file_megabytes": round(size / 1e6, 3),
        "float_layers": len(best.float_layers),
    }
    write_json(run.results_dir / MANIFEST, {"file": str(written), "sha256": sha256_file(written), **kpi})
    status.write("RUNNING", f"Quantised model written to {written.name}.", kpi=kpi)
    kept = f"{len(best.float_layers)} of {best.layers} layers stay in float"
    gained = f"{best.parity.sentence()}; {quick:.2f} times the speed; {size / 1e6:.1f} MB; {kept}"
    if rejected:
        remedy = "use the model as it was, or set quantize.most_flips and quantize.least_speedup to what you can bear"
        message = f"the quantised model is not taken: {'; '.join(rejected)} ({gained}). It is kept as {written.name}"
        raise JobFailedError(message, code="quantize.refused", where=str(path), remedy=remedy)
    say(gained)
    say(f"quantised model: {path}")
