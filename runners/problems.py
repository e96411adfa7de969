# SPDX-License-Identifier: Apache-2.0
"""Everything that is wrong with a request is told at once, not one thing per attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import SpecError, UnknownKeyError

if TYPE_CHECKING:
    from collections.abc import Sequence

UNKNOWN_KEY = UnknownKeyError.code


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: stable code, the key or place, what is wrong, how to mend it."""

    code: str
    where: str
    message: str
    remedy: str


def refuse(problems: Sequence[Problem]) -> None:
    """Raise one error that tells all problems; nothing when there are none.

    Raises:
        UnknownKeyError: every problem is a key that is not there.
        SpecError: otherwise; the code is that of the only problem, or `spec` for several.
    """
    if not problems:
        return
    kind = UnknownKeyError if all(p.code == UNKNOWN_KEY for p in problems) else SpecError
    if len(problems) == 1:
        only = problems[0]
        raise kind(only.message, code=only.code, where=only.where, remedy=only.remedy)
    lines = "".join(f"\n  - {p.where}: {p.message}\n    remedy: {p.remedy}" for p in problems)
    codes = {problem.code for problem in problems}
    raise kind(f"{len(problems)} values can't be used:{lines}", code=codes.pop() if len(codes) == 1 else None)
