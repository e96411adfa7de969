# SPDX-License-Identifier: Apache-2.0
"""What the words of a request say: actions, tasks, policy, values, data, parents, and what nothing knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from router.accounting import Account, account
from router.arbitration import settled
from router.asked_steps import ENGINE_VERB, Step
from router.chains import alone
from router.coordination import with_antecedents, with_common_job, with_handed_file, with_shared_objects
from router.core_sentences import core, is_heard
from router.descriptions import is_described
from router.intent import Intent, find_intent
from router.letters import is_elsewhere
from router.machines import is_no_runner
from router.number_formats import add_words
from router.order import is_of_others_later
from router.overrides import overrides, said_otherwise
from router.reading import Reading, read
from router.refused_objects import is_asked_otherwise
from router.repeated import repeated
from router.repeated_doubts import is_unlikely
from router.said_data import data_places, is_no_data, is_ruled_out, not_of_past, not_spared, role_of, uncorrected
from router.search_settings import sets_search
from router.spoken import Spoken
from router.spoken_parents import parents_of
from router.spoken_policy import policies
from router.stated import stated_once
from router.step_parts import parts_of_steps
from router.switched_search import called_back
from router.values import read_values
from router.vocabulary import vocabulary_of
from router.weighed_policy import by_all_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from router.declarations import Skill
    from router.patterns import Mention
    from router.stated import Values
    from router.vocabulary import Vocabulary

_SAME = frozenset(
    {"same", "gleiche", "gleichen", "selbe", "selben", "dasselbe", "desselben", "demselben", "derselbe", "denselben"}
)


@dataclass(frozen=True, slots=True)
class Words:
    """A request that was read: what it asks for, how its words are accounted for, and what each of its steps says.

    `story` are sentences around it that hid this, and were left out.
    """

    reading: Reading
    intent: Intent
    account: Account
    whole: Spoken
    steps: tuple[Spoken, ...]
    refused: tuple[str, ...]
    story: tuple[str, ...] = ()

    @property
    def names_model(self) -> bool:
        """Whether the model, or its trade, is named."""
        return any(self.reading.of(kind) for kind in ("model", "trade", "task"))


class _Given(NamedTuple):
    """The values of a request, the roles of its data, and whether all its words are of one training."""

    values: Values
    roles: Mapping[str, list[str]]
    weigh: bool


def read_words(text: str, skill: Skill) -> Words:
    """Read a request's words; where a story hides what they ask for, those beside it. Of no words nothing is loaded."""
    if not text.strip():
        return _NOTHING
    words = _read(text, skill)
    if left := core(words.reading, words.intent, words.account):
        found = _read(left.text, skill)
        of_a_job = bool(found.whole.jobs or found.whole.parents)
        if is_heard(left, found.reading, found.intent, found.account, of_a_job=of_a_job):
            return replace(found, story=left.story)
    return words


def _read(text: str, skill: Skill) -> Words:
    vocabulary, reading = vocabulary_of(skill), read(text, skill)
    values = read_values(reading, vocabulary)
    names = [one.name for one in values.stated]
    intent = find_intent(reading, names, vocabulary.questions)
    intent, judged = settled(reading, intent, account(reading, intent, values, vocabulary), names, vocabulary)
    everything = range(len(reading.tokens))
    given = _Given(values, vocabulary.roles, [step.verb for step in intent.steps].count("train") == 1)
    whole = _spoken(reading, given, everything, intent.steps)
    parts = parts_of_steps(reading, intent.steps)
    one = parts == [everything]  # what the whole says
    pairs = zip(() if one else intent.steps, () if one else parts, strict=True)
    steps = (whole,) if one else tuple(_spoken(reading, given, part, (step,)) for step, part in pairs)
    for shared in (with_common_job, with_shared_objects, with_antecedents, with_handed_file):
        steps = shared(reading, intent.steps, steps)
    if several := repeated(reading, intent, steps, values, partial(_spoken_alone, reading, given)):
        doubtful = intent.doubtful and is_unlikely(reading, several.steps)
        intent, steps = replace(intent, steps=several.steps, doubtful=doubtful), several.spoken
        steps = with_handed_file(reading, intent.steps, steps)
    refused = tuple(dict.fromkeys(m.group.partition(":")[2] for m in _refused(reading, vocabulary)))
    return Words(reading, intent, judged, whole, steps, refused)


def _refused(reading: Reading, vocabulary: Vocabulary) -> list[Mention]:
    """Actions that are ruled out, but for what other words ask for later: "no masks needed, just the verdicts"."""
    of_search = {n for m in reading.of("policy", negated=None) for n in m.places}
    ruled_out = [m for m in reading.of("action", negated=True) if m.start not in of_search]
    return [one for one in ruled_out if not is_asked_otherwise(reading, one, vocabulary)]


