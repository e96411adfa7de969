# SPDX-License-Identifier: Apache-2.0
"""A figure as it is shown to people and agents: in one unit, with what it is a share of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LEADING = 3  # so many figures stand for a job of whose model nothing is known
_LONGEST = 90


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure under the name that the action gave it.

    `value` is in `unit` (% for a rate), `of` says of what it is a share, `at` where it was taken. `leads` marks what a
    list of jobs shows, under `label`.
    """

    name: str
    value: Any
    label: str = ""
    unit: str = ""
    of: str = ""
    at: str = ""
    leads: bool = False

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, without what is empty and what is for people."""
        told = {"unit": self.unit, "of": self.of, "at": self.at}
        return {"name": self.name, "value": self.value} | {key: text for key, text in told.items() if text}

    @property
    def text(self) -> str:
        """Value and unit, with the recall that a rate belongs to where the name does not say it."""
        return f"{self.short_text}{f' at {self.at}' if self.at.endswith('recall') else ''}"

    @property
    def whole_text(self) -> str:
        """The same with what it is a share of, and where it was taken."""
        return f"{self.short_text}  {self._about}".rstrip()

    @property
    def title(self) -> str:
        """The name with the same, for a row of several values."""
        return f"{self.name}{f' ({self._about})' if self._about else ''}"

    @property
    def short_text(self) -> str:
        """Value and unit alone, where a title says the rest."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            return "undefined" if self.value is None else _in_one_line(self.value)
        space = " " if self.unit.isalpha() else ""
        return f"{digits(self.value)}{space}{self.unit}"

    @property
    def _about(self) -> str:
        return ", ".join(f"{word} {part}" for word, part in (("of", self.of), ("at", self.at)) if part)


def plain(metrics: Mapping[str, Any]) -> Iterator[Figure]:
    """The figures of a job of which nothing is known but their names."""
    return (Figure(name, value, name, leads=i < LEADING) for i, (name, value) in enumerate(metrics.items()))


def digits(value: float) -> str:
    """Four digits, and more where the figure would read as a whole number, such as a perfect 1, without being one."""
    if float(value).is_integer():
        return f"{value:.4g}"
    texts = (f"{value:.{places}g}" for places in range(4, 10))
    return next((text for text in texts if not float(text).is_integer()), f"{value:.4g}")


def _in_one_line(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
