# SPDX-License-Identifier: Apache-2.0
"""Which folders of a results root belong to searches, beside those of jobs, of which there may be very many."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runners.names import SEARCH_PREFIX

if TYPE_CHECKING:
    from pathlib import Path


def search_folders(root: Path) -> list[Path]:
    """The folders with the name of a search, in no order; none where the root can't be read."""
    try:
        with os.scandir(root) as entries:
            return [root / entry.name for entry in entries if entry.name.startswith(SEARCH_PREFIX)]
    except OSError:
        return []
