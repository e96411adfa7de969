# SPDX-License-Identifier: Apache-2.0
"""The figures of a job as they are shown: each in one unit, as the skill at work says."""

from __future__ import annotations

from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from core.errors import ChangenetError
from core.figure import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from core.figure import Figure


def figures_of(metrics: Mapping[str, Any], task: str) -> list[Figure]:
    """The figures of a job, what matters most first."""
    return list(_figures(metrics, task))


def leading_of(metrics: Mapping[str, Any], task: str) -> list[Figure]:
    """Those few that stand for a job in a list."""
    return list(takewhile(lambda figure: figure.leads, _figures(metrics, task)))


def _figures(metrics: Mapping[str, Any], task: str) -> Iterable[Figure]:
    if not metrics:
        return ()
    from router.declarations import skill_root

    try:
        return _rule(str(skill_root()))(metrics, task)
    except ChangenetError:
        return plain(metrics)  # the skill is broken: the job itself can still be looked at


@cache
def _rule(skill_dir: str) -> Callable[[Mapping[str, Any], str], Iterable[Figure]]:
    from runners.model_rules import rules_of, skill_at

    return rules_of(skill_at(skill_dir)).figures


def figure(name: str, value: Any, task: str) -> Figure:
    """One figure by its name."""
    return figures_of({name: value}, task)[0]


def in_words(metrics: Mapping[str, Any], task: str) -> str:
    """All figures in one line."""
    return "  ".join(f"{found.name} {found.text}" for found in figures_of(metrics, task))
