# SPDX-License-Identifier: Apache-2.0
"""The folder of evidence maps beside a scored table: all of one run's, or none."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from core.errors import InputError
from engine.file_names import EVIDENCE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

_TEMPORARY = ".evidence.tmp"
_NAME = re.compile(r"\d{6,}\.png")
_WAITING = 4  # batches that may wait to be written
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}  # told by the action itself


def map_name(row: int) -> str:
    """The path of the map of a CSV row (its line number), relative to the table."""
    return f"{EVIDENCE}/{row:06d}.png"


def remove_maps(results_dir: Path) -> None:
    """Remove the maps of an earlier run; other files in their folder stay."""
    folder = results_dir / EVIDENCE
    if not folder.is_dir():
        return
    for path in [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]:
        path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


class EvidenceFolder:
    """Writes maps in a thread of its own, apart from those of an earlier run until all of them are there.

    Raises:
        InputError: on entering and on leaving, when the folder can't be written.
    """

    def __init__(self, results_dir: Path) -> None:
        self._results_dir = results_dir
        self._temporary = results_dir / _TEMPORARY
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        try:
            if self._target().exists() and not self._target().is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            shutil.rmtree(self._temporary, ignore_errors=True)  # of a run that was killed
            self._temporary.mkdir()
        except OSError as problem:
            raise self._unwritable(problem) from problem
        return self

    def _target(self) -> Path:
        return self._results_dir / EVIDENCE

    def write(self, rows: Sequence[int], pictures: NDArray[np.uint8]) -> None:
        """Write the maps (B, H, W) of these CSV rows.

        Raises:
            InputError: an earlier batch could not be written.
            OSError: the disk is full.
        """
        self._waiting.append(self._pool.submit(self._write, list(rows), pictures))
        while len(self._waiting) > _WAITING:
            self._wait()

    def _wait(self) -> None:
        try:
            self._waiting.popleft().result()
        except OSError as problem:
            if problem.errno in _DISK_FULL:
                raise
            raise self._unwritable(problem) from problem

    def _write(self, rows: list[int], pictures: NDArray[np.uint8]) -> None:
        from PIL import Image

        for row, picture in zip(rows, pictures, strict=True):
            # Fast compression: most of a map is black. Nothing waits for the disk: maps can be made again.
            path = self._results_dir / _TEMPORARY / map_name(row).rpartition("/")[2]
            Image.fromarray(picture).save(path, format="PNG", compress_level=1)

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while kind is None and self._waiting:
                self._wait()
            if kind is None:
                self._publish()
        finally:
            self._pool.shutdown(cancel_futures=True)
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _publish(self) -> None:
        try:
            remove_maps(self._results_dir)
            self._target().mkdir(exist_ok=True)
            for path in self._temporary.iterdir():
                path.replace(self._target() / path.name)
        except OSError as problem:
            raise self._unwritable(problem) from problem

    def _unwritable(self, problem: OSError) -> InputError:
        return InputError(
            f"evidence maps can't be written ({problem.strerror})",
            code="results_dir",
            where=str(self._target()),
            remedy="free that name, take another results_dir, or set evidence_maps=false",
        )
