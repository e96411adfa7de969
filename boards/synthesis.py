# SPDX-License-Identifier: Apache-2.0
"""From settings to a finished data set: plan all boards, spread the defects, render, then show it in one step."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from boards.assignment import assign_defects, split_boards
from boards.dataset import RECORD, Row, board_name, board_sites, write_board, write_record, write_tables
from boards.settings import SynthesisSettings, SynthesisSummary
from core.errors import InputError
from core.verdicts import PASS
from pairs.layout import SPLITS
from pairs.new_folder import new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

_T = TypeVar("_T")


def synthesize(
    out: Path, settings: SynthesisSettings, progress: Callable[[int, int], None] | None = None
) -> SynthesisSummary:
    """Write a synthetic data set to `out`.

    The folder appears only when everything is written. `progress(done, total)` is called after every board.

    Raises:
        DataError: `out` holds something else, or can't be written.
        InputError: no component can have a defect although a defect rate is asked for.
    """
    with new_folder(out, marker=RECORD, force=settings.force) as folder:
        splits = split_boards(settings)
        total = 2 * settings.boards
        sites = _each(
            settings, partial(board_sites, settings), [(k,) for k in range(settings.boards)], (0, total), progress
        )
        defects = assign_defects(settings, splits, sites)
        _check_defects(settings, sum(len(per_site) for per_site in defects.values()), sum(map(len, sites)))
        tasks = [
            (k, {u: defects.get((k, u), {}) for u in range(settings.units)}, folder) for k in range(settings.boards)
        ]
        written = _each(settings, partial(write_board, settings), tasks, (settings.boards, total), progress)
        rows = [row for board in written for row in board]
        write_tables(settings, splits, rows, folder)
        summary = _summary(out, settings, splits, rows)
        write_record(folder, {"settings": settings.as_dict(), "summary": _record(summary)})
    return summary


def _each(
    settings: SynthesisSettings,
    work: Callable[..., _T],
    tasks: Sequence[tuple[Any, ...]],
    place: tuple[int, int],
    progress: Callable[[int, int], None] | None,
) -> list[_T]:
    """Do the same for all boards, in their order, in one process or in several."""
    done, results = place[0], []
    with closing(_mapped(settings.jobs, work, tasks)) as finished:  # workers end before their folder is removed
        for result in finished:
            results.append(result)
            done += 1
            if progress:
                progress(done, place[1])
    return results


def _mapped(jobs: int, work: Callable[..., _T], tasks: Sequence[tuple[Any, ...]]) -> Generator[_T]:
    if jobs == 1:
        yield from (work(*task) for task in tasks)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Spawned, not forked: the caller may have threads, of OpenMP for one.
    with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(work, *task) for task in tasks]
        try:
            yield from (future.result() for future in futures)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _check_defects(settings: SynthesisSettings, found: int, sites: int) -> None:
    pairs = sites * settings.units
    wanted = int(settings.defect_rate * pairs + 0.5)
    if found < wanted:
        what = f"only {found} of {pairs} sites can have one of these defects, {wanted} are asked for"
        remedy = "a lower defect_rate, more defect types, or more boards"
        raise InputError(what, code="data.synthesis", where="defect_rate", remedy=remedy)


def _summary(out: Path, settings: SynthesisSettings, splits: dict[int, str], rows: list[Row]) -> SynthesisSummary:
    of_board = {board_name(number): split for number, split in splits.items()}
    labels = {split: Counter(row.label for row in rows if of_board[row.board] == split) for split in SPLITS}
    boards = {name: _board_counts(rows, name, split) for name, split in sorted(of_board.items())}
    goldens = len({(row.board, row.name) for row in rows})
    pictured = {(row.board, row.unit) for row in rows}
    listed = (
        [of_board[row.board] for row in rows] if settings.task == "classify" else [of_board[b] for b, _ in pictured]
    )
    images = (len(rows) + goldens) * len(settings.lights)
    return SynthesisSummary(
        out=out,
        task=settings.task,
        style=settings.style,
        seed=settings.seed,
        lights=settings.lights,
        pairs=len(rows),
        defects=sum(row.label != PASS for row in rows),
        images=images if settings.task == "classify" else 3 * len(pictured),
        splits={split: dict(sorted(count.items())) for split, count in labels.items()},
        rows={split: listed.count(split) for split in SPLITS},
        boards=boards,
    )


def _board_counts(rows: list[Row], name: str, split: str) -> dict[str, Any]:
    mine = [row for row in rows if row.board == name]
    return {"split": split, "pairs": len(mine), "defects": sum(row.label != PASS for row in mine)}


def _record(summary: SynthesisSummary) -> dict[str, Any]:
    """The summary without where it lies: the same seed gives the same bytes anywhere."""
    return {key: value for key, value in summary.as_dict().items() if key != "out"}
