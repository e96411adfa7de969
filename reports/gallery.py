# SPDX-License-Identifier: Apache-2.0
"""Which pairs a page shows, and their pictures: every mistake first, then what nearly was one.

A page must stay light with thousands of pairs, so there is a limit on pairs of each sort and on bytes altogether.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pairs.classify_csv import image_file, image_suffix, light_names
from reports.pictures import Picture, PictureFolder, data_uri, difference, heat
from reports.scored_table import EVIDENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pairs.classify_csv import PairRow
    from reports.results import ResultFiles
    from reports.score_axis import ScoreAxis
    from reports.scored_table import Bools, Floats, ScoredTable

BOX_COLUMNS = ("box", "defect_box")
MOST_BOXES = 50
ROWS_FOR_WHITE = 200  # of a table, evenly spread: in these the bit depth of 16-bit pictures shows
_BOX = re.compile(r"\d{1,5} \d{1,5} \d{1,5} \d{1,5}")
SORTS = ("escape", "false_alarm", "flagged", "borderline", "unscored")


@dataclass(frozen=True, slots=True)
class Limits:
    """The most pairs of each sort, and the most bytes of pictures, that a page carries."""

    mistakes: int = 150
    borderline: int = 48
    unscored: int = 24
    picture_bytes: int = 11_000_000


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture as the page carries it, or the reason why there is none."""

    view: str
    uri: str = ""
    width: int = 0
    height: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Light:
    """Golden, test and difference under one lighting; `file_size` is that of the test picture's file."""

    name: str
    shots: tuple[Shot, ...]
    file_size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Card:
    """One pair of the gallery; `sort` is one of SORTS, `boxes` are (x, y, width, height) in pixels of the file."""

    sort: str
    row: PairRow
    defect: bool | None
    score: float | None
    lights: tuple[Light, ...]
    evidence: Shot | None
    boxes: tuple[tuple[int, int, int, int], ...]

    @property
    def picture_bytes(self) -> int:
        """The length of all data URIs."""
        return sum(len(shot.uri) for shot in self.shots())

    def shots(self) -> Iterator[Shot]:
        """Every picture."""
        yield from chain.from_iterable(light.shots for light in self.lights)
        if self.evidence:
            yield self.evidence


@dataclass(frozen=True, slots=True)
class Gallery:
    """The pairs shown, how many of each sort there are in all, and whether the limit on bytes cut it short."""

    cards: tuple[Card, ...]
    counts: dict[str, int]
    cut_by_size: bool
    folder_there: bool

    @property
    def unreadable(self) -> int:
        """Pictures that could not be shown."""
        return sum(bool(shot.reason) for card in self.cards for shot in card.shots() if shot.view != "difference")


def build_gallery(
    results: ResultFiles, table: ScoredTable, threshold: float | None, axis: ScoreAxis, limits: Limits
) -> Gallery:
    """Choose pairs and load their pictures until a limit is reached."""
    sorts = _choose(table, threshold, axis, limits)
    album = _Album(results, table.rows)
    cards: list[tuple[int, Card]] = []
    used, cut = 0, False
    for sort, place in _in_turn(sorts, limits):
        card = album.card(table, sort, place)
        used += card.picture_bytes
        if used > limits.picture_bytes and cards:
            cut = True
            break
        cards.append((place, card))
    order = {place: i for sort in SORTS for i, place in enumerate(sorts.get(sort, ()))}
    cards.sort(key=lambda found: (SORTS.index(found[1].sort), order[found[0]]))
    counts = {sort: len(places) for sort, places in sorts.items()}
    return Gallery(tuple(card for _, card in cards), counts, cut, album.there)


def _choose(table: ScoredTable, threshold: float | None, axis: ScoreAxis, limits: Limits) -> dict[str, list[int]]:
    """Row places by sort, the most telling first."""
    known, defect, score = table.scored, table.defect, table.scores
    unscored = np.flatnonzero(~known)
    sorts = {"unscored": unscored[np.argsort(~defect[unscored], kind="stable")].tolist()}
    if threshold is None:
        return sorts
    flagged = known & (score > threshold)
    wrong = known & (flagged != defect) if table.labelled else flagged
    lowest_first, highest_first = np.argsort(score, kind="stable"), np.argsort(-score, kind="stable")
    if table.labelled:
        sorts["escape"] = [i for i in lowest_first.tolist() if wrong[i] and defect[i]]
        sorts["false_alarm"] = [i for i in highest_first.tolist() if wrong[i] and not defect[i]]
    else:
        sorts["flagged"] = [i for i in highest_first.tolist() if wrong[i]]
    far = np.abs(axis.place(np.nan_to_num(score)) - float(axis.place(np.array([threshold]))[0]))
    far[~known | (wrong if table.labelled else np.zeros_like(wrong))] = np.inf
    shown = set(sorts.get("flagged", ())[: limits.mistakes])
    sorts["borderline"] = [i for i in _nearest(far, defect, limits.borderline) if i not in shown]
    return sorts


