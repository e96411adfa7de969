# SPDX-License-Identifier: Apache-2.0
"""Where the inputs of a plan lie in a hand-over folder, and how each is brought there.

A path of the container has its place in the folder under the same name: /data/boards is data/boards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from core.file_names import is_archive
from runners.names import archives_of
from runners.planning.container import SPEC_FOLDER, is_below
from runners.planning.data_tables import all_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.declarations import Skill
    from runners.planning.plan import Mount

Kind = Literal["place", "archive", "parts", "store", "weights"]


@dataclass(frozen=True, slots=True)
class Place:
    """An input: `source` is where it lies now, `inside` its place in the folder, `target` its path in the container.

    `place`: a file or folder; `archive`: to be unpacked; `parts`: a folder with such; `store`: behind a URI; `weights`:
    published, from `address`, where `source` is not there.
    """

    kind: Kind
    source: str
    inside: str
    target: str
    address: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is a single file, by its name."""
        return bool(PurePosixPath(self.source).suffix) and self.kind in {"place", "store", "weights"}


def inside(target: str) -> str:
    """The place in the folder of a path of the container."""
    return target.lstrip("/")


def places_of(mounts: Sequence[Mount], skill: Skill) -> tuple[Place, ...]:
    """Every input of a plan with these mounts, in their order."""
    return tuple(_places(mounts, skill))


def _places(every: Sequence[Mount], skill: Skill) -> Iterator[Place]:
    weights = _published(skill)
    mounts = [mount for mount in every if mount.read_only and mount.source != SPEC_FOLDER]
    for number, mount in enumerate(mounts):
        # In the folder, a place inside a linked one would be that one's own file.
        is_nested = any(other != mount and is_below(mount.target, other.target) for other in mounts)
        home = f"nested/{number}/{PurePosixPath(mount.target).name}" if is_nested else inside(mount.target)
        address = weights.get(mount.target, "")
        yield Place(_kind(mount, weights, skill), mount.source, home, mount.target, address)


def _kind(mount: Mount, weights: dict[str, str], skill: Skill) -> Kind:
    if "://" in mount.source:
        return "store"
    if mount.target in weights:
        return "weights"
    if is_archive(mount.source):
        return "archive"
    folder = Path(mount.source)
    return "parts" if folder.is_dir() and archives_of(folder, all_parts(skill)) else "place"


def _published(skill: Skill) -> dict[str, str]:
    """The address of weights by the path at which a container expects them."""
    rules = (rule for params in skill.info["spec_params"].values() for rule in params.values())
    return {
        rule["destination_path"]: f"https://huggingface.co/{rule['huggingface_repo']}/resolve/main/{rule['file']}"
        for rule in rules
        if isinstance(rule, dict) and "destination_path" in rule
    }
