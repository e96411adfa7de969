# SPDX-License-Identifier: Apache-2.0
"""What a part of a request says, read into values, paths, parents and the like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a part of the request says: all of it, or that of one step.

    `values` maps the name of a value to it, `unclear` to the values between which the words leave it open. `paths` are
    pairs of a path and the slot that the words before it name (None where they name none). `others` are words such as
    "the other one" that mean nothing here.
    """

    values: dict[str, Any]
    unclear: dict[str, tuple[str, ...]]
    overrides: dict[str, Any]
    jobs: tuple[str, ...]
    paths: tuple[tuple[str, str | None], ...]
    no_data: tuple[str, ...]
    parents: tuple[str, ...]
    tasks: tuple[str, ...]
    policies: Mapping[str, str]
    runners: tuple[str, ...]
    profiles: tuple[str, ...]
    engine: bool
    others: tuple[str, ...] = ()
