# SPDX-License-Identifier: Apache-2.0
"""Data and results as the side that computes sees them: a container, a node of Slurm, a node of Ray."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ChangenetError, PlatformError
from runners.doctor.check import Check, error, ok, warning
from runners.platforms.compute_side import Seen, asking_folder, question, seen
from runners.platforms.ray_api import address_of, cluster_of
from runners.platforms.slurm_commands import Host

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.declarations import Skill
    from runners.jobs.store import JobStore

_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.3
_SHARE = "put it on a file system that the nodes share with this machine, under the same path"
_ENGINE_ELSEWHERE = (
    "let DOCKER_HOST name the engine of this machine, or share the folder with the machine that it runs on"
)
_RIGHTS = "give the account that jobs run as there the right to {what} (chmod, or the label :z under SELinux)"


def in_container(skill: Skill, store: JobStore, data: str | None) -> Iterator[Check]:
    """From within a container: of an image of the skill that is there, else of the smallest that the engine has."""
    from runners.platforms.docker_engine import host_named
    from runners.platforms.docker_image import find_image
    from runners.platforms.docker_probe import look_from_container, smallest_image

    place, host = "in a container", host_named()
    try:
        named = (find_image(host, name) for name in sorted({skill.image(action) for action in skill.actions}))
        image = next((one.id for one in named if one), None) or smallest_image(host)
        if image is None:
            remedy = f"docker pull {skill.image('train')}"
            yield warning(f"results {place}", "not looked at: the engine has no image yet", remedy)
            return
        found = look_from_container(host, image, store.root, Path(data).absolute() if data else None)
    except (ChangenetError, OSError) as problem:
        yield _not_looked(place, problem)
        return
    yield from _told(found, place, store.root, data, _ENGINE_ELSEWHERE)


def on_slurm_node(store: JobStore, data: str | None, host: str = "", options: Sequence[str] = ()) -> Iterator[Check]:
    """From a node of the cluster, by `srun`; `host` is the login node that ssh reaches, `options` those of srun."""
    place = "on a Slurm node"
    step = ["srun", "--quiet", "--nodes=1", "--ntasks=1", "--time=1", "--immediate=30", "--job-name=changenet-doctor"]
    try:
        with asking_folder(store.root) as folder:
            words = question(str(folder), str(Path(data).absolute()) if data else "")
            found = seen(Host(host).run([*step, "--chdir=/", *options, *words]), folder, data=data is not None)
    except (ChangenetError, OSError) as problem:
        yield _not_looked(place, problem)
        return
    yield from _told(found, place, store.root, data, _SHARE)


def ray(skill: Skill, store: JobStore, data: str | None, address: str = "") -> Iterator[Check]:
    """The cluster, and what a job on one of its nodes sees; the engine has to be there as well."""
    from runners.planning.resolved import embedded_engine

    cluster, place = cluster_of(address_of(address)), "on a Ray node"
    try:
        yield ok("ray", f"Ray {cluster.version()} answers at {cluster.address}")
    except ChangenetError as problem:
        at = f"{problem.where}: " if problem.where else ""
        yield error("ray", f"{at}{problem.message}", problem.remedy)
        return
    try:
        with asking_folder(store.root) as folder:
            words = question(str(folder), str(Path(data).absolute()) if data else "", embedded_engine(skill))
            said = cluster.output_of(f"changenet-doctor-{secrets.token_hex(4)}", words, _WAIT_SECONDS, _POLL_SECONDS)
            found = seen(said, folder, data=data is not None, engine=True)
    except (ChangenetError, OSError) as problem:
        yield _not_looked(place, problem)
        return
    yield from _told(found, place, store.root, data, _SHARE)


def _told(found: Seen, place: str, root: Path, data: str | None, elsewhere: str) -> Iterator[Check]:
    if data is not None:
        yield _of_data(found, place, data, elsewhere)
    name = f"results {place}"
    if found.results == "ok":
        yield ok(name, f"{root} can be written, and what is written arrives here")
    elif found.results == "refused":
        yield error(name, f"{root} is there, and can't be written", _RIGHTS.format(what="write there"))
    elif found.results == "silent":
        yield warning(name, "not looked at: nothing was said there", "see what its own log says of changenet-doctor")
    else:
        known = "is not there" if found.results == "missing" else "is there, and what is written does not arrive here"
        yield error(name, f"{root} {known}", elsewhere)
    if found.engine is not None and found.results != "silent":
        yield _of_engine(found, place)


def _of_data(found: Seen, place: str, data: str, elsewhere: str) -> Check:
    name = f"data {place}"
    if found.data == "ok":
        return ok(name, f"{data} can be read")
    if found.data == "missing":
        return error(name, f"{data} is not there", elsewhere)
    if found.data == "refused":
        return error(name, f"{data} is there, and can't be read", _RIGHTS.format(what="read it"))
    return warning(name, "not looked at: nothing was said there", "see what its own log says of changenet-doctor")


def _of_engine(found: Seen, place: str) -> Check:
    if found.engine == "ok":
        return ok(f"engine {place}", "this installation's engine is there")
    return error(
        f"engine {place}", "this installation's engine is not there", f"install it where the nodes see it: {_SHARE}"
    )


def _not_looked(place: str, problem: Exception) -> Check:
    """Nobody could look: nothing is known of the places, which stops no run."""
    remedy = (
        problem.remedy if isinstance(problem, PlatformError) and problem.remedy else "run it again once that is mended"
    )
    said = problem.message if isinstance(problem, ChangenetError) else str(problem)
    return warning(f"results {place}", f"not looked at: {said}", remedy)
