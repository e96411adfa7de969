# SPDX-License-Identifier: Apache-2.0
"""Tells data of one task from that of another by the names in a folder, without opening a file."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.staged import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from router.types import Request


def tasks_of_data(request: Request, info: Mapping[str, Any]) -> dict[str, set[str]]:
    """Data source to the tasks whose layout it shows; sources that are remote, or show none, are left out."""
    sources = {path: tasks_of(Path(place_of(path)).expanduser(), info) for path in _local_sources(request)}
    return {path: tasks for path, tasks in sources.items() if tasks}


def _local_sources(request: Request) -> list[str]:
    named = (request.data, *request.train_datasets, request.eval_dataset, request.inference_dataset)
    return [path for path in named if path and "://" not in place_of(path)]


def tasks_of(path: Path, info: Mapping[str, Any]) -> set[str]:
    """The tasks whose layout a folder shows, by itself or in its split folders; or those that a file fits."""
    layouts = {task: entry["layout"] for task, entry in info["tasks"].items()}
    by_ending = {task for task, layout in layouts.items() if _fits(path.name, layout)}
    if by_ending:
        return by_ending
    if not _holds(path, ""):
        return set()
    splits = {name for source in info["dataset_sources"].values() for name in source["subfolders"]}
    folders = [path, *(path / name for name in sorted(splits))]
    return {task for task, layout in layouts.items() if any(_shows(folder, layout) for folder in folders)}


def _fits(file: str, layout: Iterable[Sequence[str]]) -> bool:
    return any("*" in name and fnmatchcase(file, name) for names in layout for name in names)


def _shows(folder: Path, layout: Iterable[Sequence[str]]) -> bool:
    return any(all(_holds(folder, name) for name in names) for names in layout)


def _holds(folder: Path, name: str) -> bool:
    try:
        return any(folder.glob(name)) if "*" in name else (folder / name).exists()
    except OSError:
        return False
