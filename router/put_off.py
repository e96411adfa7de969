# SPDX-License-Identifier: Apache-2.0
"""What is not to be done now: what a clause puts off, leaves to others or denies, and what is not to be heeded."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.colons import refusal_ends_between
from router.denied import is_denied
from router.tokens import clause_at, sentence_begin, sentence_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token

    Grammar = Mapping[str, frozenset[str]]

_ASKING = ("action:", "named:", "noun:", "verb:")
_HEARD = (*_ASKING, "engine")
_LEFT = (*_HEARD, "task:")
_STATES = frozenset({"verb:status", "verb:diagnose", "verb:result"})
_NEAR, _SHORT, _OPENING = 4, 2, 2


def with_put_off(tokens: Sequence[Token], mentions: Sequence[Mention], grammar: Grammar) -> list[Mention]:
    """The mentions, those negated which ask for what is not to be done now."""
    asking = [m for m in mentions if m.group.startswith(_ASKING)]
    mentions = [m for m in mentions if not _is_condition(tokens, m, asking, grammar)]
    gone = {m for m in asking if is_denied(tokens, m, asking, grammar)}
    left = [_part(tokens, m, grammar) for m in asking if _is_left(tokens, m, grammar)]
    left += [clause_at(tokens, c.start - 2) for c in left if _follows_condition(tokens, c, grammar)]
    gone |= {m for m in mentions if m.group.startswith(_LEFT) and any(m.start in clause for clause in left)}
    for one in mentions:
        if one.group == "put_off":
            gone.update(_postponed(tokens, one, asking, grammar))
        elif one.group == "done_already":
            begin = sentence_begin(tokens, one.start)
            gone.update(m for m in asking if begin <= m.start < one.start)
        elif one.group == "unheeded":
            heard = [m for m in mentions if m.group.startswith(_HEARD)]
            gone.update(_unheeded(tokens, one, heard, grammar))
    asked = {_name(m) for m in asking if m not in gone and not m.negated}
    kept = [m for m in mentions if m not in gone or _name(m) not in asked]  # "Export? No. Export it on Monday."
    return [m._replace(negated=True) if m in gone else m for m in kept]


def _name(mention: Mention) -> str:
    return mention.group.partition(":")[2]


def left_to_others(tokens: Sequence[Token], mentions: Sequence[Mention], grammar: Grammar) -> set[int]:
    """The tokens of clauses that leave to others all that they speak of."""
    asking = [m for m in mentions if m.group.startswith(_ASKING)]
    left = [_part(tokens, m, grammar) for m in asking if m.negated and _is_left_to(tokens, m, grammar)]
    return {n for clause in left for n in clause if not any(m.start in clause and not m.negated for m in asking)}


def _is_condition(tokens: Sequence[Token], mention: Mention, asking: Sequence[Mention], grammar: Grammar) -> bool:
    """Whether a clause only says in which case something else is asked for, or what is supposed.

    "if train-… still runs, cancel it", "it should be through; what did it find?"
    """
    clause = clause_at(tokens, mention.start)
    opening = {tokens[n].word for n in clause[:_OPENING]}  # "erst wenn train-… fertig ist, …"
    first = opening & (grammar["conditions"] | grammar["in_case"])
    supposed = mention.group == "verb:status" and not grammar["supposed"].isdisjoint(tokens[n].word for n in clause)
    said = {token.word for token in tokens[mention.start : mention.end]}
    state = mention.group in _STATES or (mention.group == "verb:data_check" and bool(said & grammar["be"]))
    return state and (bool(first) or supposed) and any(m.start >= clause.stop for m in asking)


def _part(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> range:
    """The clause of a mention from the last word such as "and" or "but" before it on."""
    clause = clause_at(tokens, mention.start)
    joins = grammar["joins_steps"] | grammar["contrasts"]
    joined = (n + 1 for n in range(mention.start - 1, clause.start - 1, -1) if tokens[n].word in joins)
    return range(next(joined, clause.start), clause.stop)


def _postponed(
    tokens: Sequence[Token], said: Mention, asking: Sequence[Mention], grammar: Grammar
) -> Iterator[Mention]:
    """What the words before a phrase such as "can wait" ask for: "exporting and evaluating it can wait"."""
    clause, end = clause_at(tokens, said.start), sentence_end(tokens, said.end)
    opening = {tokens[n].word for n in clause[:_OPENING]}
    question = end < len(tokens) and tokens[end].text == "?"
    if question or opening & (grammar["conditions"] | grammar["awaits"]):
        return
    until = next((n for n in range(said.end, end) if tokens[n].word in grammar["until"]), end)
    if any(until < m.start < end for m in asking):
        return  # "the export can wait until it is evaluated"
    joins = grammar["joins_steps"] | grammar["articles"] | grammar["choice"]
    before = said.start
    for mention in sorted((m for m in asking if m.start in clause and m.start < said.start), key=lambda m: -m.start):
        if before < said.start and any(tokens[n].word not in joins for n in range(mention.end, before)):
            return
        if before == said.start and {tokens[n].word for n in range(mention.end, before)} & grammar["joins_steps"]:
            return  # "train it on ./a and the rest can wait"
        before = mention.start
        yield mention


def _is_left(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether its clause leaves it to others, to another time, or open: "next week we'll export it"."""
    clause = _part(tokens, mention, grammar)
    words = [tokens[n].word for n in clause]
    if (grammar["wishes"] - grammar["will"]).intersection(words) or not grammar["until"].isdisjoint(words):
        return False
    return (
        _is_open(tokens, clause, words, grammar)
        or _is_for_later(words, mention.start - clause.start, grammar)
        or _is_done_by_others(words, grammar)
        or _is_left_to(tokens, mention, grammar)
    )