def _spoken(reading: Reading, said: _Given, part: range, steps: tuple[Step, ...]) -> Spoken:
    stated, unclear = stated_once(said.values.stated, part)
    named = uncorrected(reading, [n for n in part if reading.tokens[n].kind == "job" and not is_ruled_out(reading, n)])
    named = not_spared(reading, named)
    asked = not_of_past(reading, [n for n in named if n not in reading.told])
    jobs = tuple(dict.fromkeys(reading.tokens[n].text for n in asked or named))
    if not jobs and not any(step.verb.endswith("train") for step in steps):
        jobs = _same_job(reading, part)
    files = data_places(reading, part)
    model_files = tuple(reading.tokens[n].text for n in files if is_no_data(reading.tokens[n].text))
    data = {
        reading.tokens[n].text: role_of(reading, n, said.roles) for n in files if not is_no_data(reading.tokens[n].text)
    }
    mentions = [m for m in reading.mentions if m.start in part and not m.negated]
    verbs = {step.verb for step in steps}
    given, contradictory = overrides(reading, part)
    contradictory |= said_otherwise(reading, part, stated, given)
    spoken = Spoken(
        values=stated,
        unclear=unclear | contradictory,
        overrides=given,
        jobs=jobs,
        paths=tuple(data.items()),
        no_data=model_files,
        parents=parents_of(reading, mentions, trains="train" in verbs),
        tasks=_named(mentions, "task"),
        policies=_policies(reading, part, verbs, weigh=said.weigh),
        runners=_runners(
            reading, [m for m in _meant(reading, mentions, "runner") if not is_no_runner(reading, m, verbs)]
        ),
        profiles=_named(mentions, "profile"),
        engine=_by_engine(reading, mentions, jobs),
        others=tuple(
            reading.said(m)
            for m in mentions
            if m.group in ({"other"} if files else {"other", "pointer"})
            and not (_is_mutual(reading, m.start) or is_described(reading, m))
        ),
    )
    add_words(spoken, reading, part, verbs)
    return spoken


def _spoken_alone(reading: Reading, given: _Given, part: range, steps: tuple[Step, ...]) -> Spoken:
    """What some words say; of one step its own words alone tell the policy."""
    found = _spoken(reading, given._replace(weigh=False), part, steps)
    if len(steps) > 1 or steps[0].verb != "train":
        return found
    whole = any(m.start == steps[0].place for kind in ("action", "noun") for m in reading.of(kind))
    whole = whole and not sets_search(reading)
    return replace(found, policies=policies(reading, part) or (by_all_words(alone(reading, part)) if whole else {}))


def _policies(reading: Reading, part: range, verbs: set[str], *, weigh: bool) -> Mapping[str, str]:
    """What is said of the train policy; by all words only where a training is asked for."""
    asked = ("train" in verbs and called_back(reading)) or policies(reading, part, weigh=weigh)
    return asked or (by_all_words(reading) if "train" in verbs and not sets_search(reading) else {})


def _same_job(reading: Reading, part: range) -> tuple[str, ...]:
    """The job named before, where a part says that it is the same: "verdicts by train-…, quantize the same run"."""
    same = (m for m in reading.of("parent") if m.start in part and m.group == "parent:last_training")
    place = next((m.start for m in same if any(reading.tokens[n].word in _SAME for n in m.places)), 0)
    before = [token.text for token in reading.tokens[:place] if token.kind == "job"]
    return tuple(before[-1:])


def _by_engine(reading: Reading, mentions: Iterable[Mention], jobs: Iterable[str]) -> bool:
    """Whether an engine is named, and not the checkpoint of a training in its place."""
    kinds = [job.partition("-")[0] for job in jobs]
    if any(ENGINE_VERB in kind for kind in kinds):
        return True
    checkpoint = any(token.word in reading.grammar["checkpoints"] for token in reading.tokens)
    trained = any(kind.endswith("train") for kind in kinds)
    left = {n for m in reading.of("noun", negated=True) if m.group.endswith(ENGINE_VERB) for n in m.places}
    named = (m for m in mentions if m.group in {"engine", f"noun:{ENGINE_VERB}"} and left.isdisjoint(m.places))
    return any(not is_of_others_later(reading, m) for m in named) and not (checkpoint and trained)


def _is_mutual(reading: Reading, place: int) -> bool:
    """Whether "other" is said of both: "next to each other"."""
    return place > 0 and reading.tokens[place - 1].word in reading.grammar["of_each"]


def _meant(reading: Reading, mentions: Iterable[Mention], kind: str) -> list[Mention]:
    """What is named of a kind, without what is taken back: "first I thought of Slurm, but rather in Docker"."""
    named = [m for m in mentions if m.group.startswith(f"{kind}:")]
    turns = [m.start for m in reading.of("correction", negated=None)]
    turns += [n for n, token in enumerate(reading.tokens) if token.word in reading.grammar["contrasts"]]
    return [m for m in named if not any(m.start < n < other.start for n in turns for other in named)] or named


def _runners(reading: Reading, mentions: Iterable[Mention]) -> tuple[str, ...]:
    """The runners that are named; a container on this machine is one: "Docker only, on this laptop"."""
    said = [m for m in mentions if not is_elsewhere(reading, m)]
    names = _named(said, "runner")
    places = [m for m in said if m.group == "runner:local"]
    if set(names) != {"docker", "local"} or any(len(m.places) == 1 for m in places):
        return names
    words = {token.word for token in reading.tokens[min(m.start for m in said) : max(m.end for m in said)]}
    chosen = words & (reading.grammar["or"] | reading.grammar["choice"] | reading.grammar["substitutes"])
    return names if chosen else ("docker",)


def _named(mentions: Iterable[Any], kind: str) -> tuple[str, ...]:
    names = (m.group.partition(":")[2] for m in mentions if m.group.startswith(f"{kind}:"))
    return tuple(dict.fromkeys(names))


_SILENT = Spoken({}, {}, {}, (), (), (), (), (), {}, (), (), engine=False)
_NOTHING = Words(Reading("", [], [], {}), Intent(), Account(ours=False, unknown=()), _SILENT, (), ())
