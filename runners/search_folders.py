# SPDX-License-Identifier: Apache-2.0
"""Which folders of a results root belong to searches and chains, beside those of jobs, of which there may be many."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runners.names import CHAIN_PREFIX, SEARCH_PREFIX

if TYPE_CHECKING:
    from pathlib import Path


def search_folders(root: Path) -> list[Path]:
    """The folders with the name of a search, in no order; none where the root can't be read."""
    return _folders(root, SEARCH_PREFIX)


def chain_folders(root: Path) -> list[Path]:
    """The folders of chains of steps, newest first."""
    return sorted(_folders(root, CHAIN_PREFIX), reverse=True)


def _folders(root: Path, prefix: str) -> list[Path]:
    try:
        with os.scandir(root) as entries:
            return [root / entry.name for entry in entries if entry.name.startswith(prefix)]
    except OSError:
        return []