def _follows_condition(tokens: Sequence[Token], clause: range, grammar: Grammar) -> bool:
    """Whether the clause before one only says in which case: "if it has to be faster, we'll quantize it later"."""
    if clause.start < 2 or tokens[clause.start - 1].text != ",":
        return False
    return tokens[clause_at(tokens, clause.start - 2).start].word in grammar["conditions"] | grammar["awaits"]


def _is_open(tokens: Sequence[Token], clause: range, words: Sequence[str], grammar: Grammar) -> bool:
    """Whether somebody is still to decide on it: "whether we export it I'll decide later", "ob daraus … wird, …"."""
    if grammar["whether"].isdisjoint(words[:1]):
        return False
    behind = [tokens[n].word for n in range(clause.start, min(sentence_end(tokens, clause.start), len(tokens)))]
    return not grammar["decides_later"].isdisjoint(behind)


def _is_for_later(words: Sequence[str], here: int, grammar: Grammar) -> bool:
    """Whether somebody says that he will do it at a later time: "we'll quantize it next week", "später noch"."""
    late = not grammar["later_times"].isdisjoint(words)
    late = late or any(a in grammar["next"] and b in grammar["periods"] for a, b in pairwise(words))
    will = any(a in grammar["doers"] and b in grammar["will"] for a, b in pairwise(words[: here + 1]))
    german = any(a in grammar["doers"] for a in words[here + 1 : here + 2]) and words[here] in grammar["does_first"]
    maybe = late and not grammar["hesitates"].isdisjoint(words[-1:])
    third = any(a in grammar["third"] and b in grammar["will"] for a, b in pairwise(words[: here + 1]))
    return third or maybe or (late and (will or german))


def _is_done_by_others(words: Sequence[str], grammar: Grammar) -> bool:
    """Whether it will be done by somebody: "the masks' model will be trained by the university"."""
    passive = any(a in grammar["will"] and b in grammar["passive"] for a, b in pairwise(words))
    behind = words[words.index("by") + 1 :] if "by" in words else []
    return passive and bool(grammar["articles"].intersection(behind[:1]))


def _is_left_to(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether somebody else is to do it: "leave the export to Marta", "Marta handles the export"."""
    clause = _part(tokens, mention, grammar)
    before = [tokens[n].word for n in range(clause.start, mention.start)]
    behind = [tokens[n].word for n in range(mention.end, clause.stop)]
    end = sentence_end(tokens, clause.stop)
    if end < len(tokens) and tokens[end].text == "?":
        return False
    leaves = not grammar["leaves"].isdisjoint(before[-_NEAR:]) and not grammar["to_others"].isdisjoint(behind[:1])
    does = len(before) > _OPENING and before[1] in grammar["takes_over"] and grammar["articles"] >= set(before[2:])
    does = does and before[0] not in grammar["addressed"]
    german = not grammar["takes_it_on"].isdisjoint(behind[:1]) and grammar["addressed"].isdisjoint(behind)
    return leaves or does or german


def _unheeded(tokens: Sequence[Token], said: Mention, heard: Sequence[Mention], grammar: Grammar) -> Iterator[Mention]:
    """What an order is about that is not to be heeded: "ignore my mail about exporting and evaluating it"."""
    stop = clause_at(tokens, said.end - 1).stop
    behind = clause_at(tokens, min(stop + 1, len(tokens) - 1))
    infinitive = any(tokens[n].word in grammar["infinitive"] for n in behind)
    if said.end >= stop or tokens[stop - 1].word in grammar["taken_back"]:
        if not infinitive and tokens[said.end - 1].word not in grammar["complements"]:
            return
        stop = sentence_end(tokens, said.end)  # "ich ziehe den Auftrag zurück, es zu trainieren"
    for mention in heard:
        if not said.end <= mention.start < stop:
            continue
        if refusal_ends_between(tokens, range(said.end, mention.start + 1), grammar):
            return  # "forget what I said about tuning: train …"
        joined = {tokens[n].word for n in range(max(said.end, mention.start - _SHORT), mention.start)}
        named = mention.group.startswith("noun") or tokens[mention.start].word.endswith(("ing", "ung"))
        if joined & grammar["joins_steps"] and not (named or tokens[mention.start].text[0].isupper()):
            return  # "ignore the mail about the export and evaluate it"
        yield mention
