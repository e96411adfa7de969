# SPDX-License-Identifier: Apache-2.0
"""Names of files that runners alone write and read; those that other rooms know stand in `core.file_names`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from core.file_names import ARCHIVES

if TYPE_CHECKING:
    from collections.abc import Iterable

STORE_FILE = "jobs.sqlite3"  # in the results root, beside the jobs' folders
MANIFEST_FILE = "artifacts.json"
BEFORE_FILE = "before.json"
REMOVED_FILE = "removed.json"  # in the folder of a job whose files were removed; its record stays
SUPERVISOR_LOG = "supervisor.log"
VERSIONS_FILE = "versions.json"  # of the libraries that an action on this machine was launched with
SEARCH_PREFIX, SEARCH_RECORD = "automl-", "best_rec.json"  # a search's folder beside those of jobs; its winner
RAN_ELSEWHERE = "it ran elsewhere"  # why a job that was taken back is RUNNING: its times are those of the taking

CHAIN_PREFIX = "chain-"  # of the folder of several steps that run one after the other by themselves


def names_search(name: str) -> bool:
    """Whether a name that was given for a job means a search: its id, or its folder."""
    return name.startswith(SEARCH_PREFIX) or (os.sep in name and Path(name).name.startswith(SEARCH_PREFIX))


def names_chain(name: str) -> bool:
    """The same for a chain of steps."""
    return name.startswith(CHAIN_PREFIX) or (os.sep in name and Path(name).name.startswith(CHAIN_PREFIX))


def archive_stem(name: str) -> str:
    """The name of an archive without its endings; any other name as it is."""
    return next((name[: -len(ending)] for ending in ARCHIVES if name.lower().endswith(ending)), name)


def archives_of(root: Path, folders: Iterable[str]) -> dict[str, Path]:
    """The archives below `root` that stand for one of these folders, where that folder itself is not there."""
    found = {}
    for name in folders:
        archives = [root / f"{name}{suffix}" for suffix in ARCHIVES if (root / f"{name}{suffix}").is_file()]
        if archives and not (root / name).is_dir():
            found[name] = archives[0]
    return found
