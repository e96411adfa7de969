# SPDX-License-Identifier: Apache-2.0
"""Phrases that only seem to say what they say elsewhere: by what stands beside them, or whose number they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.seeming_orders import Orders
from router.tokens import clause_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token

_BESIDE, _WORDS = 2, 2
_SHARES = frozenset({"value:false_alarms", "value:recall"})


def asking_phrases(
    text: str, tokens: Sequence[Token], found: Sequence[Mention], grammar: Mapping[str, frozenset[str]]
) -> list[Mention]:
    """The phrases without those that are none where they stand."""
    found = [_without_number(tokens, m, found) for m in found if not _belongs_before(text, tokens, m)]
    engines = {n for m in found if m.group == "action:gen_trt_engine" for n in m.places}
    parents = [m for m in found if m.group.startswith("parent:")]
    seeming = Orders(text, tokens, found, grammar).seeming()
    return [
        m
        for m in found
        if not (
            (_builds(tokens, m, grammar["builds"]) and not engines.isdisjoint(m.places))
            or _is_a_run(tokens, m, grammar["a_run"])
            or _hands_over(tokens, m, parents, grammar["builds"])
            or _comes_next(tokens, m, grammar)
            or _of_engine(tokens, m, grammar["engines"])
            or m in seeming
        )
    ]


def own_numbers(
    tokens: Sequence[Token], mentions: Sequence[Mention], grammar: Mapping[str, frozenset[str]]
) -> list[Mention]:
    """The phrases of one layer without values that take the number of another one, or reach over one."""
    timed = [m for m in mentions if not (_is_time(m, tokens, grammar) or _reaches_over(m, mentions, tokens))]
    timed = [m for m in timed if not (_counts_items(m, tokens) or _shares_number(m, timed, tokens))]
    return [m for m in timed if not _robs(m, timed, tokens)]


def _counts_items(mention: Mention, tokens: Sequence[Token]) -> bool:
    """Whether a number only counts the parts of a request: "1) export the best trial 2) TensorRT engine"."""
    last = mention.places[-1]
    behind = tokens[last + 1 : last + 2]
    glued = bool(behind) and behind[0].text == ")" and behind[0].start == tokens[last].end
    counts = mention.group.startswith("value:") and tokens[last].kind == "number" and glued
    return counts and not any(token.text == "(" for token in tokens[:last])


def _shares_number(mention: Mention, others: Sequence[Mention], tokens: Sequence[Token]) -> bool:
    """Whether the second side of a picture is another value's number: "image size of 256 and 200 epochs"."""
    last = mention.places[-1]
    two = sum(tokens[n].kind == "number" for n in mention.places) > 1 and tokens[last].kind == "number"
    begins = (m for m in others if m.start == last and m.end > last + 1 and m.group.startswith("value:"))
    return mention.group == "value:image_size" and two and any(m.group != mention.group for m in begins)


def _reaches_over(mention: Mention, others: Sequence[Mention], tokens: Sequence[Token]) -> bool:
    """Whether a share reaches over another number: "recall 99 % at 1 % false alarms"."""
    if mention.group not in _SHARES:
        return False
    inside = set(range(mention.start, mention.end)) - set(mention.places)
    before = [token.kind for token in tokens[max(0, mention.start - 2) : mention.start]]
    percent = tokens[mention.start - 1].word in {"percent", "prozent"} and before[:1] == ["number"]
    named = tokens[mention.start].kind == "word" and any(tokens[n].kind == "number" for n in mention.places)
    percent = percent and not _is_named_before(mention.start - 2, others)
    return (
        (percent and named)
        or (named and _is_of_other(mention, others, tokens))
        or any(tokens[n].kind == "number" for n in inside)
    )


def _is_named_before(number: int, others: Sequence[Mention]) -> bool:
    """Whether the share before is that of another name before it: "false alarms 3 percent recall 98 percent"."""
    return any(m.group in _SHARES and number in m.places and m.start < number for m in others)


def _is_of_other(mention: Mention, others: Sequence[Mention], tokens: Sequence[Token]) -> bool:
    """Whether what is named has its share before it, this one another's: "1 % of false alarms at 97 % recall"."""
    own = any(m.group == mention.group and m.start < mention.start and _begins_with_number(m, tokens) for m in others)
    return own and any(
        m.group in _SHARES and m.group != mention.group and m.start in mention.places and _begins_with_number(m, tokens)
        for m in others
    )


