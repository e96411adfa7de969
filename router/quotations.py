# SPDX-License-Identifier: Apache-2.0
"""What is said of words in quotation marks behind them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from router.tokens import JOINED, folded

if TYPE_CHECKING:
    from collections.abc import Mapping


_DENIED = re.compile(r"n['\u2019]t\b|\b(?:do|did|does|ca|wo)nt\b", re.IGNORECASE)


def is_endorsed(behind: str, grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether what somebody said is then ordered: "my boss wrote 'export the best trial', he is right, so do that"."""
    words = [folded(one) for one in JOINED.findall(behind)]
    if "?" in behind or not grammar["not"].isdisjoint(words) or _DENIED.search(behind):
        return False
    return any(one in grammar["carries_out"] and other in grammar["what_is_said"] for one, other in pairwise(words))
