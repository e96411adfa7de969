# SPDX-License-Identifier: Apache-2.0
"""The threshold that validation chooses, as checkpoints carry it, and the inspection target it is chosen for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.errors import InputError, SpecError
from engine.checkpoints import read_threshold
from scoring.choice import choose_threshold
from scoring.origin import SourcedThreshold, ThresholdOrigin, weighed
from scoring.targets import Target, parse
from scoring.thresholds import best_f1
from spec.model_section import ClassifyModel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from engine.checkpoints import Content
    from spec.experiment import Experiment

TARGET_KEY = "model.classify.target"


class Threshold(SourcedThreshold):
    """A threshold of the score of a pair."""

    @classmethod
    def of_checkpoint(cls, content: Content, path: Path, experiment: Experiment) -> Threshold | None:
        """The threshold that a checkpoint carries, if any.

        Raises:
            CheckpointError: it is no number that a score of the spec's difference module can have.
        """
        distances = experiment.model.classify.difference_module == "euclidean"
        value = read_threshold(content, path, math.inf if distances else 1.0)
        origin = ThresholdOrigin.from_json(content.get("threshold_origin"))
        return None if value is None else cls(value, str(content.get("threshold_source") or ""), origin)

    @classmethod
    def of_margin(cls, margin: float) -> Threshold:
        """The spec's eval_margin, which judges where a model has no threshold."""
        usual = ClassifyModel().eval_margin
        return cls(margin, "eval_margin", ThresholdOrigin("default" if margin == usual else "given"))


def inspection_target(experiment: Experiment) -> Target | None:
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
        raise SpecError(error.message, code="spec.target", where=TARGET_KEY, remedy=error.remedy) from None


def choose(
    labels: Sequence[int], scores: Sequence[float], target: Target | None, epoch: int, escape_cost: float = 1.0
) -> Threshold | None:
    """Choose a threshold on the validation pairs of an epoch (from 1, as people count); None where they can't tell."""
    origin = ThresholdOrigin("validation", "validation", str(target or ""), escape_cost)
    cost = weighed(escape_cost)
    if target is None:
        value, source = best_f1(labels, scores, escape_cost).value, f"best F1{cost} on validation, epoch {epoch}"
    else:
        choice = choose_threshold(labels, scores, target, escape_cost)
        value, source = choice.threshold, f"validation{cost}, epoch {epoch}: {choice.verdict.sentence()}"
    return None if value is None else Threshold(value, source, origin)
