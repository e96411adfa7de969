# SPDX-License-Identifier: Apache-2.0
"""The decision threshold of a model: chosen on validation pairs, for the spec's target or else for the best F1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import InputError, SpecError
from scoring.choice import choose_threshold
from scoring.targets import Target, parse
from scoring.thresholds import best_f1

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spec.experiment import Experiment

KEY = "model.classify.target"


@dataclass(frozen=True, slots=True)
class ChosenThreshold:
    """The threshold that validation pairs suggest, None where they can't; and why it is this one."""

    value: float | None
    source: str


def target_of(experiment: Experiment) -> Target | None:
    """The spec's target.

    Raises:
        SpecError: it can't be read.
    """
    text = experiment.model.classify.target
    if not text:
        return None
    try:
        return parse(text)
    except InputError as error:
        raise SpecError(error.message, code="spec.target", where=KEY, remedy=error.remedy) from None


def choose(labels: Sequence[int], scores: Sequence[float], target: Target | None, epoch: int) -> ChosenThreshold:
    """Choose a threshold on the validation pairs of an epoch."""
    if target is None:
        return ChosenThreshold(best_f1(labels, scores).value, f"best F1 on validation, epoch {epoch}")
    choice = choose_threshold(labels, scores, target)
    return ChosenThreshold(choice.threshold, f"validation, epoch {epoch}: {choice.verdict.sentence()}")