def _begins_with_number(mention: Mention, tokens: Sequence[Token]) -> bool:
    return tokens[mention.start].kind == "number"


def _builds(tokens: Sequence[Token], mention: Mention, verbs: frozenset[str]) -> bool:
    """Whether what may be a training builds something, as an engine is: "build an engine from line.onnx"."""
    return mention.group == "action:train" and tokens[mention.start].word in verbs


def _is_a_run(tokens: Sequence[Token], mention: Mention, before: frozenset[str]) -> bool:
    """Whether "run" is what is to be made, and no verb: "one plain run of the classifier on ./lot"."""
    first = tokens[mention.start].word == "run" and mention.start > 0
    return mention.group == "action:inference" and first and tokens[mention.start - 1].word in before


def _hands_over(tokens: Sequence[Token], mention: Mention, parents: Sequence[Mention], builds: frozenset[str]) -> bool:
    """Whether what seems to be a training hands over what is there: "give me the best trial as an fp8 model"."""
    if mention.group != "action:train" or tokens[mention.start].word not in builds:
        return False
    return any(m.group == "parent:best_trial" and mention.start < m.start < m.end < mention.end for m in parents)


def _comes_next(tokens: Sequence[Token], mention: Mention, grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether what elsewhere only names an export is a step: "…, followed by an export", "ahead of the export, …"."""
    if mention.group != "neutral" or tokens[mention.end - 1].word != "export":
        return False
    before = [token.word for token in tokens[max(0, mention.start - 2) : mention.start]]
    if _stands_alone(tokens, mention, grammar) or _is_phase(tokens, mention, grammar):
        return True
    return not grammar["separates"].isdisjoint(before) or before == ["ahead", "of"] or _waits(tokens, mention, grammar)


def _is_phase(tokens: Sequence[Token], mention: Mention, grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether a chain ends with it, or it is to be over first: "finish with the export", "… the export beforehand"."""
    before = [token.word for token in tokens[max(0, mention.start - 4) : mention.start]]
    behind = {token.word for token in tokens[mention.end : mention.end + 1]}
    if before[-1:] and before[-1] in grammar["reminds"]:
        return True  # "don't forget the export"
    ends = before[-1:] and before[-1] in grammar["with_it"] and not grammar["phases"].isdisjoint(before)
    return bool(ends) or not behind.isdisjoint(grammar["goes_first"] | grammar["beforehand"])


def _stands_alone(tokens: Sequence[Token], mention: Mention, grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether it is a clause of its own: "Second, an export.", "the export in the middle too"."""
    begin = clause_at(tokens, mention.start).start
    opening = {token.word for token in tokens[begin : mention.start]}
    if len(mention.places) < 2 or not opening <= grammar["openers"] | grammar["separates"]:
        return False
    end = next((n for n in range(mention.end, len(tokens)) if tokens[n].kind == "break"), len(tokens))
    behind = [token.word for token in tokens[mention.end : end]]
    article = tokens[mention.start].word in grammar["any_one"] or bool(behind or opening)
    return article and grammar["also"] | grammar["as_well"] | grammar["amid"] >= set(behind)


def _waits(tokens: Sequence[Token], mention: Mention, grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether the clause before a phrase says what is to be over first: "…, when those are there, an export"."""
    end = mention.start - 1
    if end < 1 or tokens[end].kind != "break":
        return False
    start = clause_at(tokens, end).start
    return not grammar["awaits"].isdisjoint(token.word for token in tokens[start : start + 2])


def _of_engine(tokens: Sequence[Token], mention: Mention, engines: frozenset[str]) -> bool:
    """Whether a number format is that of an engine, and nothing is quantised: "make an int8 engine"."""
    if mention.group != "action:quantize" or len(mention.places) < 2:
        return False
    formats = (n for n in mention.places if tokens[n].word in {"int8", "fp8"})
    return any(token.word in engines for n in formats for token in tokens[max(0, n - _BESIDE) : n + _BESIDE])


def _is_time(mention: Mention, tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether what may be an image size is a time: "cap the training at 4 hours"."""
    behind = {token.word for token in tokens[mention.end : mention.end + 1]}
    return mention.group == "value:image_size" and bool(behind & grammar["time_units"])


def _robs(mention: Mention, others: Sequence[Mention], tokens: Sequence[Token]) -> bool:
    """Whether a value takes another one's number: "30 epochs on two GPUs", "batch 4 and 30 epochs"."""
    before, start = mention.start - 1, mention.start
    if not mention.group.startswith("value:") or before < 0:
        return False
    if tokens[before].kind == "number":
        taken = any(m.group == mention.group and before in m.places and start in m.places for m in others)
        return taken and not _is_of_name(before, others, tokens)
    several = sum(tokens[n].kind == "number" for n in mention.places) > 1 and tokens[start].kind == "number"
    return several and any(
        m.group.startswith("value:") and m.group != mention.group and m.start < start == m.end - 1 for m in others
    )


def _is_of_name(number: int, others: Sequence[Mention], tokens: Sequence[Token]) -> bool:
    """Whether a number belongs to the name before it, as in a list of names each with its figure: "epochs 9 gpus 4"."""
    named = [m for m in others if m.group.startswith("value:") and m.places[-1] == number]
    return any(tokens[m.start].kind == "word" and not _robs(m, others, tokens) for m in named)


def other_model(mention: Mention, said: Iterable[Mention]) -> bool:
    """Whether another model is named, and not by a phrase that means nothing: "the golden image classifier"."""
    known = {n for m in said if m.group == "neutral" for n in m.places}
    return mention.group == "foreign:model" and known.isdisjoint(mention.places)


def is_part_of_a_name(tokens: Sequence[Token], mention: Mention, found: Iterable[Mention]) -> bool:
    """Whether what may name another model or craft belongs to the golden image, a backbone or a place.

    As in "a run of the golden-image classifier", "the dino_v2 weights", "at station 12".
    """
    golden = mention.start > 0 and tokens[mention.start - 1].word in {"golden", "reference"}
    backbones = {n for m in found if m.group == "value:backbone" for n in m.places}
    counted = len(mention.places) == 1 and [t.kind for t in tokens[mention.end : mention.end + 1]] == ["number"]
    glued = counted and not any(mention.end in m.places for m in found if m.group.startswith("value"))
    return golden or glued or not backbones.isdisjoint(mention.places)


def _belongs_before(text: str, tokens: Sequence[Token], mention: Mention) -> bool:
    """Whether a value begins with the number of the name before it, as `2 gpus` in "nodes=2 gpus=8"."""
    start = mention.start
    if not start or (glue := text[tokens[start - 1].end : tokens[start].start]) not in {"=", ":"}:
        return False
    if mention.group.startswith("action:"):
        return glue == "=" and tokens[start - 1].word == "task"  # "task=classify data=./lot"
    return mention.group.startswith("value:") and tokens[start].kind == "number" and len(mention.places) > 1


def _without_number(tokens: Sequence[Token], mention: Mention, others: Iterable[Mention]) -> Mention:
    """A correction without the number that it ends with, where a value begins with that: "no, make it 35 epochs"."""
    last = mention.places[-1]
    if mention.group != "correction" or tokens[last].kind != "number" or len(mention.places) < _WORDS:
        return mention
    begins = any(m.group.startswith("value:") and m.start == last and m.end > last + 1 for m in others)
    return mention._replace(places=mention.places[:-1]) if begins else mention


def counts_processes(tokens: Sequence[Token], mention: Mention, grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether who would be trained only counts how it is done: "train on ./lot with 4 workers"."""
    before = tokens[max(0, mention.end - 3) : mention.end - 1]
    return len(before) > 1 and before[1].kind == "number" and before[0].word in grammar["manner"]


def within_steps(tokens: Sequence[Token], found: list[Mention], grammar: Mapping[str, frozenset[str]]) -> list[Mention]:
    """The mentions without two pictures that are looked at of which a training, and "then", parts the first.

    "I'd like the golden comparison trained on ./a and then tell me which boards in ./b are bad"
    """
    looks = [m for m in found if m.group == "verb:inspect"]
    leads = [n for n, token in enumerate(tokens) if token.word in grammar["leads_on"]] if looks else []
    trained = [m.start for m in found if m.group == "action:train"] if leads else []
    over = {m for m in looks for n in leads if m.start < n < m.end and any(m.start < one < n for one in trained)}
    return [m for m in found if m not in over] if over else found
