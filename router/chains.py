# SPDX-License-Identifier: Apache-2.0
"""The steps of a chain, each by the words of its own part: "…; verdicts with it second", "when done, have it measured".

A phrase that no rule knows is often the only one that says a later step. The linear model of `ranking` knows that a
request is for several actions, and so it is asked about each part: what a full stop, or a word such as "then" sets
apart. It is heard where it finds the steps that the rules found, and others.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from router.asked_steps import Step
from router.build_order import in_build_order
from router.evidence import evidence
from router.order import comes_first
from router.ranking import ranked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from router.reading import Reading

_ENDS = frozenset({".", "!", "?", ";", "\n", "->", "→"})
_SAYS = frozenset({"action", "noun", "named", "engine", "task", "model", "parent"})
# From which share of all actions on a part is for one of them, and surely.
_CLEAR, _SURE, _NEAR = 0.6, 0.9, 3


def chain(reading: Reading, actions: Collection[str], found: Sequence[Step]) -> tuple[Step, ...]:
    """The steps of all parts of a request in their order, if they are those that are found, and others; else nothing.

    `actions` are the verbs that a step may have; what is ruled out, or was done before, is no step. A step that is
    found is given up where its part is surely for another one.
    """
    refused = {m.group.partition(":")[2] for kind in ("action", "noun") for m in reading.of(kind, negated=True)}
    known = {step.verb: step for step in found}
    steps: dict[str, Step] = {}
    parts = [(part, *_verb_of(reading, part, actions)) for part in _parts(reading)]
    for part, verb, share in parts:
        if share < _CLEAR or verb in refused:
            continue
        theirs = [step.verb for step in found if step.place in part]
        if theirs and verb not in theirs and share < _SURE:
            continue  # what a phrase says of the part counts
        if share >= _SURE and len(theirs) == 1 and theirs[0] != verb and verb not in known:
            known.pop(theirs[0], None)
        others = [one for one, theirs_too, sure in parts if theirs_too == verb and sure >= _CLEAR]
        if verb in known and not theirs and _is_said_in(reading, others, part, known[verb]):
            continue  # "… and the data ./a, and then the evaluation of it on ./b"
        if verb not in steps and (verb in known or not _rules_out(reading, part)):
            said = known.get(verb)
            step = said if said and said.place in part else Step(verb, _place(reading, part, verb))
            steps = _with_step(reading, steps, step, part)
    if not known.keys() <= steps.keys():
        return ()
    steps = _with_first(reading, steps)
    order = [verb for verb in steps if verb in known]
    turned = order != [step.verb for step in found if step.verb in known]
    words = {token.word for token in reading.tokens}
    said_so = bool(words & reading.grammar["before"]) and turned
    unsure = bool(words & reading.grammar["turns"]) or (turned and len(steps) == len(known))
    return () if said_so or unsure else in_build_order(tuple(steps.values()))


def _is_said_in(reading: Reading, parts: Sequence[range], part: range, step: Step) -> bool:
    """Whether a part only names data, and the step that it may be for is asked for in another one that is for it."""
    said = {m.start for kind in ("action", "noun") for m in reading.of(kind)}
    return step.place in said and said.isdisjoint(part) and any(step.place in one for one in parts)


def _parts(reading: Reading) -> Iterator[range]:
    """The tokens of each part, a word such as "and then" at its beginning."""
    opens = (reading.grammar["separates"] | reading.grammar["awaits"]) - reading.grammar["contrasts"]
    begins = [0]
    for place, (before, token) in enumerate(pairwise(reading.tokens), 1):
        begin = place
        if token.word in opens and before.word not in opens:
            begin = _whole(reading, place)
            while begin and reading.tokens[begin - 1].word in reading.grammar["joins_steps"]:
                begin -= 1
        elif not (before.kind == "break" and before.text in _ENDS) or before.end == token.start:
            continue  # a stop with nothing behind it is one in a name: "a.onnx"
        obliged = reading.tokens[begin - 1].word in reading.grammar["obliges"]  # "the winner should then classify"
        if begin > begins[-1] and not obliged:
            begins.append(begin)
    yield from _with_first_verbs(reading, [range(*ends) for ends in pairwise((*begins, len(reading.tokens)))])


def _with_first_verbs(reading: Reading, parts: Sequence[range]) -> Iterator[range]:
    """The parts, one that only takes up the data of the next one joined to that: "go through ./b *and flag them*"."""
    asking = [m for kind in ("action", "noun", "named", "verb") for m in reading.of(kind)]
    held: range | None = None
    for part in parts:
        asks = {m.start for m in asking if m.end <= part.stop}
        if held and reading.tokens[part.start].word in reading.grammar["joins_steps"]:
            own = any(reading.tokens[n].kind in {"path", "job"} for n in part)
            joined = not (own or asks.isdisjoint(part))
            yield from (range(held.start, part.stop),) if joined else (held, part)
            held = None
            continue
        if held:
            yield held
        takes = asks.isdisjoint(part) and any(reading.tokens[n].kind == "path" for n in part)
        held = part if takes else None
        if not takes:
            yield part
    if held:
        yield held


def _whole(reading: Reading, place: int) -> int:
    """The first token of the verb's phrase that a word stands in: "und *erzeuge* dann Masken"."""
    phrases = (m for m in reading.of("action") if m.start == place - 1 and place < m.end)
    return min((m.start for m in phrases), default=place)


