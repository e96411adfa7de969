# SPDX-License-Identifier: Apache-2.0
"""What is said behind "with" or "without" of a step, and nothing takes up: "train on ./lot with a smaller model"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.asked_steps import Step
    from router.reading import Reading

_BESIDE = frozenset({"remark"})  # phrases that say nothing of how it is done
_PLACE, _ENOUGH = 3, 2


def not_taken_up(reading: Reading, steps: Sequence[Step]) -> tuple[str, ...]:
    """The user's own words of such phrases, in the clauses of what is asked for."""
    if not steps or not reading.tokens:
        return ()
    if reading.grammar["along"].isdisjoint(token.word for token in reading.tokens):
        return ()
    taken = {n for m in reading.mentions if m.group.partition(":")[0] not in _BESIDE for n in m.places}
    found = dict.fromkeys(run for step in steps if not step.command for run in _runs(reading, step.place))
    return tuple(
        reading.text[reading.tokens[run.start].start : reading.tokens[run.stop - 1].end]
        for run in found
        if taken.isdisjoint(run) and reading.told.isdisjoint(run) and _says_how(reading, run)
    )


def _runs(reading: Reading, place: int) -> Iterator[range]:
    """The tokens from such a word up to the next preposition or joining word, in the clause of a verb."""
    _, stop = reading.clause(place)
    ends = reading.grammar["prepositions"] | reading.grammar["joins_steps"]
    for start in range(place, stop):
        if reading.tokens[start].word in reading.grammar["along"]:
            end = next((n for n in range(start + 1, stop) if reading.tokens[n].word in ends), stop)
            if not any(token.kind in {"path", "job"} for token in reading.tokens[end : end + _PLACE]):
                yield range(start, end)  # and not "with the pairs in ./lot"


def _says_how(reading: Reading, run: range) -> bool:
    """Whether there are words alone, and enough of them to say how: "with larger images", not "with the model"."""
    tokens = [reading.tokens[n] for n in run]
    empty = reading.grammar["articles"] | reading.grammar["pronouns"]
    said = [token for token in tokens[1:] if token.word not in empty]
    lacking = tokens[0].word in reading.grammar["lacking"]
    return all(token.kind == "word" for token in tokens) and len(said) >= (1 if lacking else _ENOUGH)
