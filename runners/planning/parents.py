# SPDX-License-Identifier: Apache-2.0
"""What a job takes from its parent: the one artifact that a field asks for, told by the parent's manifest alone."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.documents import read_json
from core.errors import InputError, ParentError
from core.file_names import PLAN_FILE, RESULTS_FOLDER
from router.consistency import FROM_PARENT, PARENT_FOLDER, RESUME
from router.declarations import DEPLOY_PREFIX
from runners.jobs.job import JobState
from runners.names import SEARCH_RECORD, names_search
from runners.planning.plan import JOB_FOLDER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from router.declarations import Skill
    from runners.jobs.job import Artifact, Job
    from runners.jobs.store import JobStore
    from runners.planning.layers import Layers

_MOST_CANDIDATES = 5
_MOST_JOBS_READ = 100


class Parent(NamedTuple):
    """A parent job, and the nested spec that it was launched with."""

    job: Job
    spec: dict[str, Any]


def lineage(store: JobStore, parent: Parent) -> Iterator[Parent]:
    """The parent, its own parent, and so on, as far as they can still be read."""
    seen: set[str] = set()
    here: Parent | None = parent
    while here and here.job.id not in seen:
        yield here
        seen.add(here.job.id)
        above, here = here.job.parent_job_id, None
        with suppress(InputError, ParentError):
            job = store.read(above) if above else None
            here = Parent(job, _spec_of(job)) if job else None


class Wanted(NamedTuple):
    """What a spec field takes from a parent: `how` is the inference function, then kind and endings of the artifact.

    `others` are kinds and endings that are taken where there is none of the first. `maker` is the action that makes
    such an artifact, and the kind of what it makes it of.
    """

    key: str
    how: str
    kind: str
    suffixes: tuple[str, ...]
    others: tuple[tuple[str, tuple[str, ...]], ...] = ()
    maker: tuple[str, str] | None = None

    @property
    def kinds(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """All kinds with their endings, the first choice first."""
        return ((self.kind, self.suffixes), *self.others)

    @property
    def words(self) -> str:
        """The kinds and their endings for people."""
        return " or ".join(f"{kind} ({' or '.join(suffixes)})" for kind, suffixes in self.kinds)


def wanted_artifacts(skill: Skill, action: str, *, embedded: bool = False) -> list[Wanted]:
    """The fields of the action's spec that a parent job can fill; the embedded engine may take further kinds."""
    fields = {key: how for key, how in skill.spec_params(action).items() if isinstance(how, str) and how in FROM_PARENT}
    found = []
    for key, how in fields.items():
        rule = skill.parent_artifact(key) or {}
        other = rule.get("embedded") if embedded else None
        others = ((str(other["kind"]), tuple(other["suffixes"])),) if other else ()
        kind, endings = str(rule.get("kind", "")), tuple(rule.get("suffixes", ()))
        found.append(Wanted(key, how, kind, endings, others, _maker(skill, action, key)))
    return found


def _maker(skill: Skill, action: str, key: str) -> tuple[str, str] | None:
    """What makes that which deploy builds on: the exported file, or what was built of it."""
    first = skill.deploy_info.get("requires_artifact") if action.startswith(DEPLOY_PREFIX) else None
    if not first:
        return None
    if key != first["spec_key"]:
        return first["spec_key"].partition(".")[0], first["kind"]
    maker = first["from"]
    takes = skill.parent_artifact(f"{maker}.checkpoint") or {}
    return (maker, takes.get("kind", "")) if maker in skill.info["tasks"][skill.task_of(action)]["actions"] else None


def load_parent(store: JobStore, job_id: str, wanted: list[Wanted], task: str) -> Parent:
    """The parent job with the spec it ran with.

    Raises:
        ParentError: it is not there, belongs to the other task, or is in no state to be built on; with the candidates.
    """
    try:
        job = store.read(winner_of(store, job_id))
    except InputError as problem:
        raise ParentError(
            problem.message, code="parent.unknown", where=problem.where, remedy=_advice(store, wanted, task)
        ) from None
    resumable = any(want.how == RESUME for want in wanted)
    if job.state is not JobState.COMPLETE and not (resumable and job.state.is_terminal):
        message = f"the parent job {job.id} is {job.state.value}, not COMPLETE"
        raise ParentError(message, code="parent.state", where=job.id, remedy=_advice(store, wanted, task))
    if job.task != task:
        message = f"the parent job {job.id} belongs to the task {job.task}, this action to {task}"
        raise ParentError(message, code="parent.task", where=job.id, remedy=_advice(store, wanted, task))
    if job.removed_at:
        message = f"the files of the parent job {job.id} were removed"
        raise ParentError(message, code="parent.removed", where=job.id, remedy=_advice(store, wanted, task))
    return Parent(job, _spec_of(job))


def winner_of(store: JobStore, name: str) -> str:
    """The job that won a search, where `name` is that search's id below the results root; else `name` itself.

    Raises:
        ParentError: no trial of the search has figures yet.
    """
    folder = store.root / Path(name).name
    if not names_search(name) or not folder.is_dir():
        return name
    record = folder / SEARCH_RECORD
    found = read_json(record) if record.is_file() else {}
    if isinstance(found, dict) and found.get("job_id"):
        return str(found["job_id"])
    remedy = f"go on with it (changenet run --resume {folder.name}), or name one of its jobs"
    raise ParentError(f"{folder.name} has no winner yet", code="parent.no_winner", where=str(folder), remedy=remedy)


