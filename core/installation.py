# SPDX-License-Identifier: Apache-2.0
"""Whether this code stands in a checkout or was installed, where the skill's files are, and how to add an extra."""

from __future__ import annotations

import shlex
import sys
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PlatformError

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINE_LIBRARIES = ("pydantic", "torch", "timm", "lightning", "safetensors")
_HERE = Path(__file__).resolve().parents[1]
_DISTRIBUTION, _SKILL_FILES = "changenet-skill", "changenet_skill"  # as pyproject.toml and setup.py name them


def checkout() -> Path | None:
    """The checkout that this code stands in; None where it was installed from a wheel."""
    return _HERE if (_HERE / "pyproject.toml").is_file() else None


def version() -> str:
    """The version of this distribution, as it was installed."""
    from importlib import metadata

    return metadata.version(_DISTRIBUTION)


def skill_files() -> Path:
    """The folder of the skill's files that came with this code."""
    return checkout() or _HERE / _SKILL_FILES


def how_to_install(extra: str) -> str:
    """The command that adds what an extra of this distribution needs to this Python. No index has the distribution."""
    folder = checkout()
    wanted = ["--editable", f"{folder}[{extra}]"] if folder else _requirements(extra)
    return shlex.join([sys.executable, "-m", "pip", "install", *wanted])


def versions() -> dict[str, str]:
    """The versions of Python, of this code and of the libraries of the engine, as far as they are installed."""
    from importlib import metadata
    from platform import python_version

    found = {"python": python_version()}
    for name in (_DISTRIBUTION, *ENGINE_LIBRARIES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def require(extra: str, *modules: str, distributions: Sequence[str] = ()) -> None:
    """Refuse to go on without libraries that an extra brings.

    Args:
        extra: of this distribution.
        modules: that have to be there to be imported.
        distributions: that have to be installed, where a module of the name may come from another one.

    Raises:
        PlatformError: naming those that are not installed.
    """
    missing = [name for name in modules if util.find_spec(name) is None]
    missing += [name for name in distributions if not _is_installed(name)]
    if missing:
        message = f"this needs {' and '.join(missing)}, not installed here"
        raise PlatformError(message, code="library.missing", where=sys.prefix, remedy=how_to_install(extra))


def _is_installed(distribution: str) -> bool:
    from importlib import metadata

    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def _requirements(extra: str) -> list[str]:
    from importlib import metadata

    mark = f'extra == "{extra}"'
    return [line.partition(";")[0].strip() for line in metadata.requires(_DISTRIBUTION) or () if mark in line]
