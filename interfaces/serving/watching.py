# SPDX-License-Identifier: Apache-2.0
"""A folder that a line fills: each part that comes is inspected once, its result put beside it and a row in a table.

A picture that can't be used is set aside. Where model, golden image and pictures don't fit, no picture is to blame:
until the model has judged any, such pictures stay where they are, without a row, and are told once for each cause.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.errors import ChangenetError, ImageError
from core.files import write_bytes, write_json
from core.served_pairs import Judged, Pair, Picture
from core.verdicts import NO_PASS, PASS, UNLIKE, UNREGISTERED, UNSEEN
from interfaces.serving.arrivals import OVERLAY, Arrivals
from interfaces.serving.ledger import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from threading import Event

    from interfaces.serving.arrivals import Part
    from interfaces.serving.ledger import Ledger
    from interfaces.serving.steady import SteadyScorer
    from interfaces.serving.watched_goldens import WatchedGoldens

TABLE, SET_ASIDE = "inspected.csv", "set-aside"
NOT_INSPECTED = "NOT_INSPECTED"
_MOST_BYTES = 256 << 20
_PATIENCE = 30.0  # seconds after its last change in which a picture that can't be read may still get better
_LOOKS = 2  # within the settling time
_UNFIT = frozenset({UNLIKE, UNSEEN, UNREGISTERED, "data.lightings"})  # what a whole line may show


@dataclass(slots=True)
class Counts:
    """What a watch has done."""

    inspected: int = 0
    no_pass: int = 0
    set_aside: int = 0
    waiting: int = 0
    unfit: int = 0  # of those that wait: model, golden image and picture don't fit
    without_golden: int = 0


@dataclass(slots=True)
class Watch:
    """See the module.

    `overlays` are written as well where they are wanted; `settle` are seconds, see `Arrivals`; `say` tells people.
    """

    folder: Path
    model: str
    scorer: SteadyScorer
    ledger: Ledger
    goldens: WatchedGoldens
    arrivals: Arrivals
    say: Callable[[str], None]
    settle: float
    batch: int = 16
    overlays: bool = False
    counts: Counts = field(default_factory=Counts)
    _told: set[str] = field(default_factory=set)
    _held: dict[tuple[Part, str], None] = field(default_factory=dict)  # by part and golden image
    _fits: bool = False

    def __post_init__(self) -> None:
        self._fits = self.ledger.has_judged(self.model)

    def until(self, ended: Event) -> None:
        """Watch until `ended` is set; what was begun is finished."""
        while not ended.is_set():
            if not self.look(ended):
                ended.wait(self.settle / _LOOKS)

    def once(self, ended: Event) -> None:
        """Inspect what is there, and whole."""
        self.arrivals.look()
        ended.wait(self.settle)
        before = self._fits
        self.look(ended)
        if self._fits and not before:  # pictures that were held have their turn
            self.look(ended)

    def look(self, ended: Event) -> int:
        """Inspect all parts that are whole; returns how many were done with."""
        whole, coming = self.arrivals.look()
        todo = [part for part in whole if not self._is_done(part)]
        done = self.counts.without_golden = 0
        for start in range(0, len(todo), self.batch):
            if not ended.is_set():
                done += self._inspect(todo[start : start + self.batch])
        self.counts.waiting = coming + len(todo) - done
        self.counts.unfit = len(self._held)
        return done

    def _is_done(self, part: Part) -> bool:
        verdict = self.ledger.verdict_of(part)
        if verdict == NOT_INSPECTED:  # and the process was ended before it could set it aside
            self._set_aside(part)
        return verdict is not None

    def _inspect(self, parts: Sequence[Part]) -> int:
        """Inspect parts together; returns how many were done with."""
        ready: list[tuple[Part, str, Pair]] = []
        refused: list[tuple[Part, str, ChangenetError]] = []
        for part in parts:
            try:
                pair = self._pair(part)
            except OSError:
                continue  # it has gone, or can't be read just now
            except ChangenetError as error:
                refused.append((part, "", error))
                continue
            if pair and (part, pair[1].golden.name) not in self._held:
                ready.append((part, *pair))
        answers = self.scorer.judge([pair for _, _, pair in ready]) if ready else []
        judged = [(part, golden, answer) for (part, golden, _), answer in zip(ready, answers, strict=True)]
        refused += [(part, golden, answer) for part, golden, answer in judged if isinstance(answer, ChangenetError)]
        good = [(part, golden, answer) for part, golden, answer in judged if isinstance(answer, Judged)]
        if good and not self._fits:
            self._fits = True
            self._held.clear()
        for (part, _, asked), answer in zip(ready, answers, strict=True):
            if isinstance(answer, ChangenetError) and self._holds(answer):
                self._hold(part, asked, answer)
        refused = [(part, golden, error) for part, golden, error in refused if not self._holds(error)]
        hopeless = [(part, golden, error) for part, golden, error in refused if self._is_hopeless(part)]
        self._record(good, hopeless)
        return len(good) + len(hopeless)

    def _pair(self, part: Part) -> tuple[str, Pair] | None:
        found = self.goldens.of(part)
        if found is None:
            self.counts.without_golden += 1
            self._tell_once(f"{part.name} waits: there is no golden image of this name")
            return None
        if part.stamp.size > _MOST_BYTES:
            raise ImageError(
                f"the picture has more than {_MOST_BYTES:,} bytes", where=part.name, remedy="scale it down"
            )
        test = tuple(Picture(file.read_bytes()) for file in part.files)
        return found[0], Pair(test, found[1], self.overlays)

    def _holds(self, error: ChangenetError) -> bool:
        """Whether a part is not to blame for what is wrong."""
        of_golden = str(error.where or "").startswith("golden")
        return of_golden or (error.code in _UNFIT and not self._fits)

    def _hold(self, part: Part, pair: Pair, error: ChangenetError) -> None:
        self._held[part, pair.golden.name] = None
        cause = f"{error.code} {error.where}"
        if cause not in self._told:
            self._told.add(cause)
            told = f"WARNING {part.name} is not inspected, and stays where it is: {error.message}"
            self.say(f"{told}. If that holds for others, the model or the golden image does not fit: {error.remedy}")

    def _is_hopeless(self, part: Part) -> bool:
        """Whether a picture that can't be used is old enough not to be one that is still written, slowly."""
        age = time.time() - part.stamp.modified / 1e9
        return age >= _PATIENCE or age < 0  # a clock that goes wrong tells nothing

    def _record(
        self, good: Sequence[tuple[Part, str, Judged]], hopeless: Sequence[tuple[Part, str, ChangenetError]]
    ) -> None:
        """Results beside the pictures first, then the rows, which make them count; broken pictures go last."""
        rows = []
        for part, golden, answer in good:
            row = self._row(part, golden, answer.verdict)
            row = replace(row, score=f"{answer.score:.9g}", threshold=f"{answer.threshold:.9g}")
            self._write_result(part, row, answer)
            for warning in answer.warnings:
                self.say(f"WARNING {part.name}: {warning}")
            rows.append(row)
        for part, golden, error in hopeless:
            row = self._row(part, golden, NOT_INSPECTED)
            rows.append(replace(row, reason=f"{error.message} ({error.code})"))
            self.say(f"{part.name} is set aside: {error.message}")
        if rows:
            self.ledger.add(rows)
        for part, _, _ in hopeless:
            self._set_aside(part)
        for row in rows:
            self.counts.inspected += row.verdict in {PASS, NO_PASS}
            self.counts.no_pass += row.verdict == NO_PASS
            if row.verdict != NOT_INSPECTED:
                self.say(f"{row.name}: {row.verdict}, score {row.score}")

    def _row(self, part: Part, golden: str, verdict: str) -> Row:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return Row(now, part.name, *part.stamp, verdict, "", "", golden, self.model)

    def _write_result(self, part: Part, row: Row, answer: Judged) -> None:
        if answer.overlay:
            write_bytes(self.folder / f"{part.name}{OVERLAY}", answer.overlay)
        document = {
            "name": row.name,
            "time": row.time,
            "verdict": row.verdict,
            "score": answer.score,
            "threshold": answer.threshold,
            "golden": row.golden,
            "model": row.model,
            "regions": answer.regions,
            "warnings": answer.warnings,
        }
        write_json(self.folder / f"{part.name}.json", document)

    def _set_aside(self, part: Part) -> None:
        aside = self.folder / SET_ASIDE
        aside.mkdir(exist_ok=True)
        for file in part.files:
            target = aside / file.name
            for number in range(1, 10_000):
                if not target.exists():
                    break
                target = aside / f"{file.stem}-{number}{file.suffix}"
            with suppress(FileNotFoundError):
                os.replace(file, target)  # noqa: PTH105 - beside the other calls of os
        self.counts.set_aside += 1

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self.say(text)
