# SPDX-License-Identifier: Apache-2.0
"""The manifest of what a job left behind, with the role that each checkpoint has."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import dotted
from core.file_names import DEPLOYMENT_FILE, EXPERIMENT_FILE, OPTIMIZED_SUFFIX, STATUS_FILE
from core.files import sha256_file
from runners.jobs.checkpoint_record import CheckpointRecord, read_checkpoint_record
from runners.jobs.job import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KINDS = {
    **dict.fromkeys((".pth", ".ckpt", ".pt", ".safetensors"), "checkpoint"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".bmp"), "image"),
    **dict.fromkeys((".engine", ".trt"), "engine"),
    ".onnx": "onnx",
    ".csv": "table",
    ".html": "report",
}
_NAMED_KINDS = {STATUS_FILE: "status", EXPERIMENT_FILE: "spec", DEPLOYMENT_FILE: "deployment"}
_BEST_PREFIX = "model_best"
_QUANTIZED_PREFIX = "quantized_model"
Stamps = dict[str, tuple[int, int]]


def result_folders(results_dir: str, spec: Mapping[str, Any]) -> list[Path]:
    """Where an action writes: its results folder, and the one for best checkpoints where the spec puts it elsewhere."""
    folders = [Path(results_dir)]
    apart = dotted.get(spec, "train.checkpointer.dirpath")
    if apart and isinstance(apart, str) and not Path(apart).is_relative_to(results_dir):
        folders.append(Path(apart))
    return folders


def stamps(folders: Sequence[Path]) -> Stamps:
    """Time and size of every file by its path: what is there before a job must not pass for its work."""
    found: Stamps = {}
    for path in (path for folder in folders for path in _files(folder)):
        with suppress(FileNotFoundError):
            status = path.stat()
            found[str(path)] = (status.st_mtime_ns, status.st_size)
    return found


def collect(folders: Sequence[Path], before: Stamps) -> tuple[Artifact, ...]:
    """Every file in the folders that is not as it was `before`, with its hash, and the roles of the checkpoints.

    Paths are relative to the first folder, or absolute outside it. Links are left out: the file they point to is listed
    itself.
    """
    new = [Path(path) for path, stamp in sorted(stamps(folders).items()) if before.get(path) != stamp]
    records: dict[str, CheckpointRecord] = {}
    artifacts = []
    for path in new:
        artifact = _describe(path, folders[0])
        if artifact.kind == "checkpoint":
            record = records[artifact.path] = read_checkpoint_record(path)
            artifact = replace(artifact, epoch=record.epoch, step=record.step)
        artifacts.append(artifact)
    return with_roles(artifacts, records)


def with_roles(artifacts: Sequence[Artifact], records: Mapping[str, CheckpointRecord]) -> tuple[Artifact, ...]:
    """The same artifacts, checkpoints with their roles by what they themselves record.

    `latest` is the one of the highest epoch and step; `best` the first of the ranking that the newest of them records,
    or the only one that was kept for being best. When several were kept and no ranking tells, none is `best`.
    """
    newest_first = sorted(records.values(), key=lambda record: (record.epoch or 0, record.step or 0), reverse=True)
    ranking = next((record.ranking for record in newest_first if record.ranking), ())
    kept = [a for a in artifacts if a.kind == "checkpoint" and _is_kept(a, ranking)]
    ranked = [a for name in ranking[:1] for a in kept if Path(a.path).name == name]
    best = ranked[0] if ranked else kept[0] if len(kept) == 1 else None
    latest = _latest(artifacts, kept)
    return tuple(
        replace(a, roles=_roles(a, best=a == best, latest=a == latest, kept=a in kept)) if a.kind == "checkpoint" else a
        for a in artifacts
    )


def _is_kept(artifact: Artifact, ranking: tuple[str, ...]) -> bool:
    name = Path(artifact.path).name
    return name in ranking if ranking else name.startswith(_BEST_PREFIX)


def _roles(artifact: Artifact, *, best: bool, latest: bool, kept: bool) -> tuple[str, ...]:
    if Path(artifact.path).name.startswith(_QUANTIZED_PREFIX):
        return ("quantized",)
    roles = {"best": best, "latest": latest, "top_k": kept, "periodic": not kept}
    return tuple(role for role, holds in roles.items() if holds)


def _latest(artifacts: Sequence[Artifact], kept: list[Artifact]) -> Artifact | None:
    dated = [a for a in artifacts if a.kind == "checkpoint" and a.epoch is not None]
    places = [(a.epoch, a.step or 0) for a in dated]
    highest = [a for a, place in zip(dated, places, strict=True) if place == max(places)]
    # The same weights are often written twice, once for the series and once for being best: the series counts here.
    return next((a for a in highest if a not in kept), highest[0]) if highest else None


def _describe(path: Path, base: Path) -> Artifact:
    name = path.relative_to(base) if path.is_relative_to(base) else path
    whole = "graph" if path.name.endswith(OPTIMIZED_SUFFIX) else _NAMED_KINDS.get(path.name)
    kind = whole or _KINDS.get(path.suffix.lower(), "file")
    return Artifact(str(name), kind, path.stat().st_size, sha256_file(path))


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent) / name
            if path.is_file() and not path.is_symlink() and not name.endswith(".tmp"):
                yield path
