# SPDX-License-Identifier: Apache-2.0
"""The system's own error messages in other languages, put into English before rules are asked.

Shells, `cp` and the C library speak the language of the machine; Python and the frameworks speak English everywhere.
The wordings are those of the message catalogues of glibc, coreutils and bash.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from core.documents import read_yaml
from core.errors import DeclarationError

WORDS_FILE = Path(__file__).with_name("languages.yaml")


def in_english(text: str) -> str:
    """The text with each known message of the system in English; any other text as it is."""
    if text.isascii() and not _hinted(text):
        return text
    pattern, english = _table()
    return pattern.sub(lambda found: english[found[0].lower()], text)


@cache
def _table() -> tuple[re.Pattern[str], dict[str, str]]:
    """All wordings as one pattern, and the English of each in small letters."""
    document = read_yaml(WORDS_FILE, DeclarationError)
    english = {word.lower(): told for told, words in document.items() for word in words}
    longest_first = sorted(english, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE), english


@cache
def _ascii_hints() -> tuple[str, ...]:
    """The wordings that have no letter beyond ASCII: a text of ASCII alone can hold these only."""
    return tuple(word for word in _table()[1] if word.isascii())


def _hinted(text: str) -> bool:
    small = text.lower()  # an alternation that ignores case takes nine times as long
    return any(word in small for word in _ascii_hints())
