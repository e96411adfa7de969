# SPDX-License-Identifier: Apache-2.0
"""Steps that are called off: "cancel the export", "stop before exporting", "exportiere bloß nicht"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import BREAK, clause_at, clauses_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token
    from router.vocabulary import Vocabulary

    Grammar = Mapping[str, frozenset[str]]

_STEPS = ("action:", "noun:")
_CARRIED = frozenset({"path", "job"})
_ONLY_ENDS = frozenset({"verb:cancel", "verb:remove"})
_NEVER = (["auf", "keinen", "fall"], ["in", "no", "case"], ["on", "no", "account"])
_NEAR = 3


def with_called_off(tokens: Sequence[Token], mentions: Sequence[Mention], vocabulary: Vocabulary) -> list[Mention]:
    """The mentions, those of steps negated that are not to be taken, and no command where it only calls one off."""
    use = vocabulary.grammar
    refused = {m for m in mentions if m.group.startswith(_STEPS) and _is_refused(tokens, m, use)}
    mentions = [m for m in mentions if not _reaches_over(tokens, m, use)]
    ended = {n for m in refused if _comes_behind(tokens, m, use) for n in clause_at(tokens, m.start)}
    kept = [m for m in mentions if m.group not in _ONLY_ENDS or m.start not in ended]
    kept = [m._replace(negated=True) if m in refused else m for m in kept]
    for clause in clauses_in(tokens):
        named = _called_off(tokens, clause, vocabulary)
        asked = [m for m in kept if m.start < clause.start and m.group.startswith(_STEPS) and _name(m) in named]
        if asked and not all(m.negated for m in asked):
            kept = [m for m in kept if m.start not in clause or m.group not in _ONLY_ENDS]
            kept = [m._replace(negated=True) if m in asked or _is_of(m, clause, named) else m for m in kept]
    return kept


def _name(mention: Mention) -> str:
    return mention.group.partition(":")[2]


def _is_of(mention: Mention, clause: range, named: set[str]) -> bool:
    return mention.start in clause and mention.group.startswith(_STEPS) and _name(mention) in named


def _is_refused(tokens: Sequence[Token], mention: Mention, use: Grammar) -> bool:
    """Whether the words around a step rule it out, or put it off."""
    return (
        _ends_in_no(tokens, mention, use) or _comes_behind(tokens, mention, use) or _is_put_behind(tokens, mention, use)
    )


def _ends_in_no(tokens: Sequence[Token], mention: Mention, use: Grammar) -> bool:
    """German: whether no more than small words stand between a step and a no: "exportiere bloß nicht"."""
    behind = [token.word for token in tokens[mention.end : clause_at(tokens, mention.start).stop]]
    never = behind[-3:] in _NEVER
    if not (never or (behind and behind[-1] in use["ends_in_no"])):
        return False
    return all(word in use["before_no"] for word in behind[: -3 if never else -1])


def _comes_behind(tokens: Sequence[Token], mention: Mention, use: Grammar) -> bool:
    """Whether all is to end ahead of a step: "stop before exporting", "hör vor dem Export auf"."""
    clause = clause_at(tokens, mention.start)
    within = tokens[mention.start].word in use["ahead_of"]  # "vor dem Export"
    place = mention.start if within else mention.start - 1
    while place > clause.start and tokens[place].word in use["articles"]:
        place -= 1
    short = place > clause.start and tokens[place].word == "of" and tokens[place - 1].word == "short"
    if not short and tokens[place].word not in use["ahead_of"]:
        return False
    place -= short
    before = [tokens[n].word for n in range(max(clause.start, place - _NEAR), place)]
    while before and before[-1] in use["right_ahead"]:
        before.pop()
    last = before[-1] if before else ""
    behind = [token.word for token in tokens[mention.end - 1 : clause.stop]]
    return last in use["ends_there"] or (last in use["ceases"] and behind[-1:] == ["auf"])


def _reaches_over(tokens: Sequence[Token], mention: Mention, use: Grammar) -> bool:
    """Whether a phrase that stops something reaches over what all is to end before: "stop right before the export"."""
    first = tokens[mention.start].word in use["ends_there"]
    gap = {tokens[n].word for n in range(mention.start, mention.end) if n not in mention.places}
    return mention.group in _ONLY_ENDS and first and not use["ahead_of"].isdisjoint(gap)


def _is_put_behind(tokens: Sequence[Token], mention: Mention, use: Grammar) -> bool:
    """German: whether somebody does a step later: "exportieren tun wir später", "den Export machen wir morgen"."""
    behind = [token.word for token in tokens[mention.end : clause_at(tokens, mention.start).stop]]
    first = behind[0] if behind else ""
    does = first in use["does_at_last"] and not use["doers"].isdisjoint(behind[1:2])
    comes = first in use["comes_at_last"]
    return (does or comes) and not use["put_to"].isdisjoint(behind[1:])


def _called_off(tokens: Sequence[Token], clause: range, vocabulary: Vocabulary) -> set[str]:
    """The steps that a clause calls off, which says nothing else: "cancel the export", "den Export doch nicht"."""
    use = vocabulary.grammar
    if any(tokens[n].kind in _CARRIED for n in clause) or _is_question(tokens, clause):
        return set()
    words = {n: tokens[n].word for n in clause}
    if (use["calls_off"] | use["ends_in_no"]).isdisjoint(words.values()):
        return set()
    named: set[str] = set()
    left: list[str] = []
    for n, word in words.items():
        names = {m.group.partition(":")[2] for m in _steps_at(tokens, n, vocabulary)}
        if names and word not in use["calls_off"]:
            named |= names
        else:
            left.append(word)
    off = any(word in use["calls_off"] | use["ends_in_no"] for word in left)
    small = use["calls_off"] | use["ends_in_no"] | use["beside_calling_off"] | use["articles"] | use["before_no"]
    return named if off and all(word in small for word in left) else set()


def _steps_at(tokens: Sequence[Token], place: int, vocabulary: Vocabulary) -> Iterator[Mention]:
    """The steps that a single word names, also where a longer phrase that asks for nothing has it: "the export"."""
    return (m for m in vocabulary.patterns.find(tokens[place : place + 1]) if m.group.startswith(_STEPS))


def _is_question(tokens: Sequence[Token], clause: range) -> bool:
    return clause.stop < len(tokens) and tokens[clause.stop].word == BREAK and tokens[clause.stop].text == "?"
