# SPDX-License-Identifier: Apache-2.0
"""Trainings that are ruled out as a whole: not begun, or neither searched nor plain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import clause_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token
    from router.vocabulary import Vocabulary

_NEAR = 3


def is_never_begun(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a clause begins with what its last words do not start: "das Tuning für die Masken nicht anwerfen"."""
    clause = clause_at(tokens, mention.start)
    before = {tokens[n].word for n in range(clause.start, mention.start)}
    if (
        len(clause) <= len(mention.places) + 2
        or not before <= vocabulary.grammar["articles"] | vocabulary.negation_fillers
    ):
        return False
    asks = mention.group.startswith(("action", "noun", "policy:on", "policy:named"))
    ends = [token.word for token in tokens[clause.stop - 2 : clause.stop]]
    said = tokens[clause.start].text[0].isupper() or bool(before) or clause.start == 0
    return asks and said and ends[0] in vocabulary.post_negations and ends[1] in vocabulary.grammar["sets_going"]


def nor_plain(tokens: Sequence[Token], mentions: list[Mention], grammar: Mapping[str, frozenset[str]]) -> list[Mention]:
    """The mentions, a training negated that is ruled out beside a search: "…, auch kein einfaches Training"."""
    ruled_out = []
    for one in mentions:
        before = {token.word for token in tokens[max(0, one.start - _NEAR) : one.start]}
        behind = {token.word for token in tokens[one.end : one.end + 2]}
        nor = one.negated and (before & grammar["nor"] or behind & grammar["nor_behind"])
        clause = {tokens[n].word for n in range(clause_at(tokens, one.start).start, one.start)}
        if one.group == "policy:off" and (nor or clause & grammar["neither"]):
            ruled_out.append(one)
    if not ruled_out:
        return mentions
    trained = {n for one in ruled_out for n in range(one.start, one.end + 1)}
    gone = [m for m in mentions if m.group in {"noun:train", "action:train"} and m.start in trained]
    return [m._replace(negated=m.negated or m in gone) for m in mentions if not (gone and m in ruled_out)]