def _spec_of(job: Job) -> dict[str, Any]:
    try:
        return dict(read_json(Path(job.folder) / PLAN_FILE)["spec"])
    except (InputError, KeyError, TypeError, ValueError):
        remedy = "name another parent, or set the checkpoint and the model keys yourself"
        message = f"the plan of the parent job {job.id} can't be read: its architecture is not known"
        raise ParentError(message, code="parent.plan", where=job.folder, remedy=remedy) from None


def _advice(store: JobStore, wanted: list[Wanted], task: str) -> str:
    found = candidates(store, wanted, task)
    names = ", ".join(f"{want.kind} ({want.key})" for want in wanted)
    return (
        f"choose one of: {', '.join(found)}"
        if found
        else f"no finished {task} job below {store.root} has {f'an artifact of the kind {names}' if names else 'a use'}"
    )


def candidates(store: JobStore, wanted: list[Wanted], task: str) -> list[str]:
    """Finished jobs of a task that hold what is wanted, newest first."""
    jobs = store.newest(_MOST_JOBS_READ)
    finished = (job for job in jobs if job.state is JobState.COMPLETE and job.task == task and not job.removed_at)
    fitting = (job.id for job in finished if any(_fitting(job, want) for want in wanted))
    return list(islice(fitting, _MOST_CANDIDATES))


def apply_parent(layers: Layers, parent: Parent, wanted: list[Wanted], overridden: Collection[str]) -> None:
    """Put the paths of the parent's artifacts, except where the user gives the field a value.

    Raises:
        ParentError: the parent has no such artifact, or several between which nothing decides, or it is gone.
    """
    for want in wanted:
        if want.key not in overridden:
            artifact, path = artifact_of(parent.job, want)
            detail = f"{parent.job.id}: {artifact.path} ({' '.join(artifact.roles) or artifact.kind})"
            layers.put(want.key, str(path.parent if want.how == PARENT_FOLDER else path), "parent", detail)


def artifact_of(job: Job, want: Wanted) -> tuple[Artifact, Path]:
    """The artifact of a job that a field asks for, and where it is.

    Raises:
        ParentError: as `apply_parent` says.
    """
    artifact = _choose(job, want)
    return artifact, _existing(job, artifact, want)


def apply_own_files(layers: Layers, skill: Skill, *, embedded: bool) -> None:
    """Put the fields that name files or folders of the new job itself; the embedded engine may write another file."""
    action, functions = layers.schema.action, skill.info["inference_functions"]
    for key, how in skill.spec_params(action).items():
        if how == "output_dir":
            layers.put(key, f"{JOB_FOLDER}/{RESULTS_FOLDER}", "job", how)
        elif isinstance(how, str) and (name := _own_file(functions.get(how, {}), embedded=embedded)):
            name = name.format(task=skill.task_of(action))
            layers.put(key, f"{JOB_FOLDER}/{RESULTS_FOLDER}/{skill.section(action)}/{name}", "job", how)


def _own_file(function: dict[str, Any], *, embedded: bool) -> str | None:
    return (function.get("embedded_file") if embedded else None) or function.get("file")


def _fitting(job: Job, want: Wanted) -> list[Artifact]:
    found = ([a for a in job.artifacts if a.kind == kind and a.path.endswith(ends or "")] for kind, ends in want.kinds)
    return next(filter(None, found), [])


def _choose(job: Job, want: Wanted) -> Artifact:
    """The best checkpoint for use, the latest to go on from; where roles do not decide, only one may be there."""
    fitting = _fitting(job, want)
    if not fitting:
        raise _nothing(job, want)
    role = "latest" if want.how == RESUME else "best"
    by_role = [artifact for artifact in fitting if role in artifact.roles]
    unranked = not any("top_k" in artifact.roles for artifact in fitting)
    latest = [artifact for artifact in fitting if "latest" in artifact.roles and unranked]
    for choice in (by_role, latest, fitting):
        if len(choice) == 1:
            return choice[0]
    lines = "".join(f"\n  - {line}" for line in _described(job, fitting))
    message = f"the parent job {job.id} has {len(fitting)} artifacts for {want.key}, and nothing decides:{lines}"
    raise ParentError(message, code="parent.ambiguous", where=want.key, remedy=f"name one: -s {want.key}=PATH")


def _described(job: Job, artifacts: list[Artifact]) -> Iterator[str]:
    for artifact in artifacts:
        when = f", epoch {artifact.epoch + 1}, step {artifact.step}" if artifact.epoch is not None else ""
        yield f"{Path(job.results_dir) / artifact.path} ({' '.join(artifact.roles) or artifact.kind}{when})"


def _nothing(job: Job, want: Wanted) -> ParentError:
    kinds = sorted({artifact.kind for artifact in job.artifacts})
    message = f"the parent job {job.id} has no {want.words} for {want.key}"
    has = f"it has {', '.join(kinds)}" if kinds else "it has no artifacts"
    if want.maker and want.maker[1] in kinds:
        remedy = f"make one of it (changenet run {want.maker[0]} --parent {job.id}), and name that job"
    elif job.parent_job_id:
        remedy = f"name its own parent, {job.parent_job_id}"
    else:
        remedy = f"name a job that wrote an artifact of the kind {want.kind}"
    return ParentError(f"{message}; {has}", code="parent.no_artifact", where=job.id, remedy=remedy)


def _existing(job: Job, artifact: Artifact, want: Wanted) -> Path:
    path = Path(job.results_dir) / artifact.path
    if path.is_file() and path.stat().st_size == artifact.size:
        return path
    state = "was changed" if path.exists() else "is gone"
    message = f"{artifact.path} of the parent job {job.id} {state} since the job ended"
    raise ParentError(message, code="parent.gone", where=str(path), remedy=f"restore it, or set {want.key} yourself")
