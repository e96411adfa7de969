# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Built:
    """The files that a checkout holds, and the source distribution and the wheel that come from them."""

    sources: tuple[str, ...]
    sdist: Path
    wheel: Path


@dataclass(frozen=True, slots=True)
class Installed:
    """A virtual environment with the wheel, the libraries of this one, and nothing of the checkout."""

    bin: Path
    site: Path

    def run(self, folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        plain = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "CHANGENET_SKILL_DIR"}}
        words = [str(self.bin / command[0]), *command[1:]]
        return subprocess.run(
            words,
            cwd=folder,
            env=plain | environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )


def _done(folder: Path, *command: str) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="session")
def built(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    listed = _done(project_root, "git", "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    sources = tuple(sorted({name for name in listed if (project_root / name).is_file()}))
    for name in sources:
        (folder / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project_root / name, folder / "checkout" / name)
    script = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
    _done(folder / "checkout", sys.executable, "-c", script, str(folder))
    (sdist,) = folder.glob("*.tar.gz")
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder))
    _done(folder, sys.executable, "-m", "pip", "wheel", *options, str(sdist))
    (wheel,) = folder.glob("*.whl")
    return Built(sources, sdist, wheel)


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    _done(folder, sys.executable, "-m", "venv", "--without-pip", "venv")
    python = folder / "venv" / "bin" / "python"
    pip = ("-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index")
    _done(folder, sys.executable, *pip, str(built.wheel))
    site = Path(_done(folder, str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "libraries.pth").write_text(
        f"{sysconfig.get_path('purelib')}\n"
    )  # whose own .pth files are not read from there
    return Installed(python.parent, site)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen here")
    path = tmp_path_factory.mktemp("keys") / "maker"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "maker", "-f", str(path)]
    subprocess.run(words, check=True, capture_output=True)
    public = " ".join(path.with_suffix(".pub").read_text().split()[:2])
    path.with_name("allowed").write_text(f"maker@example.com {public}\n")
    return path
