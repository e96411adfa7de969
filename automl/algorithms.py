# SPDX-License-Identifier: Apache-2.0
"""The algorithms that a search can use. Loads no library."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Literal

ModelName = Literal["gp", "tpe", "cmaes", "random"]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """`model` is where suggestions come from, None being the best one that is installed.

    `several` says whether it takes several objectives, `drawn` whether its first trials are even draws,
    `promotes` whether runs go on from
    the checkpoints of others.
    """

    model: ModelName | None
    several: bool = False
    drawn: bool = False
    promotes: bool = False


ALGORITHMS = {
    "bayesian": Algorithm(None, several=True),
    "random": Algorithm("random", several=True, drawn=True),
    "cmaes": Algorithm("cmaes"),
    "hyperband": Algorithm("random", drawn=True, promotes=True),
    "asha": Algorithm("random", drawn=True, promotes=True),
    "bohb": Algorithm("tpe", drawn=True, promotes=True),
    "pbt": Algorithm("random", promotes=True),
}


def model_of(algorithm: str) -> ModelName:
    """The model behind an algorithm on this machine."""
    return ALGORITHMS[algorithm].model or ("gp" if has_gaussian_process() else "tpe")


def has_gaussian_process() -> bool:
    """Whether what Optuna's Gaussian process needs is installed: torch and scipy."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "scipy"))
