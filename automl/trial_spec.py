# SPDX-License-Identifier: Apache-2.0
"""What a run sets in the experiment spec beside its own values: length, checkpoints, and where it starts.

The names of the keys come from the contract of the skill whose training is tuned, where it has them, and are TAO's own
otherwise; a key that the action's spec lacks is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core import dotted
from core.errors import DeclarationError
from router.consistency import RESUME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from automl.types import Objective, Run
    from router.declarations import Skill

_CHECKPOINTER = "train.checkpointer"
MONITOR = f"{_CHECKPOINTER}.monitor"
_RESULTS = "results_dir"
# A figure that no training logs by this name, and every one tells: how long an epoch takes.
SECONDS_PER_EPOCH = "seconds_per_epoch"


@dataclass(frozen=True, slots=True)
class TrialKeys:
    """The spec keys of a train action that the search sets itself; None where the action has no such key."""

    epochs: str
    validation_interval: str | None
    checkpoint_interval: str | None
    resume: str | None
    weights: str | None
    checkpointer: bool

    @classmethod
    def of(cls, skill: Skill, action: str, spec: Mapping[str, Any]) -> TrialKeys:
        """The keys of an action; `spec` is its whole spec.

        Raises:
            DeclarationError: the skill does not say which key holds the number of epochs.
        """
        names = skill.shorthand_keys(action)
        params = skill.spec_params(action)
        if "num_epochs" not in names:
            where = str(skill.root / "skill_info.yaml")
            message = "spec_shorthand_keys has no num_epochs: a search can't set how long a trial is"
            raise DeclarationError(message, code="automl.contract", where=where, remedy="add it")

        def known(key: str | None) -> str | None:
            return key if key and dotted.get(spec, key, spec) is not spec else None

        return cls(
            epochs=names["num_epochs"],
            validation_interval=known(names.get("validation_interval")),
            checkpoint_interval=known(names.get("checkpoint_interval")),
            resume=next((known(key) for key, how in params.items() if how == RESUME), None),
            weights=known(names.get("pretrained_model")),
            checkpointer=isinstance(dotted.get(spec, _CHECKPOINTER), dict),
        )

    def start_checkpoint(self, spec: Mapping[str, Any]) -> str | None:
        """The checkpoint that the request itself starts from."""
        found = [dotted.get(spec, key) for key in (self.resume, self.weights) if key]
        return next((str(path) for path in found if path), None)


def fixed_values(
    keys: TrialKeys, objectives: Sequence[Objective], given: Mapping[str, Any], start: str | None
) -> dict[str, Any]:
    """What every run sets: validation each epoch unless the user says otherwise, and checkpoints by the objective.

    `start` is the checkpoint that the request starts from: trials take its weights, with an optimiser of their own, as
    a checkpoint that is gone on from would bring back its learning rate.
    """
    values: dict[str, Any] = {}
    if keys.validation_interval and keys.validation_interval not in given:
        values[keys.validation_interval] = 1
    if keys.checkpointer:
        ranked = len(objectives) == 1
        first = next((o for o in objectives if o.metric != SECONDS_PER_EPOCH), objectives[0])
        values |= {f"{_CHECKPOINTER}.enable_topk": ranked, f"{_CHECKPOINTER}.replace_periodic": False}
        values |= {MONITOR: first.metric, f"{_CHECKPOINTER}.mode": first.mode}
        values |= {f"{_CHECKPOINTER}.save_top_k": 1}
    if start and keys.weights and keys.resume:
        values |= {keys.weights: start, keys.resume: None}
    return values


def run_values(keys: TrialKeys, run: Run, checkpoint: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """What this run sets: its own values, its length, and the checkpoint that it goes on from."""
    values = dict(run.values) | {keys.epochs: run.epochs}
    if keys.checkpoint_interval:
        values[keys.checkpoint_interval] = run.epochs
    if _RESULTS in given:
        values[_RESULTS] = f"{given[_RESULTS]}/trial_{run.trial:04d}/run_{run.number:05d}"
    if checkpoint and run.weights_only and keys.weights:
        values |= {keys.weights: checkpoint} | ({keys.resume: None} if keys.resume else {})
    elif checkpoint and keys.resume:
        values |= {keys.resume: checkpoint} | ({keys.weights: None} if keys.weights else {})
    return values
