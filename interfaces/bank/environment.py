# SPDX-License-Identifier: Apache-2.0
"""The Python environment of an installed bank."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

from core.errors import PlatformError
from interfaces.bank.extras import extras_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# The engine trains and scores; without automl no training is tuned.
_WITH_ENGINE = "engine,automl"
_NONE: Mapping[str, str] = {}


def make_environment(place: Path, wheel: Path, pins: Path, *, engine: bool, wheels: Path | None) -> None:
    """Make a virtual environment with the wheel and what it needs, in the pinned versions.

    `engine` adds the embedded engine and the tuning; of a folder that says which extras it has, all of these. Packages
    come from the folder `wheels` alone, where it is named; else from where pip is set to look. Nothing is kept in pip's
    cache.

    Raises:
        PlatformError: this Python makes no environments, or pip could not install.
    """
    _run([sys.executable, "-m", "venv", str(place)], "no virtual environment can be made", "apt install python3-venv")
    extras = (extras_of(wheels) if wheels else "") or _WITH_ENGINE
    wanted = f"{wheel}[{extras}]" if engine else str(wheel)
    settings = {"PIP_CONSTRAINT": str(pins), "PIP_NO_CACHE_DIR": "1"}
    settings |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)} if wheels else {}
    fetch = shlex.join(["pip", "download", "-c", pins.name, "-d", "wheels", f"{wheel.parent.name}/{wheel.name}"])
    remedy = f"without a network: in the bank, `{fetch}` on a machine that has one, then --wheels wheels"
    run_pip(
        str(place / "bin" / "python"), ["install", "-q", wanted], "the packages can't be installed", remedy, settings
    )


def run_pip(python: str, words: list[str], message: str, remedy: str, settings: Mapping[str, str] = _NONE) -> None:
    """Run the pip of a Python, with `settings` among its variables.

    Raises:
        PlatformError: it failed; `message` with its own words, and `remedy`.
    """
    _run([python, "-m", "pip", *words], message, remedy, settings)


def _run(command: list[str], message: str, remedy: str, settings: Mapping[str, str] = _NONE) -> None:
    # A bank's starter runs its own wheel by PYTHONPATH, which pip would take for installed.
    plain = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    plain |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", **settings}
    done = subprocess.run(command, env=plain, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        reason = next((line for line in reversed(said) if "ERROR" in line or "rror:" in line), said[-1] if said else "")
        raise PlatformError(f"{message}: {reason}", code="bank.environment", where=command[0], remedy=remedy)
