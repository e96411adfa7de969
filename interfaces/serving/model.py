# SPDX-License-Identifier: Apache-2.0
"""Which file a model's name stands for: a file itself, or a job or search whose checkpoint or export is used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import MissingInputError, ParentError
from core.file_names import is_model
from core.files import real_path
from interfaces.skill import the_skill

_CHECKPOINT = ".checkpoint"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model's file, and the name by which clients call it."""

    path: Path
    name: str


def find_model(named: str, results_root: str | None) -> ServedModel:
    """The model that is named.

    Raises:
        MissingInputError: there is no such file.
        InputError: there is no such job.
        ParentError: the job has no model to use, or several between which nothing decides.
    """
    path = Path(named).expanduser()
    if is_model(path):
        if not path.is_file():
            remedy = "name the .onnx file of an export, a .pth file, or a job"
            raise MissingInputError("there is no such model", code="model.missing", where=named, remedy=remedy)
        return ServedModel(real_path(path), path.stem)
    return _of_job(named, results_root)


def _of_job(named: str, results_root: str | None) -> ServedModel:
    from runners.api import get_job, open_store
    from runners.planning.parents import artifact_of, wanted_artifacts, winner_of

    skill, store = the_skill(), open_store(results_root)
    job = get_job(winner_of(store, named), store)
    action = next(
        (name for name in skill.actions if skill.task_of(name) == job.task and name.endswith("inference")), ""
    )
    wanted = (
        [w for w in wanted_artifacts(skill, action, embedded=True) if w.key.endswith(_CHECKPOINT)] if action else []
    )
    if not wanted:
        remedy = "name a job that trained, exported or quantised a model"
        raise ParentError(f"the job {job.id} has no model", code="parent.no_artifact", where=job.id, remedy=remedy)
    return ServedModel(real_path(artifact_of(job, wanted[0])[1]), job.id)


def engine_command() -> str:
    """The program of the embedded engine."""
    from runners.planning.resolved import embedded_engine

    return embedded_engine(the_skill())
