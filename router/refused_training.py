# SPDX-License-Identifier: Apache-2.0
"""Trainings that are ruled out as a whole: not begun, or neither searched nor plain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.colons import ends_refusal
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


def is_cut_off(tokens: Sequence[Token], place: int, vocabulary: Vocabulary) -> bool:
    """Whether a colon ends a refusal of what was spoken of before: "this month skip it: train …", "now I don't: …"."""
    before, use = tokens[place - 1], vocabulary.grammar
    if ends_refusal(tokens, place, use):
        return True
    if place >= len(tokens) or tokens[place].start - before.end <= 1 or not clause_at(tokens, place).start:
        return False
    if (before.spelled or before.word) in use["ends_refusal"]:
        return True
    said = [token.word for token in tokens[max(0, place - _NEAR) : place - 1]]
    while said and said[-1] in use["auxiliaries"]:
        said.pop()
    return before.word in use["not"] and bool(said) and said[-1] in use["first_person"]


def points_ahead(tokens: Sequence[Token], place: int, vocabulary: Vocabulary) -> bool:
    """Whether the word before a place stands for what a colon leads up to, with nothing before: "avoid this: …"."""
    before = tokens[place - 1]
    if (before.spelled or before.word) not in vocabulary.grammar["points_ahead"] or clause_at(tokens, place - 1).start:
        return False
    behind = range(place, min(place + _NEAR, len(tokens)))
    return any(tokens[n].start - tokens[n - 1].end > 1 for n in behind)


def nor_plain(tokens: Sequence[Token], mentions: list[Mention], grammar: Mapping[str, frozenset[str]]) -> list[Mention]:
    """The mentions, a training negated that is ruled out beside a search: "…, auch kein einfaches Training".

    What is only not tuned any more is to be trained: "werden nicht mehr optimiert: PASS/NO_PASS-Klassifikator"; what is
    not to be searched or tuned, and not to be trained once more, rules out no training that other words ask for.
    """
    asked = [m for m in mentions if m.group in {"noun:train", "action:train"} and not m.negated]
    mentions = [
        m
        for m in mentions
        if not (_is_only_not_tuned(tokens, m, grammar) or (asked and _is_other_than(tokens, m, asked, grammar)))
    ]
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


def _is_other_than(
    tokens: Sequence[Token], mention: Mention, asked: Sequence[Mention], grammar: Mapping[str, frozenset[str]]
) -> bool:
    """Whether a denial is of the search, or of one more training: "don't search when you train it", "no retrain"."""
    if not mention.negated or mention.group not in {"action:train", "action:retrain"}:
        return False
    own = {tokens[n].word for n in mention.places}
    if not own.isdisjoint(grammar["tuned_at_all"] | grammar["searches"]):
        return own.isdisjoint(grammar["trains_once_more"]) and all(
            set(m.places).isdisjoint(mention.places) for m in asked
        )
    behind = {token.word for token in tokens[mention.end : mention.end + 1]}  # "no retrain after that"
    later = tokens[mention.start].word in grammar["trains_once_more"] and not grammar["after"].isdisjoint(behind)
    return later and any(
        m.start < mention.start and grammar["trains_once_more"].isdisjoint(tokens[n].word for n in m.places)
        for m in asked
    )


def _is_only_not_tuned(tokens: Sequence[Token], mention: Mention, grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether a verb for tuning is denied, and what a colon behind it names is no object of it."""
    if not mention.negated or mention.group != "action:train" or len(mention.places) < 2:
        return False
    verb = mention.start
    return tokens[verb].word in grammar["tuned_at_all"] and tokens[verb + 1].start - tokens[verb].end > 1
