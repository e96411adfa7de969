# SPDX-License-Identifier: Apache-2.0
"""The rules between keys of a spec, as pure functions of nested dictionaries.

Each rule is one function in `spec.rules_*`. Nothing here imports pydantic or YAML: plans are checked on every turn.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.dotted import get, put
from spec import rules_data, rules_deploy, rules_model, rules_train

if TYPE_CHECKING:
    from collections.abc import Collection

    from core.problem import Problem
    from spec.rule import BrokenRule, Rule, Spec

__all__ = ["CONSTRAINTS", "Adjustment", "Settled", "check", "settle"]

CONSTRAINTS: tuple[Rule, ...] = (*rules_model.RULES, *rules_data.RULES, *rules_train.RULES, *rules_deploy.RULES)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A default that was changed, because it broke a rule with what the user gave."""

    key: str
    old: Any
    new: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A spec after its defaults were adjusted, what was adjusted, and what is still wrong with it."""

    spec: dict[str, Any]
    adjustments: tuple[Adjustment, ...]
    problems: tuple[Problem, ...]


def check(spec: Spec, action: str) -> list[BrokenRule]:
    """Every rule that the spec breaks. Keys that are missing break none; values have the types of the schema."""
    return [broken for rule in CONSTRAINTS if (broken := rule(spec, action))]


def settle(spec: Spec, action: str, given: Collection[str]) -> Settled:
    """Adjust defaults that break a rule, until none does or only values that the user gave are left.

    `given` holds the dotted keys that the user set; a section or map that is given covers what is below it. The
    argument is not changed.
    """
    tree: dict[str, Any] = deepcopy(dict(spec))
    made: list[Adjustment] = []
    # An adjustment can break another rule, which is then mended in turn; the bound ends rules that contradict.
    for _ in range(2 * len(CONSTRAINTS)):
        step = _next_step(tree, action, given)
        if step is None:
            break
        broken, changes = step
        made += [Adjustment(key, get(tree, key), value, broken.problem.message) for key, value in changes.items()]
        for key, value in changes.items():
            put(tree, key, deepcopy(value))
    return Settled(tree, tuple(made), tuple(broken.problem for broken in check(tree, action)))


def _next_step(tree: dict[str, Any], action: str, given: Collection[str]) -> tuple[BrokenRule, dict[str, Any]] | None:
    for broken in check(tree, action):
        for changes in broken.adjustments:
            if not any(_is_given(key, given) for key in changes):
                return broken, changes
    return None


def _is_given(key: str, given: Collection[str]) -> bool:
    return any(name == key or name.startswith(f"{key}.") or key.startswith(f"{name}.") for name in given)
