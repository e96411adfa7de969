# SPDX-License-Identifier: Apache-2.0
"""The starter: models of our own that ship with the skill, named `package:starter` in place of a checkpoint.

Beside the checkpoint of a task may lie the same network as an exported file, which judges without PyTorch.
"""

from __future__ import annotations

from importlib import util
from pathlib import Path

from core.errors import CheckpointError, did_you_mean
from core.file_names import CHECKPOINT_SUFFIX, EXPORTED_SUFFIX
from core.installation import skill_files
from deployed.sessions import LIBRARIES

STARTER = "package:starter"
_PREFIX = "package:"
_FOLDER = "models/starter"
_TOLD = "the starter that ships with the skill, trained on synthetic pairs alone"


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
    path = _file(task, CHECKPOINT_SUFFIX)
    if not path.is_file():
        message, remedy = "the starter's file is not there", "install the skill again, or set the key to null"
        raise CheckpointError(message, code="checkpoint.package_missing", where=str(path), remedy=remedy)
    return path


def judging_file(reference: str, task: str) -> Path:
    """The same for what judges on the processor: of the starter the exported file, where that can be run.

    Raises:
        CheckpointError: see `checkpoint_file`.
    """
    exported = _file(task, EXPORTED_SUFFIX)
    if reference == STARTER and exported.is_file() and all(map(util.find_spec, LIBRARIES)):
        return exported
    return checkpoint_file(reference, task)


def told(reference: str, task: str) -> str:
    """A model in words, by what is named for it: of whichever file the starter's network comes."""
    return _TOLD if reference == STARTER else f"{task} model {reference}"


def _file(task: str, suffix: str) -> Path:
    return skill_files() / _FOLDER / f"{task}{suffix}"
