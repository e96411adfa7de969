# SPDX-License-Identifier: Apache-2.0
"""German participles, by their shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PARTICIPLE = re.compile(r"[a-zäöü]*ge[a-zäöü]{3,}(t|en)|[a-zäöü]{3,}iert|(be|ver|er|zer|ent|miss)[a-zäöü]{3,}(t|en)")


def is_participle(word: str) -> bool:
    """Whether a word has the shape of one: `abgeglichen`, `probiert`, `verschickt`."""
    return bool(_PARTICIPLE.fullmatch(word))


def begins_with_participle(words: Sequence[str], grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether a perfect begins with its participle: "probiert haben wir es"."""
    return len(words) > 1 and words[1] in grammar["have_done"] and is_participle(words[0])
