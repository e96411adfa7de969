# SPDX-License-Identifier: Apache-2.0
"""What automl/skill_info.yaml says is what the code does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from automl.algorithms import ALGORITHMS
from automl.files import FILES, STORAGE
from automl.settings import AutomlSettings
from core.documents import read_yaml
from interfaces.command_line import parse
from interfaces.options import declared
from interfaces.verbs.request_options import AUTOML, RequestOptions, given_settings


@pytest.fixture
def contract(project_root: Path) -> dict[str, Any]:
    return dict(read_yaml(project_root / "automl" / "skill_info.yaml"))


def test_settings_algorithms_and_files_are_those_of_the_code(contract: dict[str, Any]) -> None:
    assert contract["settings"] == AutomlSettings().to_json()
    assert tuple(contract["algorithms"]) == tuple(ALGORITHMS)
    assert contract["outputs"] == FILES | {"storage": STORAGE}


def test_the_skill_page_lists_every_setting_and_is_named_as_the_contract(
    contract: dict[str, Any], project_root: Path
) -> None:
    page = (project_root / "automl" / "SKILL.md").read_text()
    assert page.startswith(f"---\nname: {contract['name']}\n")
    (table,) = re.findall(r"\| Setting \|.*?\n\n", page, re.DOTALL)
    missing = [name for name in contract["settings"] if not re.search(rf"\b{name}\b", table)]
    assert missing == []


def test_defaults_and_algorithms_in_help_and_skill_page_are_those_of_the_code(project_root: Path) -> None:
    changenet = str(Path(sys.executable).with_name("changenet"))
    told = subprocess.run(
        [changenet, "run", "--help"], capture_output=True, text=True, check=True, env=os.environ | {"COLUMNS": "200"}
    )
    page = (project_root / "automl" / "SKILL.md").read_text()
    defaults = AutomlSettings()
    for name in ("trials", "seed", "reduction", "population"):
        (line,) = re.findall(rf"^ +--{name} N (.*)", told.stdout, re.MULTILINE)
        assert re.findall(r"default: (\d+)", line) == [str(getattr(defaults, name))], line
        (cell,) = re.findall(rf"^\| {name}\b[^|]*\|[^|]*\| (\w+)", page, re.MULTILINE)
        assert cell == str(getattr(defaults, name))
    (line,) = re.findall(r"^ +--algorithm NAME +(.*)", told.stdout, re.MULTILINE)
    assert re.findall(r"default: ([a-z]+)", line) == [defaults.algorithm]
    assert set(re.findall(r"[a-z]+", line)) - {"default", "or"} == ALGORITHMS.keys()
    (row,) = re.findall(r"^\| algorithm .*\| (\w+) \| (.*) \|$", page, re.MULTILINE)
    assert row == (defaults.algorithm, ", ".join(ALGORITHMS))


def test_the_defaults_that_the_help_names_are_those_of_the_settings(contract: dict[str, Any]) -> None:
    shown = {entry.name: entry.otherwise for entry in declared(RequestOptions) if entry.group is AUTOML}
    for name in ("algorithm", "trials", "seed", "reduction", "population"):
        assert shown[name] == str(contract["settings"][name])


def test_every_setting_has_an_option(contract: dict[str, Any]) -> None:
    words = (
        "run train --algorithm asha --trials 3 --total-epochs 9 --wall-minutes 5 --trial-minutes 2 --parallel 2 "
        "--seed 3 --objective val_f1:maximize --search a --no-search b --range lr=1e-4..1e-2 --range p=step,cosine "
        "--pin 1 --reduction 2 --population 3 --generation-epochs 1 --test boards --no-test"
    )
    found = given_settings(parse(words.split()).options)
    assert found.keys() == contract["settings"].keys()
    assert AutomlSettings.from_json(found).to_json() == found
    assert (found["ranges"], found["options"]) == ({"lr": [1e-4, 1e-2]}, {"p": ["step", "cosine"]})
    assert found["test"] is False
    assert given_settings(parse(["run", "train"]).options) == {}
