# SPDX-License-Identifier: Apache-2.0
"""A search that is switched in the notation of a call or an object: `search=False`, `"tuning": 0`, `use_hpo=true`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from router.tokens import folded
from router.word_stems import is_of, quoted

if TYPE_CHECKING:
    from router.reading import Reading

_SIGN = re.compile(r"[\"']?\s*[=:]\s*[\"']?")
_SAID = {
    **dict.fromkeys(("false", "no", "off", "none", "null", "disabled", "never", "0"), "off"),
    **dict.fromkeys(("true", "yes", "on", "enabled", "1"), "on"),
}


def switched_by_slot(reading: Reading, part: range) -> dict[str, str]:
    """The policy that a name and its value say, with the user's own words for both."""
    if not any(sign in reading.text for sign in "=:"):
        return {}
    found: dict[str, str] = {}
    for place in part[:-1]:
        if not is_of(reading, place, "searches") or (place and _is_negated(reading, place)):
            continue
        name, value = reading.tokens[place : place + 2]
        state = _SAID.get(folded(value.text))
        if state and _SIGN.fullmatch(reading.text[name.end : value.start]) and _ends(reading, value.end):
            found.setdefault(state, quoted(reading, place, place + 1))
    return found


def _is_negated(reading: Reading, place: int) -> bool:
    """Whether the name itself denies: `no_search=true`, which phrases know."""
    before = reading.tokens[place - 1]
    return is_of(reading, place - 1, "denies_before") and reading.tokens[place].start - before.end <= 1


def _ends(reading: Reading, place: int) -> bool:
    """Whether a value ends there: `search: no`, and not "search: no more than 10 trials"."""
    return not reading.text[place:].lstrip("\"' ")[:1].isalnum()
