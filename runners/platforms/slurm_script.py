# SPDX-License-Identifier: Apache-2.0
"""The job script that sbatch is given: it stands in the job's folder, and can be submitted from there by hand."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RequestError
from runners.planning.plan import Mount, at_job
from runners.platforms import belongings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runners.planning.plan import Plan
    from runners.platforms.slurm_settings import SlurmSettings

SCRIPT_FILE, EXIT_FILE = "job.sh", "exit_code"
_TEMPLATES = Path(__file__).parent / "templates"
_RANKS = 'export RANK=$SLURM_PROCID NODE_RANK=$SLURM_NODEID LOCAL_RANK=$SLURM_LOCALID; exec "$@"'


def job_script(plan: Plan, folder: Path, settings: SlurmSettings) -> str:
    """The script of the job in `folder`: what it asks for, its environment, the action, its exit code in a file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - a shell script; every word in it is quoted for the shell
    )
    return templates.get_template("slurm_job.sh.j2").render(
        name=folder.name,
        title=f"{plan.action} by changenet; plan {plan.id[:12]}",
        options=list(_options(plan, settings)),
        mark=" ".join(f"{name}={shlex.quote(value)}" for name, value in belongings.mark(folder.name).items()),
        distributed=plan.resources.nodes > 1,
        gpus=plan.resources.gpus,
        launch=shlex.join(launch_words(plan, folder, settings)),
        exit_file=EXIT_FILE,
    )


def _options(plan: Plan, settings: SlurmSettings) -> Iterator[str]:
    yield f"--nodes={plan.resources.nodes}"
    yield "--ntasks-per-node=1"
    if plan.resources.gpus:
        yield f"--gres=gpu:{plan.resources.gpus}"
    asked = {"cpus-per-task": settings.cpus, "mem": settings.memory, "time": settings.time_limit}
    asked |= {"partition": settings.partition, "account": settings.account, "qos": settings.qos}
    yield from (f"--{name}={value}" for name, value in asked.items() if value)


def launch_words(plan: Plan, folder: Path, settings: SlurmSettings) -> list[str]:
    """The command of the action: by itself on one node without a container, else as a step, one task on each node."""
    command = at_job(list(plan.command), str(folder))
    contained = plan.image is not None and settings.container != "none"
    if plan.resources.nodes == 1 and not contained:
        return list(command)
    step = ["srun", "--kill-on-bad-exit=1"]
    if settings.cpus:
        step.append(f"--cpus-per-task={settings.cpus}")  # steps do not inherit it since Slurm 22.05
    inside: list[str] = []
    if contained and settings.container == "pyxis":
        step += _pyxis(plan, folder)
    elif contained:
        inside = _apptainer(plan, folder)
    ranks = ["bash", "-c", _RANKS, "ranks"] if plan.resources.nodes > 1 else []
    # The ranks of a step are known to its tasks alone; apptainer hands its own environment on, pyxis is in it already.
    return [*step, *ranks, *inside, *command]


def mounts_of(plan: Plan, folder: Path) -> list[Mount]:
    """What the container sees: the plan's mounts, else the job's folder and the inputs under their own paths."""
    if plan.mounts:
        return [Mount(at_job(m.source, str(folder)), at_job(m.target, str(folder)), m.read_only) for m in plan.mounts]
    listed = [place for value in plan.inputs.values() for place in (value if isinstance(value, list) else [value])]
    inputs = sorted({place for place in listed if "://" not in place and not place.startswith(str(folder))})
    return [Mount(str(folder), str(folder), read_only=False), *(Mount(place, place) for place in inputs)]


def require_mountable(plan: Plan, folder: Path) -> None:
    """No path holds a character that divides paths in the options of pyxis and apptainer.

    Raises:
        RequestError: one does.
    """
    for mount in mounts_of(plan, folder):
        if any(mark in mount.source + mount.target for mark in ":,"):
            message = "a path with a colon or a comma can't be mounted"
            raise RequestError(message, code="slurm.mount", where=mount.source, remedy="rename the folder or the file")


def _pyxis(plan: Plan, folder: Path) -> list[str]:
    mounts = ",".join(f"{m.source}:{m.target}{':ro' if m.read_only else ''}" for m in mounts_of(plan, folder))
    image = f"--container-image={enroot_name(str(plan.image))}"
    return [image, f"--container-mounts={mounts}", "--container-writable", "--no-container-mount-home"]


def _apptainer(plan: Plan, folder: Path) -> list[str]:
    image = str(plan.image)
    mounts = [f"{m.source}:{m.target}{':ro' if m.read_only else ''}" for m in mounts_of(plan, folder)]
    binds = [word for mount in mounts for word in ("--bind", mount)]
    source = image if image.endswith(".sif") else f"docker://{image}"
    return [
        "apptainer",
        "exec",
        *(["--nv"] * bool(plan.resources.gpus)),
        "--no-home",
        "--writable-tmpfs",
        *binds,
        source,
    ]


def enroot_name(image: str) -> str:
    """An image as pyxis takes it: the registry ends with `#`, and a squash file is a path."""
    registry, slash, rest = image.partition("/")
    is_registry = bool(slash) and registry != "" and any(mark in registry for mark in ".:")
    return f"{registry}#{rest}" if is_registry and not image.endswith(".sqsh") else image
