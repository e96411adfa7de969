# SPDX-License-Identifier: Apache-2.0
"""What words around a phrase deny: a no to a question, a list that says no, a decision against it, what is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import clause_at, sentence_begin, sentence_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token

    Grammar = Mapping[str, frozenset[str]]

_NEAR, _SHORT, _SHORT_QUESTION, _ANSWER = 4, 2, 6, 5


def is_denied(tokens: Sequence[Token], mention: Mention, asking: Sequence[Mention], grammar: Grammar) -> bool:
    """Whether the words around a phrase say that it is not asked for; `asking` are all that seem to ask."""
    denies = (
        _is_answered_no,
        _is_decided_against,
        _is_over_as_well,
        _is_topic_left,
        _needs_no,
        _is_of_whoever,
        _is_no_more,
        _is_talked_of,
        _does_it_himself,
        _only_names,
    )
    if any(one(tokens, mention, grammar) for one in denies):
        return True
    return _is_called_in_question(tokens, mention, asking, grammar) or _is_around_pruning(mention, asking)


def without_answers(text: str, tokens: Sequence[Token], mentions: Sequence[Mention], grammar: Grammar) -> list[Mention]:
    """The mentions, those asked for which a no before a colon, or in a correction, does not deny.

    As in "but no: an export is enough", "he thinks so, I don't: train it", "thirty, no make that forty epochs"
    """
    corrections = [m for m in mentions if m.group == "correction"]
    return [
        m._replace(negated=False)
        if m.negated
        and (
            _is_behind_no(text, tokens, m, grammar)
            or _is_behind_denial(text, tokens, m, grammar)
            or _goes_to_another(tokens, m, grammar)
            or (m.group.startswith("value:") and any(_corrects(tokens, one, m, grammar) for one in corrections))
        )
        else m
        for m in mentions
    ]


def _is_behind_denial(text: str, tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether a colon ends a short clause in which somebody only says that he does not: "I don't: train it"."""
    place = mention.start - 1
    if (
        place < 1
        or tokens[place].word not in grammar["not"]
        or ":" not in text[tokens[place].end : tokens[place + 1].start]
    ):
        return False
    clause = range(clause_at(tokens, place).start, place)
    words = [tokens[n].word for n in clause if tokens[n].word not in grammar["contrasts"]]
    return bool(words) and words[0] in grammar["doers"] and set(words[1:]) <= grammar["auxiliaries"]


