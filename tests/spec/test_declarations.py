# SPDX-License-Identifier: Apache-2.0
"""What maintainers write is validated by jsonschema; the quick path's compiled validator says the same."""

from __future__ import annotations

import copy
import json
import random
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import read_yaml
from router.validation import SCHEMA_FILE, first_problem
from spec.declarations import declaration_problems, part_validator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from router.validation import Part

FILES: dict[Part, str] = {"info": "skill_info.yaml", "deploy": "deploy/skill_info.yaml", "versions": "versions.yaml"}
VALUES = (None, True, 0, -1, 1.5, "", "x", "Some Words", [], ["x"], ["x", "x"], {}, {"x": 1}, {"x": {}})


@pytest.fixture
def copied(project_root: Path, tmp_path: Path) -> Path:
    for name in ("skill_info.yaml", "versions.yaml", "automl/skill_info.yaml", "deploy/skill_info.yaml", "schemas"):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if name == "schemas" else shutil.copy)(project_root / name, target)
    return tmp_path


def broken(root: Path) -> list[tuple[str, str]]:
    problems = declaration_problems(root, SCHEMA_FILE)
    return [(problem.place.removeprefix(f"{root}/"), problem.message) for problem in problems]


def test_the_declarations_of_the_repository_are_valid(project_root: Path) -> None:
    assert broken(project_root) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("skill_info.yaml", "automl_enabled: true", "automl_enabled: perhaps", "key automl_enabled: 'perhaps' is not"),
        ("versions.yaml", "tag: 7.1.0-pyt", "tag: ''", "key images > pyt > tag: '' does not match"),
        ("deploy/skill_info.yaml", "automl_enabled: false", "automl_enabled: true", "key automl_enabled: False was"),
        ("automl/skill_info.yaml", "trials: 10", "trials: 0", "key settings > trials: 0 is less than"),
        ("automl/skill_info.yaml", "trials: 10", "trails: 10", "key settings: Additional properties are not allowed"),
        ("schemas/manifest.json", '"deploy": false', '"deploy": 0', "key actions > train > deploy: 0 is not of type"),
    ],
)
def test_a_broken_declaration_is_named_by_file_line_and_key(
    copied: Path, name: str, old: str, new: str, message: str
) -> None:
    path = copied / name
    lines = path.read_text().splitlines()
    number = next(n for n, line in enumerate(lines) if old in line)
    lines[number] = lines[number].replace(old, new)
    path.write_text("\n".join(lines))
    place, said = broken(copied)[0]
    assert said.startswith(message)
    if "Additional" not in message:  # an unknown key is a fault of the mapping that it stands in
        assert place == f"{name}:{number + 1}"


def test_every_problem_is_told_and_a_file_that_is_no_document_hides_no_other(copied: Path) -> None:
    (copied / "versions.yaml").write_text("images: [")
    (copied / "automl" / "skill_info.yaml").unlink()
    path = copied / "schemas" / "train.schema.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"type": "objekt", "required": "task"}, indent=2))
    places = [place.partition(":")[0] for place, _ in broken(copied)]
    assert places == ["versions.yaml", "automl/skill_info.yaml", *["schemas/train.schema.json"] * 2]


@pytest.mark.parametrize("seeds", [range(60), pytest.param(range(60, 200), marks=pytest.mark.long)])
def test_both_validators_say_the_same_of_mutated_declarations(project_root: Path, seeds: range) -> None:
    schema = json.loads(SCHEMA_FILE.read_text())
    declared = {part: read_yaml(project_root / name) for part, name in FILES.items()}
    refused, differences = 0, []
    for seed in seeds:
        dice = random.Random(seed)
        part = dice.choice(list(FILES))
        document = mutated(declared[part], dice)
        validator = part_validator(schema, part if part != "info" else "")
        places = [list(error.absolute_path) for error in validator.iter_errors(document)]
        quick = first_problem(document, part)
        refused += quick is not None
        # The quick path names an unexpected key itself, jsonschema the mapping that it stands in.
        if (quick is None) != (not places) or (quick and quick[0] not in places and quick[0][:-1] not in places):
            differences.append((seed, part, quick, places))
    assert differences == []
    assert len(seeds) / 2 < refused < len(seeds)


def mutated(document: Any, dice: random.Random) -> Any:
    document = copy.deepcopy(document)
    for _ in range(dice.randint(1, 3)):
        holder, key = dice.choice([*_places(document)] or [(document, "images")])
        kind = dice.choice(("drop", "replace", "rename", "add", "double")) if document else "add"
        if kind == "drop":
            del holder[key]
        elif kind == "replace":
            holder[key] = copy.deepcopy(dice.choice(VALUES))
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key] if kind == "double" else dice.choice(VALUES)))
        else:
            other = holder[key] if kind != "add" else dice.choice(VALUES)
            holder[f"{key}s" if kind == "rename" else "unheard_of"] = copy.deepcopy(other)
    return document


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield node, key
        yield from _places(value)
