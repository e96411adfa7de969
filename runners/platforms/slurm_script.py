# SPDX-License-Identifier: Apache-2.0
"""The job script that sbatch is given: it stands in the job's folder, and can be submitted from there by hand."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InputError, RequestError
from runners.planning.plan import JOB_FOLDER, at_job
from runners.planning.sizes import size_in_bytes
from runners.platforms import belongings
from runners.platforms.scripted_jobs import EXIT_FILE, GIVEN_UP_FILE, script_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runners.planning.plan import Mount, Plan
    from runners.platforms.slurm_settings import SlurmSettings

_RANKS = 'export RANK=$SLURM_PROCID NODE_RANK=$SLURM_NODEID LOCAL_RANK=$SLURM_LOCALID; exec "$@"'


def job_script(
    plan: Plan, folder: Path, settings: SlurmSettings, mounts: Sequence[Mount] = (), *, ended_file: str = ""
) -> str:
    """The script of the job in `folder`: what it asks for, its environment, the action, its exit code in a file.

    `mounts` are those of the job, where it runs in a container; `ended_file` is for what tells a hand-over of its end.
    """
    return script_template("slurm_job.sh.j2").render(
        name=folder.name,
        title=f"{plan.action} by changenet; plan {plan.id[:12]}",
        options=list(_options(plan, settings)),
        mark=" ".join(f"{name}={shlex.quote(value)}" for name, value in belongings.mark(folder.name).items()),
        processes=_processes(plan),
        gpus=plan.resources.gpus,
        launch=shlex.join(launch_words(plan, folder, settings, mounts)),
        exit_file=EXIT_FILE,
        given_up_file=GIVEN_UP_FILE,
        ended_file=ended_file,
    )


def _options(plan: Plan, settings: SlurmSettings) -> Iterator[str]:
    yield f"--nodes={plan.resources.nodes}"
    yield f"--ntasks-per-node={_tasks_per_node(plan)}"
    if plan.resources.gpus:
        yield f"--gres=gpu:{plan.resources.gpus}"
    asked = {
        "cpus-per-task": _cpus_per_task(plan, settings),
        "mem": _megabytes(settings.memory),
        "time": settings.time_limit,
    }
    asked |= {"partition": settings.partition, "account": settings.account, "qos": settings.qos}
    yield from (f"--{name}={value}" for name, value in asked.items() if value)


def launch_words(plan: Plan, folder: Path, settings: SlurmSettings, mounts: Sequence[Mount]) -> list[str]:
    """The command of the action: by itself where it is one process without a container, else as a step of its tasks."""
    command = at_job(list(plan.command), str(folder))
    contained = plan.image is not None and settings.container != "none"
    if _processes(plan) == 1 and not contained:
        return list(command)
    step = ["srun", "--kill-on-bad-exit=1"]
    if cpus := _cpus_per_task(plan, settings):
        step.append(f"--cpus-per-task={cpus}")  # steps do not inherit it since Slurm 22.05
    inside: list[str] = []
    if contained and settings.container == "pyxis":
        step += _pyxis(plan, mounts)
    elif contained:
        inside = _apptainer(plan, mounts)
    ranks = ["bash", "-c", _RANKS, "ranks"] if _processes(plan) > 1 else []
    # The ranks of a step are known to its tasks alone; apptainer hands its own environment on, pyxis is in it already.
    return [*step, *ranks, *inside, *command]


def _tasks_per_node(plan: Plan) -> int:
    """The embedded engine takes one task for each GPU, as Lightning does; the container starts its own processes."""
    return max(1, plan.resources.gpus) if plan.engine == "embedded" else 1


def _processes(plan: Plan) -> int:
    return plan.resources.nodes * _tasks_per_node(plan)


def _cpus_per_task(plan: Plan, settings: SlurmSettings) -> int | None:
    return max(1, settings.cpus // _tasks_per_node(plan)) if settings.cpus else None


def require_mountable(mounts: Sequence[Mount]) -> None:
    """What the container reads lies where the nodes can see it, and its paths divide no option.

    Raises:
        InputError: a place is not there, or lies in a store.
        RequestError: a path holds a character that divides the paths in options of pyxis and apptainer.
    """
    for mount in mounts:
        if (
            any(mark in mount.source.removeprefix(JOB_FOLDER) + mount.target for mark in ":,")
            and "://" not in mount.source
        ):
            message = "a path with a colon or a comma can't be mounted"
            raise RequestError(message, code="slurm.mount", where=mount.source, remedy="rename the folder or the file")
        if mount.read_only and not mount.source.startswith(JOB_FOLDER) and not Path(mount.source).exists():
            message = f"there is no such place, which the container reads as {mount.target}"
            remedy = "copy it to the file system that the cluster shares; `changenet stage backbone` fetches weights"
            raise InputError(message, code="runner.remote_input", where=mount.source, remedy=remedy)


def _megabytes(memory: str) -> str:
    return f"{-(-size_in_bytes(memory, 'memory') // 2**20)}M" if memory else ""


def _pyxis(plan: Plan, mounts: Sequence[Mount]) -> list[str]:
    image = f"--container-image={enroot_name(str(plan.image))}"
    seen = ",".join(map(_bind, mounts))
    return [image, f"--container-mounts={seen}", "--container-writable", "--no-container-mount-home"]


def _apptainer(plan: Plan, mounts: Sequence[Mount]) -> list[str]:
    image = str(plan.image)
    source = image if image.endswith(".sif") else f"docker://{image}"
    binds = [word for mount in mounts for word in ("--bind", _bind(mount))]
    gpus = ["--nv"] if plan.resources.gpus else []
    return ["apptainer", "exec", *gpus, "--no-home", "--writable-tmpfs", *binds, source]


def _bind(mount: Mount) -> str:
    return f"{mount.source}:{mount.target}{':ro' if mount.read_only else ''}"


def enroot_name(image: str) -> str:
    """An image as pyxis takes it: the registry ends with `#`, and a squash file is a path."""
    registry, slash, rest = image.partition("/")
    is_registry = bool(slash) and registry != "" and any(mark in registry for mark in ".:")
    return f"{registry}#{rest}" if is_registry and not image.endswith(".sqsh") else image
