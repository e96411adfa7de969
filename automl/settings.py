# SPDX-License-Identifier: Apache-2.0
"""What the user sets about a search, checked when it is given."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from automl.algorithms import ALGORITHMS
from core.documents import parse_scalar
from core.errors import RequestError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = {"trials": 1_000_000, "epochs": 100_000_000, "parallel": 1024, "reduction": 100, "population": 10_000}


@dataclass(frozen=True, slots=True)
class AutomlSettings:
    """How a search goes about its work; None leaves a limit open, or a choice to the machine.

    Budget, whichever ends first: `trials` configurations, `epochs` in all runs together, `wall_minutes` of the search,
    `trial_minutes` of a single run. `objectives` are texts `metric:direction`, or a metric alone where the model's
    contract states its direction. `add`, `remove`, `ranges` (low and high) and `options` change the search space that
    the schema gives. `pin` names trials whose checkpoints are kept.
    """

    algorithm: str = "bayesian"
    trials: int = 10
    epochs: int | None = None
    wall_minutes: float | None = None
    trial_minutes: float | None = None
    parallel: int | None = None
    seed: int = 1234
    objectives: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    ranges: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    options: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    pin: tuple[int, ...] = ()
    reduction: int = 3
    population: int = 4
    generation_epochs: int | None = None
    test_dataset: str | None = None
    test: bool = True

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            message = f"there is no algorithm '{self.algorithm}'. {did_you_mean(self.algorithm, ALGORITHMS)}".strip()
            raise _refused("algorithm", message, f"choose one of {', '.join(ALGORITHMS)}")
        for name in ("trials", "epochs", "parallel", "generation_epochs"):
            _require_count(name, getattr(self, name), 1)
        _require_count("reduction", self.reduction, 2)
        _require_count("population", self.population, 2)
        for name in ("wall_minutes", "trial_minutes"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise _refused(name, f"{name} must be a time above 0, not {value}", "give minutes, or leave it out")
        if not 0 <= self.seed < 2**32:
            raise _refused("seed", f"{self.seed} is no seed", "give a whole number from 0 to 4294967295")
        absent = [number for number in self.pin if not 0 <= number < self.trials]
        if absent:
            message = f"there is no trial {absent[0]} to pin: {self.trials} are planned, from 0 on"
            raise _refused("pin", message, f"pin trials from 0 to {self.trials - 1}, or raise the number of trials")
        if len(self.objectives) > 1 and not ALGORITHMS[self.algorithm].several:
            remedy = f"use {' or '.join(n for n, a in ALGORITHMS.items() if a.several)}, or give one objective"
            raise _refused("objectives", f"{self.algorithm} takes one objective, not {len(self.objectives)}", remedy)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; equal settings give equal objects."""
        document = asdict(self)
        for name in ("objectives", "add", "remove", "pin"):
            document[name] = list(document[name])
        for name in ("ranges", "options"):
            document[name] = {key: list(values) for key, values in document[name].items()}
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> AutomlSettings:
        """The inverse of `to_json`.

        Raises:
            RequestError: a name is no setting, with the closest ones; or a value can't be used.
        """
        names = {f.name for f in fields(cls)}
        for name in document:
            if name not in names:
                message = f"there is no AutoML setting '{name}'. {did_you_mean(name, names)}".strip()
                raise _refused(name, message, f"choose from {', '.join(sorted(names))}")
        parts = dict(document)
        for name in {"objectives", "add", "remove", "pin"} & parts.keys():
            parts[name] = tuple(parts[name])
        for name in {"ranges", "options"} & parts.keys():
            parts[name] = {key: tuple(values) for key, values in parts[name].items()}
        return cls(**parts)


def parse_ranges(texts: Sequence[str]) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Read `key=low..high` as one of the `ranges` and `key=one,other,third` as some of the `options`.

    Raises:
        RequestError: a text has no key or no values, or names a key twice.
    """
    ranges: dict[str, tuple[Any, ...]] = {}
    options: dict[str, tuple[Any, ...]] = {}
    for text in texts:
        key, equals, rest = (part.strip() for part in text.partition("="))
        numeric = ".." in rest
        parts = [part.strip() for part in rest.split(".." if numeric else ",")]
        known = key in ranges or key in options
        if not equals or not key or known or not all(parts) or len(parts) < 2 or (numeric and len(parts) > 2):
            remedy = "write key=low..high for a range, or key=one,other for options, once per key"
            raise _refused("ranges", f"'{text}' is no range", remedy)
        values = tuple(_value(part) for part in parts)
        if numeric and not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            raise _refused("ranges", f"the ends of '{text}' are no numbers", "write key=low..high")
        (ranges if numeric else options)[key] = values
    return {name: found for name, found in (("ranges", ranges), ("options", options)) if found}


def _value(text: str) -> Any:
    """A scalar; what is not finite is a number as well, so that it is refused by the name of its key."""
    return float(text.replace(".", "")) if text.strip("+-.").lower() in {"inf", "nan"} else parse_scalar(text)


def _require_count(name: str, value: int | None, low: int) -> None:
    most = _MOST.get(name, 1_000_000)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not low <= value <= most):
        raise _refused(name, f"{name} must be a whole number from {low} to {most}, not {value}", f"set {name}")


def _refused(name: str, message: str, remedy: str) -> RequestError:
    return RequestError(message, code="automl.settings", where=name, remedy=remedy)
