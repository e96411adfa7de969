# SPDX-License-Identifier: Apache-2.0
"""Phrases that only seem to order something: by what they reach over, or what they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from router.vocabulary import AUTOML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token

_STEPS = frozenset({"noun:evaluate", "noun:inference", "noun:quantize", "action:evaluate", "action:inference"})


class Orders(NamedTuple):
    """The phrases of a request, some of which order nothing where they stand."""

    text: str
    tokens: Sequence[Token]
    found: Sequence[Mention]
    grammar: Mapping[str, frozenset[str]]

    def seeming(self) -> set[Mention]:
        """The phrases that order nothing."""
        ends = {m.end for m in self.found if m.group.startswith("action:")}
        trainings = {m.start for m in self.found if m.group == "action:train"}
        steps = {m.start for m in self.found if m.group in _STEPS}
        return {
            m
            for m in self.found
            if self._is_object(m, ends)
            or self._reaches_over_order(m, trainings)
            or self._goes_on_with(m, steps)
            or self._is_at_end(m)
            or self._is_compound(m)
            or self._names_job(m)
        }

    def _is_object(self, mention: Mention, ends: set[int]) -> bool:
        """Whether a job is that of the order before it, and not made an engine of: "export train-…, engine fp32"."""
        job = self.tokens[mention.start].kind == "job"
        return mention.group == "action:gen_trt_engine" and job and mention.start in ends

    def _reaches_over_order(self, mention: Mention, trainings: set[int]) -> bool:
        """Whether a model's name reaches over an order, or verdicts reach over a search.

        "last: first train the classifier", "let AutoML run over the classifier"
        """
        inside = set(range(mention.start, mention.end)) - set(mention.places)
        if mention.group == "action:inference":
            return any(self.tokens[n].word in self.grammar["tunes"] | {AUTOML} for n in inside)
        return mention.group.startswith("parent:") and not trainings.isdisjoint(inside)

    def _goes_on_with(self, mention: Mention, steps: set[int]) -> bool:
        """Whether a chain goes on with a step, and no job does: "mach mit der Auswertung auf ./b weiter"."""
        inside = range(mention.start, mention.end)
        over = not steps.isdisjoint(inside) and not any(self.tokens[n].kind == "job" for n in inside)
        return mention.group == "verb:resume" and over

    def _is_at_end(self, mention: Mention) -> bool:
        """Whether a word says when, and ends nothing: "at the very end export it"."""
        before = self.tokens[max(0, mention.start - 1) : mention.start]
        ends = mention.group == "verb:cancel" and self.tokens[mention.start].word in self.grammar["ends"]
        return ends and any(token.word in self.grammar["at_end"] for token in before)

    def _is_compound(self, mention: Mention) -> bool:
        """Whether what may be an order is the head of a compound: "der Klassifikator für die Golden-Vergleiche"."""
        if mention.group not in {"verb:inspect", "verb:compare"} or not mention.start:
            return False
        return self.text[self.tokens[mention.start - 1].end : self.tokens[mention.start].start] == "-"

    def _names_job(self, mention: Mention) -> bool:
        """Whether what may be a training only says what kind of job is named: "evaluate train job train-…"."""
        behind = self.tokens[mention.end : mention.end + 2]
        named = len(behind) > 1 and behind[0].word in self.grammar["of_a_job"] and behind[1].kind == "job"
        return named and mention.group == "action:train" and mention.start > 0
