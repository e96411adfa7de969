# SPDX-License-Identifier: Apache-2.0
"""Puts the phrases that ask for steps in the order in which these are to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.openings import (
    begins_all,
    ends_all,
    goes_between,
    goes_on_then,
    opens_with_before,
    stems_from,
    turns_back_to,
)
from router.order import comes_first, comes_later, has_run_before

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.patterns import Mention
    from router.reading import Reading


def in_sequence(reading: Reading, found: Sequence[Mention]) -> list[Mention]:
    """The first phrase of each step, by words such as "before" and "after" in the order in which the steps are to run.

    A step that is put ahead goes to the front; with "before that", or in between, ahead of the one said before it.
    """
    sequence = _Sequence(reading)
    for mention in _turned_round(reading, found):
        sequence.take(mention)
    return [*sequence.order, *sequence.later]


@dataclass(slots=True)
class _Sequence:
    """The steps so far, those that come `later` than all others apart.

    Of the steps in order some were put `ahead` of all, some of these by words such as "to begin with" (`begun`), and
    some ahead of the one said before (`back`). The next one goes ahead of `upon`: "before the export …".
    """

    reading: Reading
    order: list[Mention] = field(default_factory=list)
    later: list[Mention] = field(default_factory=list)
    ahead: list[Mention] = field(default_factory=list)
    begun: list[Mention] = field(default_factory=list)
    back: list[Mention] = field(default_factory=list)
    previous: Mention | None = None
    upon: Mention | None = None

    def take(self, mention: Mention) -> None:
        """Put a phrase where it belongs, if its step is not there yet."""
        known = next((m for m in (*self.order, *self.later) if _name(m) == _name(mention)), None)
        last = comes_later(self.reading, mention, first=not (self.order or self.later))
        if known and last and opens_with_before(self.reading, mention):
            self.upon = known  # "…, and before the evaluation a training"
        elif known and last and known in self.order:
            self.order.remove(known)  # "let it classify ./lot, and evaluate it before classifying"
            self.later.append(known)
        elif not known:
            self._place(mention, last=last or (bool(self.later) and ends_all(self.reading, mention)))
            self.previous = mention

    def _place(self, mention: Mention, *, last: bool) -> None:
        if self.upon:
            self._before(self.upon, mention)
            self.upon = None
        elif last:
            self.later.append(mention)
        elif not (self.previous and self._beside(self.previous, mention)):
            self._by_itself(mention)

    def _beside(self, previous: Mention, mention: Mention) -> bool:
        """Put a phrase beside the one said before it, where its words say so."""
        reading = self.reading
        if previous in self.begun and goes_on_then(reading, mention):
            self.begun.append(mention)  # "an export. First train it, then evaluate it"
            self._behind(previous, mention)
        elif previous in self.back and self._clause(previous) == self._clause(mention):
            self.back.append(mention)  # "before it there's a training and an evaluation"
            self._behind(previous, mention)
        elif turns_back_to(reading, mention) or goes_between(reading, mention):
            self.back.append(mention)
            self.order.insert(self.order.index(previous) if previous in self.order else len(self.order), mention)
        elif stems_from(reading, mention.start):
            self._before(previous, mention)
        else:
            return False
        return True

    def _by_itself(self, mention: Mention) -> None:
        if not self.order or not (comes_first(self.reading, mention) or has_run_before(self.reading, mention)):
            self.order.append(mention)
            return
        beside = [m for m in self.ahead if m in self.order and self._clause(m) == self._clause(mention)]
        self.ahead.append(mention)  # "after it has been trained and exported"
        self.order.insert(self.order.index(beside[-1]) + 1 if beside else self._front(mention), mention)
        self.begun += [mention] if begins_all(self.reading, mention) else []

    def _front(self, mention: Mention) -> int:
        """The place of what is put ahead: behind a training that other steps follow, whose model it is about as well.

        "train it, export it, but evaluate it first"
        """
        if len(self.order) < 2 or not _name(self.order[0]).endswith("train"):
            return 0
        clause, reading = range(*self._clause(mention)), self.reading
        own = any(reading.tokens[n].kind == "job" for n in clause)
        return 0 if own or any(m.start in clause for m in reading.of("parent")) else 1

    def _clause(self, mention: Mention) -> tuple[int, int]:
        return self.reading.clause(mention.start)

    def _before(self, other: Mention, mention: Mention) -> None:
        theirs = self.order if other in self.order else self.later
        theirs.insert(theirs.index(other), mention)

    def _behind(self, other: Mention, mention: Mention) -> None:
        self.order.insert(self.order.index(other) + 1, mention)


def _turned_round(reading: Reading, found: Sequence[Mention]) -> Sequence[Mention]:
    """The phrases behind a word that turns the order round, where they name all steps again: "no, vice versa: …"."""
    turn = next((n for n, token in enumerate(reading.tokens) if token.word in reading.grammar["turned_round"]), None)
    again = [m for m in found if turn is not None and m.start > turn]
    return again if again and {_name(m) for m in again} == {_name(m) for m in found} else found


def _name(mention: Mention) -> str:
    return mention.group.partition(":")[2]
