# SPDX-License-Identifier: Apache-2.0
"""What in a text may tell of secrets: the hints of all rules, looked for in one pass over its words.

Words come again and again in a log, so that what they hold is found in their set sooner than in the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.secret_names import words_of
from core.secret_rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NAME_HINTS = words_of("pass pwd secret token key credential auth cookie sig sess kennwort contrase senha psk jwt")
RUN_HINT = "\n"  # a hint that no line holds: it stands for a run of letters and digits as long as in most tokens
RUN = b"a" * 17
_KINDS = bytes(97 if place < 128 and chr(place).isalnum() else 32 for place in range(256))
_WORDS = bytes(ord(chr(place).lower()) if place < 128 and chr(place).isalnum() else 32 for place in range(256))
_WORD = re.compile(r"[a-z0-9]{2,}")
_NUMBERS = bytes(place if chr(place).isdecimal() and place < 128 else 32 for place in range(256))
_DRAWN_LENGTH, _DRAWN_NUMBERS = 28, 3  # a name is shorter, or holds less numbers between its letters
_TOKEN_BEGIN = 4
# Parts that hints share: where one is missing, so are they.
_SHARED = ("$", "://", "</", " key", "key=", "sig=", "pass", "auth", "login")
_ALL_HINTS = {*NAME_HINTS, *(hint for rule in RULES for hint in rule.hints)}
_TOKEN_HINTS = {hint for rule in RULES if rule.is_token for hint in rule.hints if not hint.isalnum()}


def _by(key_of: Callable[[str], str], hints: Iterable[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for hint in sorted(hints):
        found[key_of(hint)] = (*found.get(key_of(hint), ()), hint)
    return found


def _part_of(hint: str) -> str:
    shared = next((part for part in _SHARED if part in hint), "")
    return shared or max(_WORD.findall(hint), key=len)


# A token's first word stands alone: no letter or digit may stand before it, nor follows one.
_OF_WORDS = {word.encode(): hints for word, hints in _by(lambda hint: _WORD.findall(hint)[0], _TOKEN_HINTS).items()}
_OF_PARTS = _by(_part_of, _ALL_HINTS - _TOKEN_HINTS)
_OF_SIGNS = {part: _OF_PARTS.pop(part) for part in _SHARED if not part.isalnum()}


def hints_in(text: str) -> frozenset[str]:
    """What in a text may tell of secrets; a text without any holds none."""
    low = text.casefold()
    words = set(text.encode("ascii", "replace").translate(_WORDS).split())
    joined = _joined(words) if text.isascii() else low  # other letters may be folded to ours
    of_it = [_OF_WORDS[word] for word in words.intersection(_OF_WORDS)]
    of_it += [hints for part, hints in _OF_PARTS.items() if part in joined]
    of_it += [hints for part, hints in _OF_SIGNS.items() if part in low]
    found = {hint for hints in of_it for hint in hints if hint in (joined if hint.isalnum() else low)}
    return frozenset(found | {RUN_HINT} if RUN in letters(text) else found)


def _joined(words: set[bytes]) -> str:
    """All words in a row; of those that are drawn, and no name, how they begin: a token may be known by it.

    Without the rest of them there is half as much to look through, and less in it that looks like a hint by chance.
    """
    long = [word for word in words if len(word) >= _DRAWN_LENGTH]
    drawn = [word for word in long if len(word.translate(_NUMBERS).split()) >= _DRAWN_NUMBERS]
    return b" ".join([*words.difference(drawn), *[word[:_TOKEN_BEGIN] for word in drawn]]).decode()


def letters(text: str) -> bytes:
    """A byte for each character: the same for all letters and digits, another for all else."""
    return text.encode("ascii", "replace").translate(_KINDS)
