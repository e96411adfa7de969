# SPDX-License-Identifier: Apache-2.0
"""The starter: models of our own that ship with the skill, named `package:starter` in place of a checkpoint."""

from __future__ import annotations

from pathlib import Path

from core.errors import CheckpointError, did_you_mean
from core.installation import skill_files

STARTER = "package:starter"
_PREFIX = "package:"
_FOLDER = "models/starter"


def checkpoint_file(reference: str, task: str) -> Path:
    """The file that a checkpoint's path, or `package:starter`, means for a task.

    Raises:
        CheckpointError: no packaged model has that name, or the package came without its files.
    """
    if not reference.startswith(_PREFIX):
        return Path(reference)
    if reference != STARTER:
        remedy = did_you_mean(reference, [STARTER]) or f"The one there is: {STARTER}."
        message = "no packaged model has that name"
        raise CheckpointError(message, code="checkpoint.package", where=reference, remedy=remedy)
    path = skill_files() / _FOLDER / f"{task}.pth"
    if not path.is_file():
        message, remedy = "the starter's file is not there", "install the skill again, or set the key to null"
        raise CheckpointError(message, code="checkpoint.package_missing", where=str(path), remedy=remedy)
    return path
