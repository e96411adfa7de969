# SPDX-License-Identifier: Apache-2.0
"""Which words of a request belong to which of several steps of one kind, and which to all of them.

A step begins with an order of its own, or with "then", "again" and the like where what it says is said anew. Whatever
may be meant otherwise, such as a correction, a choice, a comparison, or what others do, is no such request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.number_formats import NUMBER_FORMATS
from router.tokens import SENTENCE_ENDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading
    from router.repeated_chunks import Chunk

_NAMING = ("task", "model", "trade", "value", "policy", "parent")
_LISTED = frozenset({",", ";", "\n"})


@dataclass(slots=True)
class Part:
    """The words of one step: `core` are those that begin it. Its verb is said at `place`, where it says one by itself.

    `again` tells that it is the step before it once more, with what is said otherwise.
    """

    places: range
    core: range
    verb: str = ""
    place: int = -1
    again: bool = False
    chunks: list[Chunk] = field(default_factory=list)

    @property
    def own(self) -> bool:
        """Whether it says its verb itself."""
        return self.place >= 0

    @property
    def joined(self) -> bool:
        """Whether hardly more than "and" stands between it and the step before it."""
        first = self.chunks[0]
        return self.again and first.joins in {"and", ","} and not (first.goes_on or first.again)


@dataclass(slots=True)
class Parts:
    """The steps of a request in the order of its words, and what is said of all of them."""

    steps: list[Part] = field(default_factory=list)
    shared: list[range] = field(default_factory=list)


def parts_of(reading: Reading, chunks: Sequence[Chunk]) -> Parts | None:
    """The steps that the chunks begin, and what else belongs to each; None where a chunk may be meant otherwise."""
    found = Parts()
    for chunk in chunks:
        here = found.steps[-1] if found.steps else None
        if here and not chunk.verb and not chunk.jobs and (chunk.all or _ends_count(here, chunk)):
            found.shared.append(chunk.places)
        elif chunk.has_content and _is_aside(reading, chunk):
            return None
        elif here is None or (begin := _begins(reading, here, chunk)):
            found.steps.append(_part(reading, chunk, here))
        elif begin is None or _is_late(here, chunk):
            return None
        else:
            _attach(here, chunk)
    whole = _with_verbs(found.steps) and _lists_whole(found.steps) and not _turns_round(reading, found.steps)
    return found if whole else None


def _is_late(part: Part, chunk: Chunk) -> bool:
    """Whether only another sentence says what is done with what was named: "train-… and train-…. Evaluate one"."""
    named = any(one.has_content for one in part.chunks)
    return chunk.verb is not None and not part.verb and named and chunk.joins in SENTENCE_ENDS


def _ends_count(part: Part, chunk: Chunk) -> bool:
    """Whether a chunk says of all how they are made: "twice, once with batch 4, once with batch 8, no search"."""
    own = chunk.jobs or chunk.paths or chunk.values or chunk.goes_on or chunk.again or chunk.counts
    return part.chunks[0].counts and bool(chunk.policy or chunk.tasks) and not own


def _turns_round(reading: Reading, steps: Sequence[Part]) -> bool:
    """Whether they are not to run in the order in which they are said: "train-… last, train-… first", "after …"."""
    use, tokens = reading.grammar, reading.tokens
    named = {n for m in reading.of("parent") for n in m.places}
    first = {tokens[n].word for n in steps[0].places if n not in named}
    later = {tokens[n].word for step in steps[1:] for n in step.places}
    telling = (chunk for chunk in steps[0].chunks if chunk.has_content and not chunk.counts)
    waits = any(tokens[chunk.places.start].word in use["awaits"] for chunk in telling)
    return waits or not use["goes_last"].isdisjoint(first) or not use["goes_first"].isdisjoint(later)


def _part(reading: Reading, chunk: Chunk, before: Part | None) -> Part:
    """The step that a chunk begins; where it says no verb, it is the one before it once more."""
    again = before is not None and (chunk.again or not chunk.verb or _is_joined(reading, before, chunk))
    if chunk.verb:
        return Part(chunk.places, chunk.places, chunk.verb.group.partition(":")[2], chunk.verb.start, again, [chunk])
    return Part(chunk.places, chunk.places, before.verb if before else "", again=again, chunks=[chunk])


def _attach(part: Part, chunk: Chunk) -> None:
    """Let a chunk belong to the step said before it."""
    if chunk.verb and not part.verb:
        part.verb, part.place = chunk.verb.group.partition(":")[2], chunk.verb.start
    if not any(one.has_content for one in part.chunks):
        part.core = range(part.core.start, chunk.places.stop)
    part.places = range(part.places.start, chunk.places.stop)
    part.chunks.append(chunk)


def _begins(reading: Reading, part: Part, chunk: Chunk) -> bool | None:
    """Whether a chunk begins a step of its own; None where that is not clear."""
    if _is_joined(reading, part, chunk):
        return bool(part.verb) or all(one.brief for one in part.chunks)
    if chunk.verb and part.verb:
        return _orders(reading, part, chunk)
    if not (chunk.goes_on or chunk.again or _counts_on(reading, part, chunk)) or not chunk.has_content:
        return False
    if not (part.verb or all(one.brief and (one.jobs or one.paths) for one in part.chunks)):
        return False
    places = chunk.places
    stress = ":" in reading.text[reading.tokens[places.start].start : reading.tokens[places.stop - 1].start]
    if not chunk.brief or (stress and not (chunk.goes_on or chunk.counts)):
        return None  # "once more: 15 epochs!"
    return True if _says_anew(part, chunk, again=chunk.again or chunk.counts) else None


def _counts_on(reading: Reading, part: Part, chunk: Chunk) -> bool:
    """Whether a chunk counts a step beside one that was counted: "once with batch 4 and once with batch 8"."""
    words = {word for n in part.places for word in (reading.tokens[n].word, reading.tokens[n].spelled)}
    return chunk.counts and not reading.grammar["counts_off"].isdisjoint(words)


def _orders(reading: Reading, part: Part, chunk: Chunk) -> bool | None:
    """Whether a chunk with a verb begins a step, and nobody else is said to do it."""
    verb = chunk.verb.group.partition(":")[2] if chunk.verb else ""
    if verb != part.verb:
        return True
    use, tokens = reading.grammar, reading.tokens
    start = chunk.verb.start if chunk.verb else chunk.places.start
    small = use["openers"] | use["leads_on"] | use["says_again"] | use["prepositions"] | use["articles"] | use["elided"]
    small |= use["any_one"] | use["joins_steps"] | use["goes_first"] | use["polite"] | use["pleases"]
    small |= set(NUMBER_FORMATS)
    said = {n for kind in _NAMING for m in reading.of(kind) for n in m.places}
    before = range(chunk.places.start, start)
    ours = all(n in said or tokens[n].kind != "word" or tokens[n].word in small for n in before)
    if not ours or not chunk.has_content or tokens[start].word in use["others_do"]:
        return None
    if verb != "train" or chunk.again or chunk.item or chunk.jobs or _says_anew(part, chunk, again=False):
        return True
    apart = chunk.joins in _LISTED - {","} and use["pronouns"].isdisjoint(tokens[n].word for n in chunk.places)
    return True if apart else None  # "train it on ./a, then train it on ./b" may be one model


def _is_joined(reading: Reading, part: Part, chunk: Chunk) -> bool:
    """Whether only "and", or a comma, sets another job, or other data, beside that of the step before it."""
    before, tokens = part.chunks[-1], reading.tokens
    if not chunk.brief or chunk.goes_on or not (chunk.joins == "and" or chunk.joins in _LISTED):
        return False
    if chunk.jobs and before.jobs:
        kinds = {job.partition("-")[0] for job in (*chunk.jobs, *before.jobs)}
        each = bool(chunk.paths and before.paths)  # "predict ./a with train-… and ./b with train-…"
        return len(kinds) == 1 and (tokens[chunk.first].kind == "job" or (each and tokens[chunk.first].kind == "path"))
    if not (chunk.paths and before.paths and tokens[chunk.first].kind == "path" and chunk.joins == "and"):
        return False
    theirs = next(n for n in before.places if tokens[n].kind == "path")
    preposition = tokens[chunk.first - 1].word  # and not "on ./golden and ./test", which may be one lot
    return preposition == tokens[theirs - 1].word and preposition not in reading.grammar["joins_steps"]


def _says_anew(part: Part, chunk: Chunk, *, again: bool) -> bool:
    """Whether a chunk says something otherwise than the step before it.

    A training goes through several data, or rates, one after the other: it is another one only where that is said.
    """
    theirs = part.chunks
    values = {name: value for one in theirs for name, value in one.values}
    jobs, paths, tasks = ({x for one in theirs for x in kind(one)} for kind in (_jobs, _paths, _tasks))
    job, task = bool(jobs and set(chunk.jobs) - jobs), bool(tasks and chunk.tasks - tasks)
    path = bool(paths and set(chunk.paths) - paths)
    anew = chunk.again and chunk.goes_on  # "evaluate train-… on ./a, then again with batch size 4"
    value = any(values.get(name, None if anew else said) != said for name, said in chunk.values)
    if part.verb == "train":
        return job or task or (again and (value or chunk.policy))
    return job or path or task or value


def _jobs(chunk: Chunk) -> Sequence[str]:
    return chunk.jobs


def _paths(chunk: Chunk) -> Sequence[str]:
    return chunk.paths


def _tasks(chunk: Chunk) -> Sequence[str]:
    return tuple(chunk.tasks)


def _is_aside(reading: Reading, chunk: Chunk) -> bool:
    """Whether a chunk only tells: what was, or what is the case."""
    aside = reading.narrated | reading.past | reading.told
    return not aside.isdisjoint(chunk.places)


def _with_verbs(steps: list[Part]) -> bool:
    """Give steps ahead of the first verb this one: "train-… und train-… auf ./x auswerten"; whether all have one."""
    verb = ""
    for step in reversed(steps):
        step.verb = verb = step.verb or verb
    return len(steps) > 1 and all(step.verb for step in steps)


def _lists_whole(steps: Sequence[Part]) -> bool:
    """Whether a list with commas ends with "and", or each item of it has all that it needs: else it may be an aside."""
    commas = [step for step in steps[1:] if not step.own and step.chunks[0].joins == "," and not step.chunks[0].goes_on]
    commas = [step for step in commas if not (step.chunks[0].again or step.chunks[0].counts)]
    whole = all(step.chunks[0].jobs and step.chunks[0].paths for step in commas)
    return whole or steps[-1].chunks[0].joins == "and"
