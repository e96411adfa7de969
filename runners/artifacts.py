# SPDX-License-Identifier: Apache-2.0
"""The manifest of what a job left behind, with the role that each checkpoint has."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files import sha256_file
from runners.checkpoint_record import read_checkpoint_record
from runners.types import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runners.status_log import Progress

_KINDS = {
    **dict.fromkeys((".pth", ".ckpt", ".pt", ".safetensors"), "checkpoint"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".bmp"), "image"),
    **dict.fromkeys((".engine", ".trt"), "engine"),
    ".onnx": "onnx",
    ".csv": "table",
    ".html": "report",
}
_NAMED_KINDS = {"status.json": "status", "experiment.yaml": "spec"}
_BEST_PREFIX = "model_best"
Stamp = dict[str, tuple[int, int]]


def stamps(folder: Path) -> Stamp:
    """Time and size of every file below `folder`: what is there before a job must not pass for its work."""
    found: Stamp = {}
    for path in _files(folder):
        with suppress(FileNotFoundError):
            status = path.stat()
            found[str(path.relative_to(folder))] = (status.st_mtime_ns, status.st_size)
    return found


def collect(
    folder: Path, before: Stamp, history: list[Progress], checkpointer: Mapping[str, Any]
) -> tuple[Artifact, ...]:
    """Every file below `folder` that is not as it was `before`, with its hash, and the roles of the checkpoints.

    Links are left out: the file they point to is listed itself. `history` and `checkpointer` (the spec's
    `train.checkpointer`) tell which of several best checkpoints is the best one.
    """
    new = sorted(path for path, stamp in stamps(folder).items() if before.get(path) != stamp)
    artifacts = tuple(_describe(folder, path) for path in new)
    return with_roles(artifacts, history, checkpointer)


def with_roles(
    artifacts: tuple[Artifact, ...], history: list[Progress], checkpointer: Mapping[str, Any]
) -> tuple[Artifact, ...]:
    """The same artifacts, checkpoints with their roles.

    `latest` is the one of the highest epoch and step. `best` is the only one that was kept for being best, or the one
    whose epoch has the best monitored figure; when that can't be told, all of them are `top_k` and none is `best`.
    """
    latest = _latest(artifacts)
    best = _best([a for a in artifacts if _kept_for_being_best(a)], history, checkpointer)
    return tuple(
        replace(a, roles=_roles(a, latest=a == latest, best=a == best)) if a.kind == "checkpoint" else a
        for a in artifacts
    )


def _roles(artifact: Artifact, *, latest: bool, best: bool) -> tuple[str, ...]:
    if Path(artifact.path).name.startswith("quantized_model"):
        return ("quantized",)
    kept = "top_k" if _kept_for_being_best(artifact) else "periodic"
    return (*(["best"] if best else []), *(["latest"] if latest else []), kept)


def _kept_for_being_best(artifact: Artifact) -> bool:
    return artifact.kind == "checkpoint" and Path(artifact.path).name.startswith(_BEST_PREFIX)


def _latest(artifacts: tuple[Artifact, ...]) -> Artifact | None:
    dated = [a for a in artifacts if a.kind == "checkpoint" and a.epoch is not None]
    places = [(a.epoch, a.step or 0) for a in dated]
    highest = [a for a, place in zip(dated, places, strict=True) if place == max(places)]
    # The same weights are often written twice, once for the series and once for being best: the series counts here.
    return next((a for a in highest if not _kept_for_being_best(a)), highest[0]) if highest else None


def _best(kept: list[Artifact], history: list[Progress], checkpointer: Mapping[str, Any]) -> Artifact | None:
    if len(kept) <= 1:
        return kept[0] if kept else None
    monitor = str(checkpointer.get("monitor") or "val_loss")
    figures = {p.epoch: p.kpi[monitor] for p in history if isinstance(p.kpi.get(monitor), int | float)}
    if any(artifact.epoch not in figures for artifact in kept):
        return None
    choose = max if checkpointer.get("mode") == "max" else min
    goal = choose(figures[artifact.epoch] for artifact in kept)
    winners = [artifact for artifact in kept if figures[artifact.epoch] == goal]
    return winners[0] if len(winners) == 1 else None


def _describe(folder: Path, relative: str) -> Artifact:
    path = folder / relative
    kind = _NAMED_KINDS.get(path.name) or _KINDS.get(path.suffix.lower(), "file")
    artifact = Artifact(relative, kind, path.stat().st_size, sha256_file(path))
    if kind != "checkpoint":
        return artifact
    record = read_checkpoint_record(path)
    return replace(artifact, epoch=record.epoch, step=record.step)


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent) / name
            if path.is_file() and not path.is_symlink() and not name.endswith(".tmp"):
                yield path
