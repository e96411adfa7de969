# SPDX-License-Identifier: Apache-2.0
"""Which extras a folder of packages has: written by who collects them, read by who installs from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EXTRAS = "extras.txt"
_FORM = re.compile(r"[a-z]+(,[a-z]+)*")


def extras_of(folder: Path) -> str:
    """The extras that a folder of packages says to have, as pip takes them; empty where it says nothing."""
    place = folder / EXTRAS
    text = place.read_text(encoding="utf-8", errors="replace").strip() if place.is_file() else ""
    return text if _FORM.fullmatch(text) else ""
