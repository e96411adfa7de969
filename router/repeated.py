# SPDX-License-Identifier: Apache-2.0
"""Several steps of one kind, each with its own job, data or values: "evaluate train-… on ./a, then train-… on ./b".

Read as one step such a request contradicts itself, and only then is it looked at here. It becomes several steps where
every one of them is whole by its own words and what is said of all; in doubt it stays one, which asks.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from router.asked_steps import Step
from router.repeated_chunks import Cutter
from router.repeated_doubts import is_unsure
from router.repeated_parts import Parts, parts_of
from router.unread_repeats import says_again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from router.intent import Intent
    from router.reading import Reading
    from router.repeated_parts import Part
    from router.spoken import Spoken
    from router.stated import Values

_RESULTS = "results_root"


class Repeated(NamedTuple):
    """The steps of a request that asks for several of one kind, and what each of them says."""

    steps: tuple[Step, ...]
    spoken: tuple[Spoken, ...]


def repeated(
    reading: Reading,
    intent: Intent,
    spoken: Sequence[Spoken],
    values: Values,
    speak: Callable[[range, tuple[Step, ...]], Spoken],
) -> Repeated | None:
    """The steps where several of one kind are asked for, else None; `speak` tells what some of the words say."""
    looks = any(_contradicts(one) for one in spoken) or _returns(reading, intent) or says_again(reading)
    if not looks or is_unsure(reading, intent):
        return None
    verbs = frozenset(step.verb for step in intent.steps)
    stated = [(one.place, one.name, str(one.value or one.choices)) for one in values.stated]
    parts = parts_of(reading, list(Cutter(reading, verbs, stated).chunks()))
    if parts is None or not _is_in_order(parts.steps, [step.verb for step in intent.steps]):
        return None
    steps = tuple(Step(part.verb, part.place if part.own else part.places.start) for part in parts.steps)
    said = [speak(part.places, (step,)) for part, step in zip(parts.steps, steps, strict=True)]
    shared = [speak(places, steps) for places in parts.shared]
    if any(_contradicts(one) for one in (*said, *shared)):
        return None
    whole = _completed(parts, _with_policy(said, spoken), shared)
    if whole is None or not _are_distinct(parts.steps, whole):
        return None
    return Repeated(steps, tuple(whole))


def _contradicts(spoken: Spoken) -> bool:
    """Whether one step can't have all that is said of it."""
    data = [role for _, role in spoken.paths if role != _RESULTS]
    several = len(data) > 1 and (None in data or len(set(data)) < len(data))
    named = max(len(spoken.jobs), len(spoken.parents), len(spoken.tasks), len(spoken.policies))
    return several or named > 1 or bool(spoken.unclear)


def _returns(reading: Reading, intent: Intent) -> bool:
    """Whether a verb is said again behind another one: "evaluate train-…, export it, evaluate train-…, export that"."""
    steps = {step.verb: step.place for step in intent.steps}
    said = [m.group.partition(":")[2] for m in reading.of("action")] if len(steps) > 1 else []
    runs = [verb for n, verb in enumerate(said) if verb in steps and said[n - 1 : n] != [verb]]
    return len(runs) > len(set(runs))


def _is_in_order(parts: Sequence[Part], verbs: Sequence[str]) -> bool:
    """Whether the steps are said in the order in which they are to run, each verb there, and one of them repeated."""
    said = [part.verb for part in parts]
    return list(dict.fromkeys(said)) == list(verbs) and len(said) > len(verbs)


def _with_policy(said: Sequence[Spoken], whole: Sequence[Spoken]) -> list[Spoken]:
    """What each step says; none of a search is wanted of all where that is said by no words of one of them alone."""
    policies = next((one.policies for one in whole if one.policies), {})
    if list(policies) != ["off"] or any(one.policies for one in said):
        return list(said)
    return [replace(one, policies=policies) for one in said]


def _completed(parts: Parts, said: Sequence[Spoken], shared: Sequence[Spoken]) -> list[Spoken] | None:
    """What each step says, with what is said of all, and what one that is done again takes over; None in doubt."""
    found = list(said)
    for one in shared:
        found = [_with(step, one) for step in found]
    for here, (before, part) in enumerate(pairwise(parts.steps), 1):
        if part.verb != before.verb:
            continue
        if part.again and _ends_in_doubt(before, part):
            return None
        taken = _once_more(found[here - 1], found[here]) if part.again else _anew(part, found[here - 1], found[here])
        if taken is None:
            return None
        found[here] = taken
    found = _from_behind(parts.steps, found)
    return None if any(_lacks(parts.steps, found, here) for here in range(len(found))) else found


