# SPDX-License-Identifier: Apache-2.0
"""The skills of this package by the protocol's skills extension (SEP-2640): entries with digests, files as resources.

A client that knows the extension lists the skills, shows their frontmatter, and reads SKILL.md and what it points to;
to any other client the same files are ordinary resources.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.shared.exceptions import MCPError

from core.documents import parse_yaml
from core.files import read_ordinary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcp.server.lowlevel import Server

EXTENSION = "io.modelcontextprotocol/skills"
SCHEME = "skill://"
PAGE = "SKILL.md"
LISTED_FOR_MS = 60_000
_MOST_BYTES = 1024 * 1024
_BESIDE = ("skill_info.yaml", "versions.yaml", "automl/SKILL.md")
_FOLDERS = ("references", "schemas")


class SkillsParams(types.PaginatedRequestParams):
    """Of `skills/list`: every skill fits on the first page."""


class SkillParams(types.RequestParams):
    """Of `skills/get`."""

    uri: str


def add_skills(server: Server[Any], root: Path) -> None:
    """Let the server declare the extension and answer its two methods."""

    async def listed(_: Any, __: SkillsParams) -> dict[str, Any]:
        return {"skills": [entry(folder) for folder in skill_folders(root)], **_cache()}

    async def got(_: Any, params: SkillParams) -> dict[str, Any]:
        for folder in skill_folders(root):
            found = entry(folder)
            if found["uri"] == params.uri:
                return {"skill": found, **_cache()}
        raise MCPError(code=types.INVALID_PARAMS, message=f"there is no skill {params.uri}: see skills/list")

    server.extensions[EXTENSION] = {}
    server.add_request_handler("skills/list", SkillsParams, listed)
    server.add_request_handler("skills/get", SkillParams, got)


def _cache() -> dict[str, Any]:
    return {"resultType": "complete", "ttlMs": LISTED_FOR_MS, "cacheScope": "public"}


def skill_folders(root: Path) -> tuple[Path, ...]:
    """The model's skill, and the one that tunes."""
    return (root, root / "automl")


def entry(folder: Path) -> dict[str, Any]:
    """The skill in a folder: address, frontmatter as it stands in SKILL.md, and every file with digest and size."""
    front = frontmatter(folder)
    home = f"{SCHEME}{front['name']}"
    files = [
        {"uri": f"{home}/{name}", "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
        for name, data in contents(folder).items()
    ]
    return {"uri": f"{home}/{PAGE}", "frontmatter": front, "resources": files}


def frontmatter(folder: Path) -> dict[str, Any]:
    """The YAML between the first two rulers of SKILL.md."""
    text = (folder / PAGE).read_text(encoding="utf-8")
    found: dict[str, Any] = parse_yaml(text.split("---\n", 2)[1], str(folder / PAGE))
    return found


@lru_cache(maxsize=8)
def contents(folder: Path) -> dict[str, bytes]:
    """The files of a skill by their names in it; the package's program is no part of what is served."""
    return {path.relative_to(folder).as_posix(): read_ordinary(path, _MOST_BYTES) for path in _files(folder)}


def _files(folder: Path) -> Iterator[Path]:
    yield folder / PAGE
    # The page of the other skill is a supporting file of the one that points to it.
    yield from (folder / name for name in _BESIDE if (folder / name).is_file())
    for part in _FOLDERS:
        if (folder / part).is_dir():
            yield from sorted(path for path in (folder / part).iterdir() if path.is_file())


def read_skill(uri: str, root: Path) -> bytes | None:
    """The bytes of a skill's file, by its address as an entry has it; None where no skill has it."""
    for folder in skill_folders(root):
        home = f"{SCHEME}{frontmatter(folder)['name']}/"
        if uri.startswith(home):
            return contents(folder).get(uri.removeprefix(home))
    return None


def pages(root: Path) -> list[tuple[str, dict[str, Any]]]:
    """Address and frontmatter of every SKILL.md, as an ordinary resource."""
    found = [frontmatter(folder) for folder in skill_folders(root)]
    return [(f"{SCHEME}{front['name']}/{PAGE}", front) for front in found]
