# SPDX-License-Identifier: Apache-2.0
"""Whether a request is for another model, or for another craft that shares words with this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from router.letters import is_address, is_model_of_others, tells_why
from router.objects import object_of

if TYPE_CHECKING:
    from router.intent import Intent
    from router.patterns import Mention
    from router.reading import Reading

_SENTENCE_ENDS = frozenset(".!?\n")


class Foreign(NamedTuple):
    """The user's words for another model, or for what another craft works on (`craft`)."""

    said: str
    craft: bool = False


def foreign(reading: Reading, intent: Intent) -> Foreign | None:
    """What a request is for that is not ours, or None."""
    if people := _to_be_trained(reading, intent):
        return Foreign(people)
    for mention in reading.of("foreign"):
        kind = mention.group.partition(":")[2]
        named = reading.of("model") or any(not _says_how(reading, task) for task in reading.of("task"))
        strong = any(t.kind == "job" or (named and t.kind == "path") for t in reading.tokens)
        if mention.start in reading.remarks - reading.told and intent.steps:
            continue
        if _is_our_inspector(reading, mention) or _is_beside(reading, intent, mention, craft=kind == "craft"):
            continue
        if kind == "craft" and (_owns_ours(reading, mention) or _stands_beside(reading, intent, mention)):
            continue
        elsewhere = _of_another_sentence(reading, intent, mention)
        if kind == "model" or (not strong and not elsewhere) or _object_of(reading, intent, mention):
            return Foreign(reading.said(mention), kind == "craft")
    backbone = _backbone_as_model(reading)
    return Foreign(backbone) if backbone else None


def _is_beside(reading: Reading, intent: Intent, mention: Mention, *, craft: bool) -> bool:
    """Whether a mention stands beside a request: in a letter's address, in why it asks, or as what others have."""
    if craft and is_address(reading, mention.start):
        return True
    return tells_why(reading, intent, mention) or (not craft and is_model_of_others(reading, intent, mention))


def _says_how(reading: Reading, task: Mention) -> bool:
    """Whether a task is only known by how its network is built, as that of other crafts may be: "a siamese net"."""
    return all(reading.tokens[n].word in reading.grammar["architectures"] for n in task.places)


def _backbone_as_model(reading: Reading) -> str:
    """The name of a network that is to be worked on itself, where nothing of ours is: "evaluate EfficientNet-B0"."""
    ours = any(reading.of(kind) for kind in ("model", "task", "trade", "parent"))
    if ours or any(token.kind in {"job", "action"} for token in reading.tokens):
        return ""
    ends = {m.end for m in reading.of("action") if m.group != "action:train"}
    named = (m for m in reading.of("value") if m.group == "value:backbone" and m.start in ends)
    return next((reading.said(m) for m in named), "")


def _is_our_inspector(reading: Reading, mention: Mention) -> bool:
    """Whether who inspects is this model, and nobody: "the PASS/NO_PASS inspector", "der ChangeNet-Prüfer"."""
    first = mention.start
    glued = first > 0 and reading.tokens[first - 1].end == reading.tokens[first].start
    kinds = ("model", "task", "trade") if glued else ("model", "task")  # "Platinenprüfer", and no board inspector
    before = {n for kind in kinds for m in reading.of(kind) for n in m.places}
    inspects = reading.tokens[mention.start].word in reading.grammar["inspects"]
    return inspects and len(mention.places) == 1 and mention.start - 1 in before


def _owns_ours(reading: Reading, mention: Mention) -> bool:
    """Whether what another craft works on only owns what is ours: "the supplier's AOI"."""
    behind = [token.word for token in reading.tokens[mention.end : mention.end + 1]]
    return behind == ["s"] and any(m.start == mention.end + 1 for m in reading.of("trade"))


def _stands_beside(reading: Reading, intent: Intent, mention: Mention) -> bool:
    """Whether another craft is only told of, or names people for whom it is done; whoever is trained is no such one."""
    if not (intent.steps or intent.mention):
        return False
    if any(step.verb == "train" for step in intent.steps):
        return _is_in_front(reading, intent, mention)
    asking = {intent.mention.start} if intent.mention else {step.place for step in intent.steps}
    if mention.start in reading.told and not asking & reading.told:
        behind = reading.tokens[max(asking) + 1 : max(asking) + 3]
        return not any(token.word in reading.grammar["pronouns"] for token in behind)
    before = {token.word for token in reading.tokens[max(0, mention.start - 2) : mention.start]}
    people = reading.tokens[mention.start].word in reading.grammar["served"] and before & reading.grammar["meant_for"]
    named = any(reading.of(kind) for kind in ("model", "task", "parent")) or (intent.mention and reading.of("trade"))
    return bool(people and named) and not _object_of(reading, intent, mention)


def _is_in_front(reading: Reading, intent: Intent, mention: Mention) -> bool:
    """Whether people are told of in a clause before that of each step, and it says that this model is trained."""
    named = {n for kind in ("model", "task") for m in reading.of(kind) for n in m.places}
    return all(
        reading.clause(step.place)[0] > mention.end and not named.isdisjoint(object_of(reading, step.place))
        for step in intent.steps
    )


def _of_another_sentence(reading: Reading, intent: Intent, mention: Mention) -> bool:
    """Whether every sentence that asks is another one than that of a mention, and names this model or a job."""
    if intent.mention:
        return not _same_sentence(reading, mention.start, intent.mention.start)
    places = [one.place for one in intent.steps if not one.implied]
    named = [m.start for kind in ("model", "task", "parent") for m in reading.of(kind)]
    named += [n for n, token in enumerate(reading.tokens) if token.kind == "job"]
    return bool(places) and all(
        not _same_sentence(reading, mention.start, place) and any(_same_sentence(reading, place, n) for n in named)
        for place in places
    )


def _to_be_trained(reading: Reading, intent: Intent) -> str:
    """The people who are trained by a pronoun: "The new colleagues begin on Monday. Train them."; else nothing."""
    use = reading.grammar
    for step in (one for one in intent.steps if one.verb == "train"):
        pronouns = (n for n in [*object_of(reading, step.place)][:2] if not _is_polite(reading, n))
        if not any(reading.tokens[n].word in use["trained_pronouns"] for n in pronouns):
            continue
        before = (n for n in reversed(range(step.place)) if reading.tokens[n].word in use["trained_people"])
        named = max(
            (m.start for kind in ("model", "task") for m in reading.of(kind) if m.start < step.place), default=-1
        )
        person = next(before, -1)
        if person > named:
            return reading.tokens[person].text
    return ""


def _is_polite(reading: Reading, place: int) -> bool:
    """German: whether a pronoun addresses the reader, by its capital: "Trainieren Sie den Klassifikator"."""
    return reading.tokens[place].text == "Sie" and place > 0 and reading.tokens[place - 1].kind == "word"


def _same_sentence(reading: Reading, one: int, other: int) -> bool:
    between = reading.tokens[min(one, other) : max(one, other)]
    return not any(token.kind == "break" and token.text in _SENTENCE_ENDS for token in between)


def _object_of(reading: Reading, intent: Intent, mention: Mention) -> bool:
    return any(mention.start in object_of(reading, step.place) for step in intent.steps)


def negated_model(reading: Reading) -> str:
    """The user's words by which this model is ruled out, where no others name it."""
    models = reading.of("model", negated=None)
    negated = [m for m in models if m.negated and not reading.of("other")]
    return f"not {reading.said(negated[0])}" if negated and len(negated) == len(models) else ""
