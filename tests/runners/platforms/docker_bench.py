# SPDX-License-Identifier: Apache-2.0
"""A real Docker engine for tests, and an image made of this machine's own files: no registry is asked for anything.

The image holds a shell and the libraries that Python and PyTorch need; Python itself, its packages and this checkout
are mounted where they lie.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from router.declarations import load_skill
from runners.planning.plan import JOB_FOLDER, Mount, Plan
from runners.platforms.docker_container import container_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

    from runners.jobs.job import Handle, Job

_ROOT = Path(__file__).resolve().parents[3]
IMAGE = "changenet-test:1"
OWN_IMAGE = load_skill(_ROOT).image("train", "changenet")  # as `make image` makes it: its entry point is the program
PROGRAM = Path(sys.executable).with_name("visual_changenet")
_SCRIPT = _ROOT / "scripts" / "docker_engine.sh"
_PROGRAMS = ("/bin/sh", "/usr/bin/env", "/bin/cat", "/bin/sleep", "/bin/true")
_LIBRARIES = ("lib-dynload/*.so", "site-packages/torch/lib/*.so", "site-packages/numpy/_core/*.so")


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that listens on the socket of `host` alone."""

    host: str
    client: DockerClient
    folder: Path

    def pid(self) -> int:
        """The number of its process."""
        return int((self.folder / "pid").read_text())

    def restart(self) -> None:
        """Start it again on what it had, after it died."""
        subprocess.run(["sh", str(_SCRIPT), "start", str(self.folder)], check=True)


def started_engine() -> Iterator[Engine]:
    """Start an engine with the test image; skip the test, with the reason, where none can start."""
    if os.geteuid() or not shutil.which("dockerd"):
        pytest.skip("a Docker engine takes root and dockerd (sh scripts/docker_engine.sh install)")
    # A socket's path must be short, and a container's file system is no place for another one's.
    folder = Path(tempfile.mkdtemp(prefix="changenet-engine-"))
    begun = subprocess.run(["sh", str(_SCRIPT), "start", str(folder)], check=False, capture_output=True, text=True)
    try:
        if begun.returncode:
            pytest.skip(f"no Docker engine can start here: {begun.stderr.strip()[-300:]}")
        import docker

        host = f"unix://{folder}/docker.sock"
        client = docker.DockerClient(base_url=host)
        data = base()
        entry_points = {IMAGE: [], OWN_IMAGE: [str(PROGRAM)]}
        for image, entry_point in entry_points.items():
            changes = [f"ENTRYPOINT {json.dumps(entry_point)}"]
            repository, _, tag = image.partition(":")
            client.api.import_image_from_data(data, repository=repository, tag=tag, changes=changes)
        yield Engine(host, client, folder)
        client.close()
    finally:
        subprocess.run(["sh", str(_SCRIPT), "stop", str(folder)], check=True)


@cache
def base() -> bytes:
    """The file system of the image, as a tar."""
    libraries = Path(sys.base_prefix) / "lib" / f"python3.{sys.version_info.minor}"
    packages = Path(sys.prefix) / "lib" / libraries.name
    files = [str(path) for pattern in _LIBRARIES for home in (libraries, packages) for path in home.glob(pattern)]
    programs = [os.path.realpath(sys.executable), *_PROGRAMS]
    told = subprocess.run(["ldd", *programs, *files], check=False, capture_output=True, text=True)
    needed = {name for name in re.findall(r"(/\S+) \(0x", told.stdout) if name.startswith(("/lib", "/usr/lib"))}
    with io.BytesIO() as data:
        with tarfile.open(fileobj=data, mode="w") as archive:
            for name in sorted({*needed, *_PROGRAMS}):
                archive.add(os.path.realpath(name), name, recursive=False)
            for name in ("tmp", "etc"):
                folder = tarfile.TarInfo(name)
                folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
                archive.addfile(folder)
        return data.getvalue()


def own_places() -> tuple[Mount, ...]:
    """Python, its packages and this checkout, where they lie."""
    places = dict.fromkeys((sys.base_prefix, sys.prefix, str(_ROOT)))
    return tuple(Mount(place, place) for place in places if not (place != str(_ROOT) and place.startswith(f"{_ROOT}/")))


def on_docker(plan: Plan) -> Plan:
    """A plan for the stand-in engine as one for a container."""
    mounts = (
        Mount(f"{JOB_FOLDER}/container", "/specs"),
        Mount(f"{JOB_FOLDER}/results", "/results", read_only=False),
        Mount(plan.command[0], "/engine/visual_changenet"),
        *own_places(),
    )
    command = ("/engine/visual_changenet", plan.command[1], "-e", "/specs/spec.yaml")
    return sealed(plan, image=IMAGE, mounts=mounts, command=command)


def sealed(plan: Plan, **changes: Any) -> Plan:
    """The plan with other parts, sealed again."""
    draft = replace(plan, **changes)
    return Plan.sealed(**{f.name: getattr(draft, f.name) for f in fields(draft) if f.name != "id"})


def without_engine(handle: Handle) -> Handle:
    """A handle whose engine nobody reaches."""
    return replace(handle, details={**handle.details, "host": "unix:///nonexistent/docker.sock"})


def has_container(engine: Engine, job: Job) -> bool:
    """Whether the job's container is there."""
    names = [found.name for found in engine.client.containers.list(all=True)]
    return container_name(job.id) in names