def _verb_of(reading: Reading, part: range, actions: Collection[str]) -> tuple[str, float]:
    """What the words of a part are for, and its share of all actions; no share where it is over, or for none."""
    words = [n for n in part if reading.tokens[n].kind != "break"]
    opening = [reading.tokens[n].word for n in words[:2]]
    if opening[1:] and opening[0] in reading.grammar["before"] and opening[1] in reading.grammar["somebody"]:
        return "", 0.0  # "before anybody exports it"
    asks = any(m.start in part for kind in ("action", "noun", "named") for m in reading.of(kind))
    if not asks and any(reading.tokens[n].word in reading.grammar["again"] for n in words):
        return "", 0.0  # "evaluate it on ./a and then again on ./b"
    if not asks and (_is_elided(reading, part) or _tells_where(reading, part)):
        return "", 0.0
    if any(m.group == "put_off" and m.start in part for m in reading.mentions):
        return "", 0.0  # "engines get built at their place"
    told = (reading.past | reading.narrated | reading.theirs).intersection(words)
    if not _says_something(reading, part) or len(told) * 2 > len(words):
        return "", 0.0
    shares = ranked(evidence(alone(reading, part), question=False)).shares
    known = {verb: shares.get(verb, 0.0) for verb in actions}
    best = max(known, key=known.__getitem__)
    return best, known[best] / sum(known.values())


def _is_elided(reading: Reading, part: range) -> bool:
    """Whether a part leaves out its verb, as that before it says it: "… and afterwards on ./b", "then train-… too"."""
    use = reading.grammar
    small = use["leads_on"] | use["says_again"] | use["elided"] | use["pleases"]
    small |= use["joins_steps"] | use["prepositions"] | use["articles"]
    valued = {n for m in reading.of("value") for n in m.places}
    valued |= _places_of_model(reading, part)
    clause = [n for n in part if n < reading.clause(part.start)[1]]
    own = [n for n in clause if reading.tokens[n].kind in {"path", "job"}]
    return bool(own) and all(n in own or n in valued or reading.tokens[n].word in small for n in clause)


