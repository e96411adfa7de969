# SPDX-License-Identifier: Apache-2.0
"""Every package that an installation takes, as wheels in one folder that pip can install from without an index."""

from __future__ import annotations

import platform
import sys
import sysconfig
from typing import TYPE_CHECKING

from core.files import write_text
from interfaces.bank.environment import run_pip
from interfaces.bank.extras import EXTRAS

if TYPE_CHECKING:
    from pathlib import Path

_USUAL = ("engine", "automl", "deploy", "inspect", "mcp", "serve")
_OF_RUNNER = {"docker": ("docker",), "kubernetes": ("kubernetes",), "ray": ("ray",)}


def collect_wheels(wheel: Path, pins: Path, folder: Path, runner: str) -> None:
    """Bring the wheel and all that it needs into a folder, in the pinned versions, for this Python and platform.

    What is published as source alone is built here: a machine without a network has nothing to build it with. pip's
    settings count.

    Raises:
        PlatformError: pip is not installed, or finds a package nowhere.
    """
    extras = ",".join((*_USUAL, *_OF_RUNNER.get(runner, ())))
    folder.mkdir()
    words = ["wheel", "-q", "-w", str(folder), "-c", str(pins), f"{wheel}[{extras}]"]
    remedy = "see that pip reaches its index; $PIP_INDEX_URL and $PIP_EXTRA_INDEX_URL name others"
    run_pip(sys.executable, words, "the packages can't be collected", remedy)
    write_text(folder / EXTRAS, f"{extras}\n")


def platform_words() -> str:
    """For which Python and platform the wheels are."""
    python = f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}"
    return f"{python} on {sysconfig.get_platform()}"
