# SPDX-License-Identifier: Apache-2.0
"""The figures of a job as they are shown: each in one unit, as the skill at work says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import ChangenetError
from core.figure import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.figure import Figure


def figures_of(metrics: Mapping[str, Any], task: str) -> Sequence[Figure]:
    """The figures of a job, what matters most first."""
    if not metrics:
        return ()
    from router.declarations import skill_root
    from runners.model_rules import rules_of, skill_at

    try:
        return rules_of(skill_at(str(skill_root()))).figures(metrics, task)
    except ChangenetError:
        return plain(metrics)  # the skill is broken: the job itself can still be looked at


def figure(name: str, value: Any, task: str) -> Figure:
    """One figure by its name."""
    return figures_of({name: value}, task)[0]


def in_words(metrics: Mapping[str, Any], task: str) -> str:
    """All figures in one line."""
    return "  ".join(f"{found.name} {found.text}" for found in figures_of(metrics, task))
