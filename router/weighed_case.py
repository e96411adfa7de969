# SPDX-License-Identifier: Apache-2.0
"""A request as the rules read it, and as the linear model of `ranking` ranks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from router.asked_steps import ENGINE_VERB, Step
from router.chains import chain
from router.evidence import evidence
from router.intent import Intent, find_intent
from router.ranking import SEVERAL, ranked
from router.taken_back import is_only
from router.verbs import by_what_is_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.accounting import Account
    from router.ranking import Ranking
    from router.reading import Reading
    from router.thresholds import Thresholds
    from router.vocabulary import Vocabulary

# What a request names where it is one of this skill's.
OURS = frozenset({"ours", "trade and data"})
_SAID = ("action", "noun", "verb")
_PREFIXES = ("deploy_", "trt_", "tensorrt_", "segment_", "classify_")
# From which share on the model is heard on a part of a chain.
_CHAINED, _CHAINED_BY_DATA = 0.45, 0.2


class Case(NamedTuple):
    """A request as the rules read it, and as the model ranks it."""

    reading: Reading
    intent: Intent
    account: Account
    stated: Sequence[str]
    vocabulary: Vocabulary
    ranking: Ranking
    least: Thresholds

    @property
    def label(self) -> str:
        """What the model says."""
        return self.ranking.best

    @property
    def share(self) -> float:
        """How likely that is."""
        return self.ranking.shares[self.label]

    def asking_only(self) -> Ranking:
        """What the model says without the clauses that only tell."""
        return ranked(evidence(self.reading, question=self.intent.question, without=self.reading.told))

    def without_refused(self) -> Case | None:
        """The case by all that is said but in clauses that rule something out, where data or a job is named beside."""
        reading = self.reading
        refused = {m.start for kind in (*_SAID, "neutral") for m in reading.of(kind, negated=True)}
        left_out = frozenset(n for place in refused for n in range(*reading.clause(place)))
        named = any(token.kind in {"path", "job"} for n, token in enumerate(reading.tokens) if n not in left_out)
        if not left_out or not named:
            return None
        return self._replace(ranking=ranked(evidence(reading, question=self.intent.question, without=left_out)))

    def named(self) -> str:
        """What the request names that is ours: itself, its trade with data, only the trade, only a path, nothing."""
        kinds = {token.kind for token in self.reading.tokens}
        if "job" in kinds or any(self.reading.of(kind) for kind in ("model", "task", "parent")):
            return "ours"
        if any(step.named for step in self.intent.steps):
            return "ours"
        trade = bool(self.reading.of("trade"))
        if "path" in kinds:
            return "trade and data" if trade else "path"
        return "trade" if trade else ""

    def is_command(self) -> bool:
        """Whether the model says a command."""
        return self.vocabulary.is_command(self.label)

    def likely(self) -> Intent:
        """The intent that the model names, at the phrase that says so, if any."""
        label, led = by_what_is_named(self.reading, self.label), self.ranking.words
        if self.vocabulary.is_command(label):
            mention = next((m for m in self.reading.of("verb") if m.group == f"verb:{label}"), None)
            return Intent(verb=label, mention=mention, question=self.intent.question, likely=not mention, led=led)
        step = next((one for one in self.intent.steps if label_of(one) == label and not one.command), None)
        said = (m for kind in ("action", "noun") for m in self.reading.of(kind) if m.group == f"{kind}:{label}")
        mention = next(said, None)
        step = step or (Step(label, mention.start) if mention else Step(label, 0, implied=True))
        return Intent((step,), question=self.intent.question, likely=step.implied, led=led)

    def may_be_chained(self) -> bool:
        """Whether several steps are likely, or not unlikely and data is named for more than the rules found."""
        paths = sum(token.kind == "path" for token in self.reading.tokens)
        several = self.ranking.shares.get(SEVERAL, 0.0)
        likely = self.label == SEVERAL and several >= _CHAINED
        return likely or (len(self.intent.steps) < paths > 1 and several >= _CHAINED_BY_DATA)

    def chained(self) -> Intent | None:
        """The steps by the parts of the request, where they are those that the rules found and others."""
        steps = self.intent.steps
        if any(is_only(self.reading, m) for m in self.reading.of("action")):
            return None
        if self.intent.verb or chooses(self.reading) or any(step.named or step.command for step in steps):
            return None
        engine = {ENGINE_VERB} if self._tells_of_engine() else set()
        found = chain(
            self.reading, (self.vocabulary.actions - {ENGINE_VERB} | engine) - self.vocabulary.commands, steps
        )
        return Intent(found, led=self.ranking.words) if len(found) > 1 else None

    def _tells_of_engine(self) -> bool:
        """Whether a word tells of an engine or of what it is built for: without one, no part of a chain builds it."""
        reading = self.reading
        said = {token.word for token in reading.tokens} & (reading.grammar["engines"] | reading.grammar["compiles"])
        return bool(said) or any(m.group.endswith(ENGINE_VERB) for m in reading.mentions)

    def several(self) -> Intent | None:
        """The steps that the words name, where there are several."""
        if chained := self.chained():
            return chained
        if len(self.intent.steps) > 1:
            return self.intent
        found = find_intent(self.reading, self.stated, self.vocabulary.questions, every_noun=True)
        return found if len(found.steps) > 1 else None


def chooses(reading: Reading) -> bool:
    """Whether words such as "or" leave a choice."""
    return any(token.word in reading.grammar["choice"] for token in reading.tokens)


def label_of(step: Step) -> str:
    """The action of a step, as the model calls it."""
    name = step.verb
    for prefix in _PREFIXES if step.named else ():
        name = name.removeprefix(prefix)
    return name


def said_by(intent: Intent) -> str:
    """What an intent asks for, as the model calls it; nothing where it asks for nothing."""
    if intent.verb:
        return intent.verb
    return SEVERAL if len(intent.steps) > 1 else label_of(intent.steps[0]) if intent.steps else ""
