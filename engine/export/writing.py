# SPDX-License-Identifier: Apache-2.0
"""Where an exported model is written, and under which name: a result only where it judges alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import JobFailedError, SpecError
from core.file_names import EXPORTED_SUFFIX
from core.files import sha256_file, write_json
from deployed.model_file import write_model
from deployed.self_test import SELF_TEST
from engine.console import say

if TYPE_CHECKING:
    from onnx import ModelProto

    from engine.export.parity import Parity
    from engine.settings import Run
    from engine.status import StatusFile

MANIFEST = "export.json"
REJECTED = ".rejected"


def path_of(run: Run) -> Path:
    """The file that an export writes.

    Raises:
        SpecError: it exists, or the spec asks for what this engine does not write.
    """
    section = run.experiment.export
    path = (
        Path(section.onnx_file)
        if section.onnx_file
        else run.results_dir / f"changenet_{run.experiment.task}{EXPORTED_SUFFIX}"
    )
    require_free(path, "export.onnx_file")
    if section.format != "onnx":
        key = "export.format"
        message = f"the embedded engine writes ONNX, and no {section.format}"
        raise SpecError(message, code="spec.engine", where=key, remedy=f"set {key}=onnx, or export in the container")
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


def check_size(run: Run, size: tuple[int, int]) -> None:
    """Whether the height and width of the input that the spec asks for are `size`, where it asks for any.

    Raises:
        SpecError: they are not.
    """
    section = run.experiment.export
    for key, asked, has in zip(("height", "width"), (section.input_height, section.input_width), size, strict=True):
        if asked != has and f"export.input_{key}" in run.chosen:
            message = f"the network's input is {size[0]} high and {size[1]} wide, not {asked} in {key}"
            place = f"export.input_{key}"
            raise SpecError(message, code="spec.export_size", where=place, remedy=f"set it to {has}, or leave it out")


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


def tell(run: Run, status: StatusFile, path: Path, parity: Parity, settings: dict[str, Any]) -> None:
    """Write the manifest, and say how far both agree."""
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
