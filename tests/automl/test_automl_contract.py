# SPDX-License-Identifier: Apache-2.0
"""What automl/skill_info.yaml says is what the code does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from automl.algorithms import ALGORITHMS
from automl.files import FILES, STORAGE
from automl.settings import AutomlSettings
from core.documents import read_yaml
from interfaces.command_line import parse
from interfaces.options import declared
from interfaces.verbs.request_options import AUTOML, RequestOptions, given_settings

if TYPE_CHECKING:
    from pathlib import Path


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
    options = {entry.name: entry for entry in declared(RequestOptions) if entry.group is AUTOML}
    page = (project_root / "automl" / "SKILL.md").read_text()
    defaults = AutomlSettings()
    for name in ("trials", "seed", "reduction", "population"):
        (cell,) = re.findall(rf"^\| {name}\b[^|]*\|[^|]*\| (\w+)", page, re.MULTILINE)
        assert options[name].otherwise == cell == str(getattr(defaults, name))
    assert options["algorithm"].otherwise == defaults.algorithm
    assert set(re.findall(r"[a-z]+", options["algorithm"].help)) - {"or"} == ALGORITHMS.keys()
    (row,) = re.findall(r"^\| algorithm .*\| (\w+) \| (.*) \|$", page, re.MULTILINE)
    assert row == (defaults.algorithm, ", ".join(ALGORITHMS))


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