def _tells_where(reading: Reading, part: range) -> bool:
    """Whether a part only tells where data lies: "the pictures are labelled and lie in ./lot. Train on them first"."""
    use = reading.grammar
    words = {reading.tokens[n].word for n in part} - use["look_at"]
    paths = [n for n in part if reading.tokens[n].kind == "path"]
    orders = use["wishes"] | use["obliges"] | use["orders_passive"] | use["bids"] | use["goes_first"]
    orders |= use["separates"] - use["joins_steps"]
    if not paths or not orders.isdisjoint(words):
        return False
    for path in paths:
        before = [reading.tokens[n].word for n in range(max(part.start, path - _NEAR), path)]
        lies = not use["lies"].isdisjoint(before) and not use["lies_in"].isdisjoint(before)
        behind = reading.tokens[path + 1].word if path + 2 == reading.clause(path)[1] else ""
        if not (lies or use["lies"].intersection((behind,)) or use["look_at"].intersection(before[-1:])):
            return False
    return True


def _places_of_model(reading: Reading, part: range) -> set[int]:
    """The words for a model that a part names by its task: "… on ./a and then *the segmentation model* on ./b"."""
    tasks = [m for m in reading.of("task") if m.start in part]
    models = [n for n in part if reading.tokens[n].word in reading.grammar["model_words"]]
    before = {m.group for m in reading.of("task") if m.start < part.start}
    other = before and before.isdisjoint(
        m.group for m in tasks
    )  # "the classifier on ./a, then the segmentation on ./b"
    return {*models, *(n for m in tasks for n in m.places)} if tasks and (models or other) else set()


def _rules_out(reading: Reading, part: range) -> bool:
    """Whether a part denies what it speaks of: "no masks yet", "die Masken also noch nicht"."""
    no = reading.grammar["not"] | reading.grammar["rules_out"]
    known = {
        n for kind in ("policy", "task", "model", "value") for m in reading.of(kind, negated=None) for n in m.places
    }
    return any(reading.tokens[n].word in no for n in part if n not in known)


def _with_step(reading: Reading, steps: dict[str, Step], step: Step, part: range) -> dict[str, Step]:
    """The steps and another one, ahead of the last where it is to be over before that: "…, after it has been built"."""
    words = [reading.tokens[n].word for n in part]
    opens = part.start and words[0] in reading.grammar["after"]
    over = opens and reading.grammar["perfect"].intersection(words[1:])
    if not (over and steps):
        return steps | {step.verb: step}
    last = next(reversed(steps))
    return {**{verb: one for verb, one in steps.items() if verb != last}, step.verb: step, last: steps[last]}


def _with_first(reading: Reading, steps: dict[str, Step]) -> dict[str, Step]:
    """The steps, that of a verb first which says so: "I need verdicts for ./b; *train it on ./a first*"."""
    places = {m.start for m in reading.of("action") if comes_first(reading, m)}
    first = [step for step in steps.values() if step.place in places]
    return {first[0].verb: first[0], **steps} if first else steps


def _says_something(reading: Reading, part: range) -> bool:
    """Whether a part has a phrase that a rule knows, or data or a job and words besides."""
    use = reading.grammar
    small = use["separates"] | use["joins_steps"] | use["prepositions"] | use["articles"]
    parents = {n for m in reading.of("parent") for n in m.places}
    if all(n in parents or reading.tokens[n].kind == "break" or reading.tokens[n].word in small for n in part):
        return False  # "the same training …"
    if any(reading.tokens[n].kind in {"path", "job"} for n in part):
        return any(reading.tokens[n].kind == "word" and reading.tokens[n].word not in small for n in part)
    return any(m.start in part and m.group.partition(":")[0] in _SAYS for m in reading.mentions)


def alone(reading: Reading, part: range) -> Reading:
    """A part of a reading by itself."""
    first = part.start
    mentions = [
        m._replace(places=tuple(n - first for n in m.places))
        for m in reading.mentions
        if m.start in part and m.end <= part.stop
    ]
    told = frozenset(n - first for n in reading.told if n in part)
    return replace(reading, tokens=reading.tokens[part.start : part.stop], mentions=mentions, told=told)


def _place(reading: Reading, part: range, verb: str) -> int:
    """The token of a part that says the step, else its first."""
    said = (m.start for kind in ("action", "noun") for m in reading.of(kind) if m.group == f"{kind}:{verb}")
    return next((place for place in said if place in part), part.start)