def _goes_to_another(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether what is denied of one job is asked for another: "nicht train-… stoppen, sondern train-…"."""
    place, begin = mention.end, clause_at(tokens, mention.start).start
    while place < len(tokens) and (tokens[place].kind == "job" or tokens[place].text == ","):
        place += 1
    if place == len(tokens) or tokens[place].word not in grammar["substitutes"]:
        return False
    one = any(token.kind == "job" for token in tokens[begin:place])
    passed = grammar["articles"] | grammar["restricts_to"]
    other = next((n for n in range(place + 1, len(tokens)) if tokens[n].word not in passed), len(tokens) - 1)
    ends = all(token.kind == "break" for token in tokens[other + 1 : other + 2])
    return one and tokens[other].kind == "job" and ends


def _corrects(tokens: Sequence[Token], correction: Mention, mention: Mention, grammar: Grammar) -> bool:
    """Whether the no before a value belongs to a correction that leads to it: "no make that thirty-five epochs"."""
    first = correction.start
    while first and tokens[first - 1].word in grammar["says_no"]:
        first -= 1
    no = tokens[first].word in grammar["says_no"]
    return no and first < mention.start and correction.end in range(mention.start, mention.start + 2)


def _is_behind_no(text: str, tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    place = mention.start - 1
    while place > 0 and tokens[place].word in grammar["articles"] | grammar["any_one"]:
        place -= 1
    if place < 1 or tokens[place].word not in grammar["says_no"]:
        return False
    colon = ":" in text[tokens[place].end : tokens[place + 1].start]
    return colon and tokens[place - 1].word in grammar["contrasts"] | grammar["choice"]


def _is_answered_no(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether a question asks for it in a word or two, and is answered with no: "Evaluate? No, that was yesterday"."""
    clause = clause_at(tokens, mention.start)
    stop = clause.stop
    if mention.end == stop - 1 and tokens[mention.end].word in grammar["says_no"]:
        return True  # "evaluation yes, export no"
    if stop + 1 < len(tokens) and _is_plain_no(tokens, mention, grammar):
        return True
    short = mention.start - clause.start <= _SHORT and stop - mention.end <= _SHORT
    asked = stop + 1 < len(tokens) and tokens[stop].text == "?"
    return short and asked and tokens[stop + 1].word in grammar["says_no"] | grammar["not"]


def _is_plain_no(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether a question is answered by a sentence that says no and nothing else: "Train it? Certainly not."."""
    end = sentence_end(tokens, mention.start)
    if end + 1 >= len(tokens) or tokens[end].text != "?":
        return False
    stop = sentence_end(tokens, end + 1)
    words = [token.word for token in tokens[end + 1 : stop] if token.kind != "break"]
    plain = len(words) <= _ANSWER and words[-1:] != [] and words[-1] in grammar["says_no"] | grammar["not"]
    return plain and not (stop < len(tokens) and tokens[stop].text == "?")


def _is_of_whoever(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether a clause only tells of whoever does it: "whoever cancels train-… will hear from me"."""
    clause, end = clause_at(tokens, mention.start), sentence_end(tokens, mention.start)
    told = tokens[clause.start].word in grammar["whoever"] and mention.start - clause.start == 1
    return told and not (end < len(tokens) and tokens[end].text == "?")


def _is_no_more(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether it is not to be done any more: "no more training of the classifier"."""
    before = [token.word for token in tokens[max(0, mention.start - 2) : mention.start]]
    return len(before) == _SHORT and before[0] in grammar["rules_out"] and before[1] in grammar["any_more"]


def _is_around_pruning(mention: Mention, asking: Sequence[Mention]) -> bool:
    """Whether what is to go are parts of a network: "schneide bei train-… per Pruning die Hälfte der Kanäle weg"."""
    prunes = (m for m in asking if m.group == "action:prune")
    return mention.group == "verb:remove" and any(mention.start < m.start < mention.end for m in prunes)


def _is_talked_of(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether it is only to be talked of, at a later time: "reden wir im August über den Export"."""
    words = {tokens[n].word for n in clause_at(tokens, mention.start)}
    later = grammar["later_times"] | grammar["seasons"] | grammar["next"] | grammar["weekdays"]
    return bool(words & grammar["talks"]) and bool(words & later)


def _does_it_himself(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """German: whether somebody does himself what a clause begins with: "vermessen tut er dann selber"."""
    clause = clause_at(tokens, mention.start)
    behind = [tokens[n].word for n in range(mention.end, clause.stop)]
    does = mention.start == clause.start and not grammar["does"].isdisjoint(behind[:1])
    return does and not grammar["doers"].isdisjoint(behind[1:2]) and not grammar["alone"].isdisjoint(behind)


def _only_names(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether a word belongs to somebody, or counts: "before Raúl's demo", "we have 4 lines, 3 cameras"."""
    jobs = any(token.kind == "job" for token in tokens)
    if mention.group == "verb:logs" and not jobs:
        return tokens[mention.start].kind == "number"
    if mention.group == "verb:demo":
        return mention.start > 1 and tokens[mention.start - 1].word == "s"
    end = sentence_end(tokens, mention.start)
    asked = end < len(tokens) and tokens[end].text == "?"
    return (
        mention.group == "verb:advise"
        and len(mention.places) == 1
        and not asked
        and not grammar["suffices"].isdisjoint(tokens[n].word for n in mention.places)
    )


def _is_decided_against(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether somebody decided against it: "we've voted against retraining", "gegen ein Training entschieden"."""
    clause = clause_at(tokens, mention.start)
    near = {tokens[n].word for n in range(max(clause.start, mention.start - _NEAR), mention.start)}
    return bool(near & grammar["against"]) and any(tokens[n].word in grammar["decides"] for n in clause)


def _is_over_as_well(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether it is over like what is told before it: "training is done, evaluation too"."""
    clause = clause_at(tokens, mention.start)
    said = {tokens[n].word for n in clause if n not in mention.places}
    also = grammar["also_that"] | grammar["as_well"]
    if not said or said & also == set() or not said <= also | grammar["articles"] or clause.start < 2:
        return False
    begin = sentence_begin(tokens, clause.start)
    before = {tokens[n].word for n in range(begin, clause.start - 1)}
    return bool(before & grammar["over"]) and bool(before & grammar["finite"])


def _is_called_in_question(
    tokens: Sequence[Token], mention: Mention, asking: Sequence[Mention], grammar: Grammar
) -> bool:
    """Whether a question only doubts that it makes sense, and a later sentence orders: "Why export? Evaluate …"."""
    begin = sentence_begin(tokens, mention.start)
    end = sentence_end(tokens, mention.start)
    words = [token.word for token in tokens[begin:end]]
    doubts = not grammar["sense"].isdisjoint(words[:1]) and len(words) <= _SHORT_QUESTION
    doubts = doubts or not grammar["sensible"].isdisjoint(words)
    question = end < len(tokens) and tokens[end].text == "?"
    return doubts and question and mention.group.startswith(("action:", "noun:")) and any(m.start > end for m in asking)


def _is_topic_left(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether the next clause says that somebody does it himself: "the evaluation, I'll do that myself"."""
    clause = clause_at(tokens, mention.start)
    beside = {tokens[n].word for n in clause if n not in mention.places}
    if not beside <= grammar["articles"] or clause.stop + 1 >= len(tokens) or tokens[clause.stop].text != ",":
        return False
    words = [tokens[n].word for n in clause_at(tokens, clause.stop + 1)]
    return not grammar["alone"].isdisjoint(words) and not grammar["doers"].isdisjoint(words)


def _needs_no(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """German: whether a clause begins with what nobody needs, or wants: "neu trainieren möchte ich nicht"."""
    end = next((n for n in range(mention.end, len(tokens)) if tokens[n].kind == "break"), len(tokens))
    behind = [token.word for token in tokens[mention.end : end]]
    modal = bool(behind) and behind[0] in grammar["modal"] | grammar["wishes"]
    first = mention.start
    while first and tokens[first - 1].word in grammar["articles"]:
        first -= 1  # "den Status will ich nicht"
    opens = not first or tokens[first - 1].kind == "break"
    return modal and opens and behind[-1] in grammar["not"] | grammar["nothing"]
