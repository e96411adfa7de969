# SPDX-License-Identifier: Apache-2.0
"""What `make` does on a fresh machine, with interpreters that say of themselves what machines have."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_TOOLS = ("make", "sh", "touch", "cat", "mkdir", "cp")
# Answers as a Python of another version would, with or without venv. The programs of a virtual environment that it
# makes say what they were asked for.
_PYTHON = """#!/bin/sh
if [ "$1" = -m ]; then
    mkdir -p .venv/bin
    for program in pip uv changenet; do cp "$0.program" .venv/bin/$program; done
    exit 0
fi
exec {real} -c "import sys; sys.version_info = {version}; sys.modules.update({hidden}); exec(sys.argv[1])" "$2"
"""
_PROGRAM = '#!/bin/sh\necho "$0" "$@"\n'


@pytest.fixture
def fresh(tmp_path: Path, project_root: Path) -> Path:
    """A folder with what `make` reads, and beside it a PATH with nothing but a few tools."""
    folder, path = tmp_path / "checkout", tmp_path / "path"
    for name in ("Makefile", "constraints.txt", "pyproject.toml", "scripts/find_python.sh"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project_root / name, folder / name)
    path.mkdir()
    for tool in _TOOLS:
        found = shutil.which(tool)
        assert found
        (path / tool).symlink_to(found)
    return folder


def install(fresh: Path, name: str, version: tuple[int, ...], *, venv: bool = True) -> None:
    hidden = "{}" if venv else "{'ensurepip': None}"
    text = _PYTHON.format(real=shlex.quote(sys.executable), version=version, hidden=hidden)
    for suffix, content in (("", text), (".program", _PROGRAM)):
        program = fresh.parent / "path" / f"{name}{suffix}"
        program.write_text(content)
        program.chmod(0o755)


def run(fresh: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(fresh.parent / "path")}
    return subprocess.run(command, cwd=fresh, env=environment, capture_output=True, text=True, check=False)


def find_python(fresh: Path, *named: str) -> subprocess.CompletedProcess[str]:
    return run(fresh, "sh", "scripts/find_python.sh", *named)


@pytest.mark.parametrize("name", ["python3.11", "python3.12", "python3.13", "python3.14", "python3", "python"])
def test_any_name_of_a_python_that_is_new_enough_is_found(fresh: Path, name: str) -> None:
    install(fresh, name, (3, 14, 1))
    assert find_python(fresh).stdout == f"{name}\n"


def test_what_is_too_old_or_has_no_venv_or_does_not_start_is_passed_over(fresh: Path) -> None:
    broken = fresh.parent / "path" / "python3.11"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    install(fresh, "python3.12", (3, 12, 3), venv=False)
    install(fresh, "python3", (3, 9, 2))
    install(fresh, "python", (3, 13, 0))
    assert find_python(fresh).stdout == "python\n"

    (fresh.parent / "path" / "python").unlink()
    refused = find_python(fresh)
    assert (refused.returncode, refused.stdout) == (3, "")
    assert refused.stderr.splitlines() == [
        "error: no Python 3.11 or newer with venv",
        "  python3.11 does not start",
        "  python3.12 is Python 3.12 without venv (Debian, Ubuntu: apt install python3.12-venv)",
        "  python3 is Python 3.9",
        "  remedy: install one, or name one that the PATH does not lead to: make demo PYTHON=/path/to/python3.11",
    ]


def test_a_named_python_is_taken_or_refused_but_never_replaced(fresh: Path) -> None:
    install(fresh, "python3.11", (3, 11, 0))
    install(fresh, "python3.10", (3, 10, 0))
    install(fresh, "mine", (3, 12, 0))
    assert find_python(fresh, "mine").stdout == "mine\n"
    refused = find_python(fresh, "python3.10")
    assert refused.returncode == 3
    assert "error: no Python 3.11 or newer with venv at python3.10\n  python3.10 is Python 3.10\n" in refused.stderr


def test_make_sets_up_with_what_it_found_and_starts_the_demo(fresh: Path) -> None:
    install(fresh, "python3", (3, 12, 0))
    made = run(fresh, "make", "--silent", "demo")
    assert made.returncode == 0, made.stderr
    lines = made.stdout.splitlines()
    assert lines[:2] == [
        ".venv/bin/pip install --quiet --constraint constraints.txt uv",
        ".venv/bin/pip install --quiet --constraint constraints.txt torch",
    ]
    assert lines[2].startswith(".venv/bin/uv pip install ")
    assert lines[2].endswith(" --editable .[engine,automl,deploy,inspect]")
    assert lines[3:] == [".venv/bin/changenet demo"]


def test_an_index_of_pytorch_is_asked_for_pytorch_alone(fresh: Path) -> None:
    install(fresh, "python3", (3, 12, 0))
    made = run(fresh, "make", "--silent", "demo", "TORCH_INDEX=https://wheels.example/cpu")
    (asked,) = [line for line in made.stdout.splitlines() if "wheels.example" in line]
    assert asked.startswith(".venv/bin/pip install ")
    assert asked.endswith(" --no-deps --index-url https://wheels.example/cpu torch torchvision")


def test_make_without_a_python_stops_with_the_reason(fresh: Path) -> None:
    made = run(fresh, "make", "--silent", "demo")
    assert made.returncode == 2
    assert made.stderr.startswith("error: no Python 3.11 or newer with venv\n  remedy: install one")
    assert not (fresh / ".venv").exists()
