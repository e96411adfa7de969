# SPDX-License-Identifier: Apache-2.0
"""Names of files: those in a job's folder, and those of archives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LOG_FILE = "log.txt"
PLAN_FILE = "plan.json"
SPEC_FILE = "spec.yaml"
MANIFEST_FILE = "artifacts.json"
BEFORE_FILE = "before.json"
FINDINGS_FILE = "findings.json"  # where the report of a job looks for what the data check found
SEARCH_PREFIX, SEARCH_RECORD = "automl-", "best_rec.json"  # a search's folder beside those of jobs; its winner
ARCHIVES = (".tar.gz", ".tgz", ".tar")


def is_archive(place: str) -> bool:
    """Whether a path or URI names an archive that can be unpacked."""
    return place.lower().endswith(ARCHIVES)


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
