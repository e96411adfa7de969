# SPDX-License-Identifier: Apache-2.0
"""What a request reserves: a part that is to stay, a condition, a time, an approval; or that it only asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from router.tokens import clause_at, sentence_begin, sentence_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.patterns import Mention
    from router.reading import Reading
    from router.vocabulary import Vocabulary


class Reserved(NamedTuple):
    """The phrases of a request that reserve something, by kind."""

    reading: Reading
    found: dict[str, list[Mention]]

    def of(self, kind: str) -> list[Mention]:
        """The phrases of a kind, in their order, without those that are only courteous."""
        polite = [m for m in self.found.get("courtesy", ()) if kind in {"condition", "time", "kept"}]
        return [m for m in self.found.get(kind, ()) if not any(_shares(m, one) for one in polite)]

    def about(self, kind: str, place: int) -> Iterator[Mention]:
        """The phrases of a kind in the sentence of a verb that belong to it, and not to what only tells something."""
        tokens = self.reading.tokens
        sentence = range(sentence_begin(tokens, place), sentence_end(tokens, place))
        theirs = clause_at(tokens, place)
        for mention in self.of(kind):
            if mention.start not in sentence:
                continue
            clause = clause_at(tokens, mention.start)
            before = {tokens[n].word for n in range(clause.start, mention.start)}
            if clause == theirs or before <= self.reading.grammar["before_reserving"]:
                yield mention


def reserved(reading: Reading, vocabulary: Vocabulary) -> Reserved:
    """What a request reserves."""
    found: dict[str, list[Mention]] = {}
    for mention in vocabulary.reservations.find(reading.tokens):
        found.setdefault(mention.group, []).append(mention)
    for mentions in found.values():
        mentions.sort(key=lambda m: m.places)
    return Reserved(reading, found)


def to_end_of_clause(reading: Reading, mention: Mention) -> str:
    """The user's own words from a phrase to the end of its clause."""
    stop = max(clause_at(reading.tokens, mention.start).stop, mention.end)
    return reading.text[reading.tokens[mention.start].start : reading.tokens[stop - 1].end]


def _shares(one: Mention, other: Mention) -> bool:
    return not set(one.places).isdisjoint(range(other.start, other.end))