def _with(spoken: Spoken, other: Spoken) -> Spoken:
    """What a step says, and what else is said of it, its own words first."""
    named = bool(spoken.jobs or spoken.parents or spoken.no_data)
    return replace(
        spoken,
        values=other.values | spoken.values,
        overrides=other.overrides | spoken.overrides,
        paths=spoken.paths or other.paths,
        jobs=spoken.jobs if named else other.jobs,
        parents=spoken.parents if named else other.parents,
        no_data=spoken.no_data if named else other.no_data,
        tasks=spoken.tasks or other.tasks,
        policies=spoken.policies or other.policies,
        runners=spoken.runners or other.runners,
        profiles=spoken.profiles or other.profiles,
        engine=spoken.engine or other.engine,
    )


def _once_more(before: Spoken, spoken: Spoken) -> Spoken | None:
    """What a step says that is done again: all else is as before; None where another task may not have that."""
    if spoken.tasks and before.tasks and spoken.tasks != before.tasks:
        if before.values.keys() - spoken.values.keys() or before.overrides.keys() - spoken.overrides.keys():
            return None
        return replace(_with(spoken, before), values=spoken.values, overrides=spoken.overrides)
    return _with(spoken, before)


def _anew(part: Part, before: Spoken, spoken: Spoken) -> Spoken | None:
    """What a step says that is ordered in full; None where the settings of the training before may be meant."""
    other = bool(spoken.tasks and before.tasks and spoken.tasks != before.tasks)
    if part.verb == "train":
        fewer = before.values.keys() - spoken.values.keys() or before.overrides.keys() - spoken.overrides.keys()
        if (fewer and not other) or ("off" in before.policies and not spoken.policies):
            return None
    kept = replace(before, values={}, overrides={}, paths=(), policies={}, tasks=() if other else before.tasks)
    if part.verb == "train":
        kept = replace(kept, jobs=(), parents=(), no_data=())
    return _with(spoken, kept)


def _ends_in_doubt(before: Part, part: Part) -> bool:
    """Whether what stands behind a step that is done again may be said of both: "batch 4, then 8, for 9 epochs"."""
    said = {name for chunk in before.chunks for name, _ in chunk.values}
    behind = [chunk for chunk in part.chunks[1:] if chunk.places.start >= part.core.stop]
    own = {name for chunk in behind for name, _ in chunk.values} - said
    return bool(own) or any(chunk.policy or chunk.tasks for chunk in behind)


def _from_behind(parts: Sequence[Part], said: Sequence[Spoken]) -> list[Spoken]:
    """What each step says, with the data, or the job, that only the last words name: "train-… and train-… on ./x"."""
    found = list(said)
    for here in range(len(parts) - 2, -1, -1):
        behind = parts[here + 1]
        if parts[here].verb != behind.verb or not (behind.again or not parts[here].own):
            continue
        later = found[here + 1]
        named = found[here].jobs or found[here].parents or found[here].no_data
        found[here] = replace(
            found[here],
            paths=found[here].paths or later.paths,
            jobs=found[here].jobs if named else later.jobs,
            parents=found[here].parents if named else later.parents,
            tasks=found[here].tasks or later.tasks,
            values=later.values | found[here].values if behind.joined else found[here].values,
        )
    return found


def _lacks(parts: Sequence[Part], said: Sequence[Spoken], here: int) -> bool:
    """Whether a step names no data, or no job, though a later one of its kind does: it may be meant for both."""
    later = [said[n] for n in range(here + 1, len(said)) if parts[n].verb == parts[here].verb]
    spoken = said[here]
    data = not spoken.paths and any(one.paths for one in later)
    named = spoken.jobs or spoken.parents or spoken.no_data
    return data or (not named and any(one.jobs or one.parents for one in later))


def _are_distinct(parts: Sequence[Part], said: Sequence[Spoken]) -> bool:
    """Whether no step is said twice; one that says nothing but its verb is about the step of another kind before it."""
    seen: list[tuple[object, ...]] = []
    for here, (part, one) in enumerate(zip(parts, said, strict=True)):
        own = (one.jobs, one.parents, one.paths, one.tasks, one.values, one.overrides, dict(one.policies))
        behind = here > 0 and parts[here - 1].verb != part.verb
        if (part.verb, *own) in seen and (any(own) or not behind):
            return False
        seen.append((part.verb, *own))
    return True
