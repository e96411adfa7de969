# SPDX-License-Identifier: Apache-2.0
"""Names of files: those in a job's folder, and those of archives."""

from __future__ import annotations

import os
from pathlib import Path

LOG_FILE = "log.txt"
PLAN_FILE = "plan.json"
SPEC_FILE = "spec.yaml"
MANIFEST_FILE = "artifacts.json"
BEFORE_FILE = "before.json"
FINDINGS_FILE = "findings.json"  # where the report of a job looks for what the data check found
SEARCH_PREFIX, SEARCH_RECORD = "automl-", "best_rec.json"  # a search's folder beside those of jobs; its winner
ARCHIVES = (".tar.gz", ".tgz", ".tar")
SEGMENT_FOLDERS = ("A", "B", "list", "label")


def names_search(name: str) -> bool:
    """Whether a name that was given for a job means a search: its id, or its folder."""
    return name.startswith(SEARCH_PREFIX) or (os.sep in name and Path(name).name.startswith(SEARCH_PREFIX))


def is_archive(place: str) -> bool:
    """Whether a path or URI names an archive that can be unpacked."""
    return place.lower().endswith(ARCHIVES)


def segment_archives(root: Path) -> dict[str, Path]:
    """The archives below a segment root by the folder that each stands for, where that folder itself is not there."""
    found = {}
    for name in SEGMENT_FOLDERS:
        archives = [root / f"{name}{suffix}" for suffix in ARCHIVES if (root / f"{name}{suffix}").is_file()]
        if archives and not (root / name).is_dir():
            found[name] = archives[0]
    return found