def _nearest(far: Floats, defect: Bools, most: int) -> list[int]:
    """The places nearest to the threshold, half of them of each class: the weakest defect is told from a crowd of PASS.

    Where one class has too few, the other fills up.
    """
    order = [i for i in np.argsort(far, kind="stable").tolist() if np.isfinite(far[i])]
    halves = [[i for i in order if defect[i] == bad][: most // 2] for bad in (True, False)]
    kept = set(list(dict.fromkeys([*halves[0], *halves[1], *order]))[:most])
    return [i for i in order if i in kept]


def _in_turn(sorts: dict[str, list[int]], limits: Limits) -> Iterator[tuple[str, int]]:
    """The sorts take turns, so that a limit on bytes leaves some of each."""
    most = {"borderline": limits.borderline, "unscored": limits.unscored}
    queues = [[(sort, i) for i in sorts.get(sort, ())[: most.get(sort, limits.mistakes)]] for sort in SORTS]
    return (found for turn in zip_longest(*queues) for found in turn if found)


class _Album:
    """The pictures of one set of results."""

    def __init__(self, results: ResultFiles, rows: Sequence[PairRow]) -> None:
        self._results = results
        self._images = PictureFolder(results.images_dir)
        self._evidence = PictureFolder(results.results_dir or results.table.parent)
        self._lights = light_names(results.input_map)
        self._candidates: dict[str, list[str]] = {}
        self.there = self._images.there
        spread = rows[:: max(1, len(rows) // ROWS_FOR_WHITE)]
        self._white = self._images.white_level(name for row in spread for name in self._names(row))

    def card(self, table: ScoredTable, sort: str, place: int) -> Card:
        row, score = table.rows[place], float(table.scores[place])
        found = [self._light(row, light) for light in self._lights] if self.there else []
        return Card(
            sort=sort,
            row=row,
            defect=bool(table.defect[place]) if table.labelled else None,
            score=score if np.isfinite(score) else None,
            lights=tuple(light for light, _ in found),
            evidence=self._evidence_shot(row, found[0][1] if found else None),
            boxes=_boxes(row),
        )

    def _names(self, row: PairRow) -> Iterator[str]:
        """The pictures of a row."""
        places = ((row.golden_path, self._golden_name(row)), (row.input_path, row.object_name))
        return (self._path(folder, name, light) for folder, name in places if name for light in self._lights)

    def _path(self, folder: str, name: str, light: str | None) -> str:
        return str(image_file(Path(), folder, name, light, self._results.image_ext))

    def _light(self, row: PairRow, light: str | None) -> tuple[Light, Picture]:
        golden = self._read(row.golden_path, self._golden_name(row), light)
        test = self._read(row.input_path, row.object_name, light)
        shots = (_shot("golden", golden), _shot("test", test), _difference_shot(golden, test))
        return Light(light or "", shots, test.size), test

    def _read(self, folder: str, name: str | None, light: str | None) -> Picture:
        if name is None:
            return Picture(reason="missing")
        return self._images.read(self._path(folder, name, light), self._white)

    def _golden_name(self, row: PairRow) -> str | None:
        """With several golden images to draw from, the first in sorted order stands for them."""
        if self._results.num_golden < 2:
            return row.object_name
        if row.golden_path not in self._candidates:
            suffix = image_suffix(self._lights[0], self._results.image_ext)
            self._candidates[row.golden_path] = self._images.names(row.golden_path, suffix)
        return next(iter(self._candidates[row.golden_path]), None)

    def _evidence_shot(self, row: PairRow, test: Picture | None) -> Shot | None:
        """One map stands for all lightings; it is drawn over the first."""
        name = row.extra.get(EVIDENCE, "")
        if not name:
            return None
        found = self._evidence.read(name)
        if found.image is None:
            return Shot("evidence", reason=found.reason)
        return _shot("evidence", Picture(heat(found.image, test.image if test else None)))


def _shot(view: str, picture: Picture) -> Shot:
    if picture.image is None:
        return Shot(view, reason=picture.reason)
    return Shot(view, data_uri(picture.image), *picture.image.size)


def _difference_shot(golden: Picture, test: Picture) -> Shot:
    if golden.image is None or test.image is None:
        return Shot("difference", reason="needs both")
    return _shot("difference", Picture(difference(golden.image, test.image)))


def _boxes(row: PairRow) -> tuple[tuple[int, int, int, int], ...]:
    text = next(filter(None, map(row.extra.get, BOX_COLUMNS)), "")
    corners = [[int(n) for n in part.split()] for part in text.split(";") if _BOX.fullmatch(part.strip())]
    return tuple((x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in corners[:MOST_BOXES] if x2 > x1 and y2 > y1)
