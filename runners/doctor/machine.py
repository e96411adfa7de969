# SPDX-License-Identifier: Apache-2.0
"""What the machine that plans and launches has: Python, memory, disk, places, GPUs, engine, names of credentials."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ChangenetError
from core.file_systems import Kind, kind_of, type_of
from core.installation import how_to_install
from runners.doctor.check import Check, error, ok, warning
from runners.doctor.commands import ask
from runners.preflight import LEAST_FREE_BYTES, nearest_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.declarations import Skill
    from runners.jobs.store import JobStore

_GB = 10**9
_GOOD_DISK = 10 * _GB
_GOOD_SHARED = 1 * _GB
_GOOD_MEMORY = 4 * _GB
_SHARED = "/dev/shm"  # noqa: S108 - the place itself is what is asked about
# The extras of pyproject.toml, each by a module that it brings, and what it is for.
EXTRAS = {
    "engine": ("torch", "training and evaluating on this machine"),
    "automl": ("optuna", "tuning"),
    "stage": ("huggingface_hub", "`changenet stage backbone`"),
    "cloud": ("s3fs", "data behind s3://, gs://, az:// and https://"),
    "tensorrt-rtx": ("tensorrt_rtx", "engines for NVIDIA GPUs where TensorRT is not installed"),
    "deploy": ("onnxruntime", "`changenet run export` and quantize, and models from them"),
    "docker": ("docker", "--runner docker"),
    "kubernetes": ("kubernetes", "--runner kubernetes"),
    "inspect": ("cv2", "`changenet inspect`"),
    "tables": ("openpyxl", "tables of spreadsheets (`changenet data import table`)"),
    "mcp": ("mcp", "`changenet mcp`"),
    "serve": ("uvicorn", "`changenet serve`"),
    "postgres": ("psycopg", "records on PostgreSQL ($CHANGENET_STORE)"),
    "ray": ("ray", "Ray's own head on this machine (`--runner ray` reaches others without)"),
    "spec": ("pydantic", "`changenet schemas`"),
}
_CREDENTIALS = {
    "HF_TOKEN": "weights behind a licence (`changenet stage backbone`)",
    "NGC_API_KEY": "images and models of NGC",
    "AWS_ACCESS_KEY_ID": "data on S3",
    "GOOGLE_APPLICATION_CREDENTIALS": "data on Google Cloud Storage",
    "AZURE_STORAGE_CONNECTION_STRING": "data on Azure",
    "WANDB_API_KEY": "logging to Weights & Biases",
}


def machine(store: JobStore, data: str | None) -> Iterator[Check]:
    """All of it, in the order in which it is told."""
    yield ok("python", f"{platform.python_version()}, {_version('changenet-skill')} of this program")
    yield memory()
    yield results_root(store)
    yield disk(store.root)
    if data:
        yield readable(data)
    yield from _extras()
    yield credentials()


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "an unknown version"


def memory() -> Check:
    """Free memory and processors."""
    cpus = os.cpu_count() or 1
    free = _free_memory()
    if free is None:
        return ok("memory", f"{cpus} CPUs")
    found = f"{free / _GB:.1f} GB free, {cpus} CPUs"
    if free < _GOOD_MEMORY:
        return warning("memory", found, "close other programs, or take a smaller batch_size and image size")
    return ok("memory", found)


def _free_memory() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    kilobytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return int(kilobytes) * 1024 if kilobytes else None


def results_root(store: JobStore) -> Check:
    """Whether jobs can be recorded and their folders written there."""
    place = nearest_folder(store.root)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
        jobs = store.count()
    except (OSError, ChangenetError) as problem:
        reason = getattr(problem, "strerror", None) or getattr(problem, "message", None) or str(problem)
        return error(
            "results", f"{store.root} can't be used: {reason}", "name a folder that you may write to by --results"
        )
    found = f"{store.root} can be written, {jobs} jobs" if place == store.root else f"{store.root} is new"
    kind = kind_of(store.root)
    if kind is Kind.OBJECTS:
        remedy = "name a folder of a disk or of a network file system by --results"
        return error("results", f"{store.root} lies on {type_of(store.root)}, where files can't be locked", remedy)
    if kind is Kind.SHARED:
        shared = f"{found}; it lies on {type_of(store.root)}, where commands wait for each other to record jobs"
        remedy = "let the file system lock files (references/scaling.md), or name a folder of a disk by --results"
        return warning("results", shared, remedy)
    return ok("results", found)


def disk(root: Path) -> Check:
    """The room where results go."""
    free = shutil.disk_usage(nearest_folder(root)).free
    found = f"{free / _GB:.1f} GB free for results"
    remedy = "make room there, or name another place by --results"
    if free < LEAST_FREE_BYTES:
        return error("disk", found, remedy)
    return warning("disk", found, remedy) if free < _GOOD_DISK else ok("disk", found)


def shared_memory() -> Check:
    """The memory by which loader processes hand pictures over."""
    place = Path(_SHARED)
    if not place.is_dir():
        return ok("shared memory", f"this system has no {_SHARED}")
    size = shutil.disk_usage(place).total
    found = f"{_SHARED} has {size / _GB:.1f} GB"
    if size < _GOOD_SHARED:
        return warning(
            "shared memory", found, "set workers to 0, or make it larger (mount -o remount,size=8g /dev/shm)"
        )
    return ok("shared memory", found)


def readable(data: str) -> Check:
    """Whether this machine can read the data that is named."""
    if "://" in data:
        return warning("data", f"{data} is asked for when a run needs it", "see that its credentials are set")
    path = Path(data).expanduser()
    try:
        first = next(path.iterdir(), None) if path.is_dir() else path
    except OSError as problem:
        return error("data", f"{path} can't be read: {problem.strerror}", "have the right to read it given to you")
    if not path.exists() or first is None or not os.access(first, os.R_OK):
        return error("data", f"{path} is not there, is empty or can't be read", "check the path and your rights")
    return ok("data", f"{path} can be read; `changenet data check` looks at what it holds")


def _extras() -> Iterator[Check]:
    missing = {extra: title for extra, (module, title) in EXTRAS.items() if util.find_spec(module) is None}
    for extra, title in missing.items():
        yield warning(f"extra {extra}", f"not installed: no {title}", how_to_install(extra))
    if there := [extra for extra in EXTRAS if extra not in missing]:
        yield ok("extras", f"installed: {', '.join(there)}")


def credentials() -> Check:
    """Which of the variables are set; never what they hold."""
    there = [name for name in _CREDENTIALS if os.environ.get(name)]
    absent = [f"{name} ({title})" for name, title in _CREDENTIALS.items() if name not in there]
    named = f"set: {', '.join(there) or 'none'}"
    return ok("credentials", f"{named}; not set: {', '.join(absent)}" if absent else named)


def gpus() -> Check:
    """The NVIDIA GPUs with memory and driver, as `nvidia-smi` tells."""
    answer = ask("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
    if answer is None:
        return warning("gpus", "none: there is no nvidia-smi here", "runs here take the CPU (profile laptop)")
    if not answer.worked:
        return error("gpus", f"nvidia-smi: {answer.text}", "restart the machine, or install the driver anew")
    return ok("gpus", "; ".join(answer.text.splitlines()))


def engine(skill: Skill) -> Check:
    """Whether the embedded engine starts, and with which PyTorch."""
    from runners.planning.resolved import embedded_engine

    rule, program = skill.info["engines"]["embedded"], embedded_engine(skill)
    remedy = how_to_install(rule["extra"]) if "extra" in rule else f"put it into {skill.root}"
    answer = ask(program, "--help")
    if answer is None:
        return error("engine", f"{program} is not there", remedy)
    if not answer.worked:
        return error("engine", f"{program} does not start: {answer.text}", remedy)
    needs = {title: module for module, title in rule.get("needs", {}).items()}
    missing = [title for title, module in needs.items() if util.find_spec(module) is None]
    if missing:
        return error("engine", f"{program} starts, and lacks {', '.join(missing)}", remedy)
    versions = ", ".join(f"{title} {_version(module)}" for title, module in needs.items())
    return ok("engine", f"{program} starts{', with ' * bool(versions)}{versions}")
