# SPDX-License-Identifier: Apache-2.0
"""From which share on, or how many times as likely, the linear model of `ranking` is heard; its weights bring them."""

from __future__ import annotations

from typing import NamedTuple


class Thresholds(NamedTuple):
    """Each case of `arbitration` with its own; `benchmarks/arbiter_thresholds.py` chooses them."""

    taken_on: float = 0.45
    taken_on_by_trade: float = 0.5
    taken_on_beside_craft: float = 0.8
    command_of_trade: float = 0.6
    command_of_nothing: float = 0.95
    unsaid_action: float = 0.3
    unsaid_command: float = 0.2
    unsaid_command_of_nothing: float = 0.8
    unsaid_of_a_path: float = 0.5
    plain_manner: float = 0.7
    another: float = 0.5
    another_that_changes: float = 0.8
    several_after_all: float = 0.6
    no_command: float = 0.5
    no_command_of_ours: float = 0.75
    no_action: float = 0.6
    no_action_of_ours: float = 0.8
    unlike_all_words: float = 0.2
    one_of_ordered: float = 0.95
    no_question: float = 0.9
    times: float = 3.0
    times_several: float = 2.5
    times_one: float = 5.0


def read_thresholds(line: str) -> Thresholds:
    """The thresholds of a line such as "taken_on=0.45 times=3"."""
    return Thresholds(**{name: float(value) for name, _, value in (part.partition("=") for part in line.split())})


def as_line(thresholds: Thresholds) -> str:
    """The line that `read_thresholds` reads."""
    return " ".join(f"{name}={value:g}" for name, value in thresholds._asdict().items())
