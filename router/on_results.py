# SPDX-License-Identifier: Apache-2.0
"""Steps that are to depend on a result, which no plan keeps: "export it only if recall is 100 %"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import sentence_begin, sentence_end
from router.word_stems import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.asked_steps import Step
    from router.reading import Reading

_FIGURES = frozenset({"value:recall", "value:false_alarms"})
_NEAR = 6


def depends_on(reading: Reading, steps: Sequence[Step]) -> str:
    """The user's own words that let a step depend on how good a model is; nothing where none do."""
    use = reading.grammar
    figures = {m.start for m in reading.of("value") if m.group in _FIGURES}
    for place, token in enumerate(reading.tokens):
        if token.kind != "word" or token.word not in use["lets_depend"] or place in reading.told | reading.theirs:
            continue
        sentence = range(sentence_begin(reading.tokens, place), sentence_end(reading.tokens, place))
        asks = place and reading.tokens[place - 1].word in use["asks_whether"]  # "tell me if it is good"
        if asks or not any(step.place in sentence for step in steps):
            continue
        stop = min(reading.clause(place)[1], place + 1 + 2 * _NEAR)
        inside = range(place + 1, stop)
        words = {reading.tokens[n].word for n in inside}
        measured = any(n in figures for n in inside) or not use["how_good"].isdisjoint(words)
        result = not use["of_results"].isdisjoint(words)
        if inside and measured and (result or any(n in figures for n in inside)):
            return quoted(reading, place, stop - 1)
    return ""
