# SPDX-License-Identifier: Apache-2.0
"""What one step says of another's object: verbs that share one, and pronouns for what another verb works on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.engines import MEASURING
from router.objects import of_pronoun_at
from router.said_data import is_model_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.asked_steps import Step
    from router.reading import Reading
    from router.spoken import Spoken

_NEAR = 4
_OF_ONE_MODEL = MEASURING | {"export", "quantize"}


def with_shared_objects(reading: Reading, steps: Sequence[Step], spoken: Sequence[Spoken]) -> tuple[Spoken, ...]:
    """What each step says; one that another follows at once works on what that one works on.

    A training takes the data alone: what it begins with is said of it, or nothing is.
    """
    found = list(spoken)
    for here in range(len(found) - 2, -1, -1):
        if not _is_coordinated(reading, steps[here], steps[here + 1], found[here]):
            continue
        later = found[here + 1]
        found[here] = replace(found[here], paths=found[here].paths or later.paths)
        if steps[here].verb != "train":
            found[here] = replace(found[here], jobs=later.jobs, parents=later.parents)
    return tuple(found)


def with_common_job(reading: Reading, steps: Sequence[Step], spoken: Sequence[Spoken]) -> tuple[Spoken, ...]:
    """What each step says, where one job is that of all: "evaluate on ./a, predict on ./b, both with train-…"."""
    named = [n for n, token in enumerate(reading.tokens) if token.kind == "job"]
    if len(named) != 1 or not {step.verb for step in steps} <= _OF_ONE_MODEL:
        return tuple(spoken)
    before = {token.word for token in reading.tokens[max(0, named[0] - _NEAR) : named[0]]}
    jobs = next(one.jobs for one in spoken if one.jobs) if any(one.jobs for one in spoken) else ()
    return tuple(replace(one, jobs=jobs) if before & reading.grammar["both"] else one for one in spoken)


def _is_coordinated(reading: Reading, step: Step, later: Step, spoken: Spoken) -> bool:
    """Whether only commas and words such as "and" stand between two verbs, and nothing that the first one works on."""
    said = spoken.paths or spoken.jobs or spoken.parents or spoken.no_data
    verbs = {m.start for kind in ("action", "named") for m in reading.of(kind)}
    between = reading.tokens[step.place + 1 : later.place]
    joined = all(token.text == "," or token.word in reading.grammar["joins_steps"] for token in between)
    return bool(between) and joined and not said and {step.place, later.place} <= verbs


def with_antecedents(reading: Reading, steps: Sequence[Step], spoken: Sequence[Spoken]) -> tuple[Spoken, ...]:
    """What each step says, where `it` is what a step names that is said before it, and is to run after it.

    "before you export train-… to onnx, evaluate it on ./lot"
    """
    found = list(spoken)
    for here, step in enumerate(steps):
        if found[here].jobs or found[here].parents or files_of(found[here]) or step.verb == "train":
            continue
        if not (of_pronoun_at(reading, step) or _is_silent(found[here], steps[:here])):
            continue
        earlier = [one for n, one in enumerate(found) if n > here and steps[n].place < step.place]
        before = [one for one in earlier if one.jobs or files_of(one) or (one.parents and step.verb in MEASURING)]
        if before:
            found[here] = replace(
                found[here],
                jobs=before[0].jobs,
                parents=before[0].parents,
                no_data=(*found[here].no_data, *files_of(before[0])),
            )
    return tuple(found)


def with_handed_file(reading: Reading, steps: Sequence[Step], spoken: Sequence[Spoken]) -> tuple[Spoken, ...]:
    """What each step says, with the file of a step before it that only looks at it: "evaluate m.pth, export it"."""
    del reading
    found = list(spoken)
    for here in range(1, len(found)):
        one, files = found[here], files_of(found[here - 1])
        silent = not (one.jobs or one.parents or files_of(one) or one.others)
        if silent and len(files) == 1 and steps[here - 1].verb in MEASURING and steps[here].verb in _OF_ONE_MODEL:
            found[here] = replace(one, no_data=(*one.no_data, *files))
    return tuple(found)


def files_of(spoken: Spoken) -> tuple[str, ...]:
    """The model files that a step names."""
    return tuple(name for name in spoken.no_data if is_model_file(name))


def _is_silent(spoken: Spoken, before: Sequence[Step]) -> bool:
    """Whether a step names no model, and none before it makes one: "quantize train-…, but evaluate on ./lot first"."""
    made = {step.verb for step in before} - MEASURING
    return not (made or spoken.no_data or spoken.engine or spoken.others)
