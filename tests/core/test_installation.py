# SPDX-License-Identifier: Apache-2.0
"""What is missing is told with the command that adds it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import PlatformError
from core.installation import how_to_install, require


def test_a_checkout_is_installed_anew_with_the_extra(project_root: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--editable", f"{project_root}[stage]"]
    assert shlex.split(how_to_install("stage")) == command


def test_what_is_there_is_not_asked_for() -> None:
    require("test", "pytest", "yaml")
    with pytest.raises(PlatformError, match="this needs no_such_library, not installed here") as caught:
        require("test", "pytest", "no_such_library")
    assert (caught.value.code, caught.value.exit_code) == ("library.missing", 5)
    assert caught.value.remedy == how_to_install("test")


def test_a_module_of_another_distribution_does_not_stand_for_the_one_that_is_needed() -> None:
    require("test", distributions=["pytest"])
    with pytest.raises(PlatformError, match="this needs _pytest, not installed here"):
        require("test", "_pytest", distributions=["_pytest"])  # a module of the distribution pytest


@pytest.mark.parametrize(
    ("hidden", "extra", "words"),
    [
        ("pydantic", "spec", "changenet schemas --check --json"),
        ("jsonschema", "spec", "changenet schemas --check --json"),
        ("huggingface_hub", "stage", "changenet stage backbone --json"),
        ("torch", "engine", "visual_changenet train -e spec.yaml"),
        ("pydantic", "engine", "visual_changenet default_specs"),
    ],
)
def test_a_command_without_its_library_is_one_error_with_the_remedy(
    tmp_path: Path, hidden: str, extra: str, words: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{hidden!r}] = None\n")
    (tmp_path / "spec.yaml").write_text("task: classify\nresults_dir: results\n")
    program, *rest = words.split()
    command = [str(Path(sys.executable).with_name(program)), *rest]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr
    if program == "changenet":
        error = json.loads(result.stdout)["error"]
        assert (result.returncode, error["code"], error["remedy"]) == (5, "library.missing", how_to_install(extra))
    else:
        assert result.returncode == 1
        assert f"this needs {hidden}, not installed here" in result.stderr + result.stdout
        assert how_to_install(extra) in result.stderr + result.stdout
