# SPDX-License-Identifier: Apache-2.0
"""Text from outside as a terminal may show it: nothing in it moves the cursor, rings, hides or turns the order."""

from __future__ import annotations

import re
import time

# All controls but line break and tab, what turns the reading order, what has no width, line separators, halves of
# characters, and the invisible tags.
_UNSEEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
_ODD = re.compile(f"[{_UNSEEN}]")


def printable(text: str) -> str:
    r"""The text with everything unseen written as an escape (`\x1b`, `\u202e`); line breaks and tabs stay."""
    return _ODD.sub(lambda found: _escape(ord(found[0])), text.replace("\r\n", "\n"))


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class Pace:
    """Whether it is time to tell of something that goes on, where lines stay and are read as one text: now and then."""

    def __init__(self, seconds: float = 30.0) -> None:
        self._seconds = seconds
        self._told = time.monotonic()

    def is_due(self) -> bool:
        """True once in so many seconds, the first time after so many."""
        if time.monotonic() - self._told < self._seconds:
            return False
        self._told = time.monotonic()
        return True


def printable_json(text: str) -> str:
    """The same for JSON, which stays JSON and means the same."""
    return _ODD.sub(lambda found: "".join(f"\\u{unit:04x}" for unit in _units(found[0])), text)


def _units(character: str) -> list[int]:
    data = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2)]
