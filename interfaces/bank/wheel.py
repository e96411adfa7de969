# SPDX-License-Identifier: Apache-2.0
"""The wheel of the code, with the same bytes whenever it is built from the same sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PlatformError
from core.files import real_path

if TYPE_CHECKING:
    from collections.abc import Iterator

# The first moment that a zip file can hold: reproducible-builds.org/specs/source-date-epoch.
EPOCH = "315532800"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info", "*.tmp", "*.py[cod]")
_FILES = ("*.md", "*.yaml", "LICENSE", "pyproject.toml", "setup.py", "MANIFEST.in")
_DATA = ("schemas", "references", "deploy", "models")
_BUILD = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"


def build_wheel(checkout: Path, out: Path) -> Path:
    """Build the wheel of a checkout into the folder `out`; the checkout itself gets no file.

    Raises:
        PlatformError: setuptools is not installed, or the build failed.
    """
    if util.find_spec("setuptools") is None:
        remedy = f"{sys.executable} -m pip install 'setuptools>=77'"
        raise PlatformError(
            "the wheel is built by setuptools, which is not installed here", code="library.missing", remedy=remedy
        )
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="changenet-wheel-") as folder:
        sources = Path(folder) / "sources"
        _copy_sources(checkout, sources)
        command = [sys.executable, "-c", _BUILD, str(real_path(out))]
        environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
        done = subprocess.run(command, cwd=sources, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [*done.stderr.strip().splitlines(), f"exit code {done.returncode}"]
        remedy = f"see what {checkout / 'pyproject.toml'} says, and that the checkout is whole"
        raise PlatformError(f"the wheel can't be built: {lines[-2 if len(lines) > 1 else 0]}", remedy=remedy)
    return out / done.stdout.split()[-1]


def _copy_sources(checkout: Path, target: Path) -> None:
    target.mkdir()
    for pattern in _FILES:
        for path in checkout.glob(pattern):
            shutil.copy(path, target)
    for folder in _rooms(checkout):
        shutil.copytree(folder, target / folder.name, ignore=_LEFT_OUT)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)  # a wheel keeps modes, and checkouts differ in them


def _rooms(checkout: Path) -> Iterator[Path]:
    for path in sorted(checkout.iterdir()):
        if path.is_dir() and ((path / "__init__.py").is_file() or path.name in _DATA):
            yield path
