# SPDX-License-Identifier: Apache-2.0
"""What maintainers write and generate, held against JSON Schema by jsonschema: every problem at once, not the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from core.documents import line_of, read_json, read_yaml
from core.errors import InputError
from core.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jsonschema.exceptions import ValidationError

# The parts of the schema of declarations, by the file that they describe.
_PARTS = {
    "skill_info.yaml": "",
    "versions.yaml": "versions",
    "deploy/skill_info.yaml": "deploy",
    "automl/skill_info.yaml": "automl",
    "schemas/manifest.json": "manifest",
}


def declaration_problems(root: Path, schema_file: Path) -> tuple[Problem, ...]:
    """All that is wrong with the declarations below `root`; `schema_file` is the schema that describes them.

    Each declaration is held against its part of that schema, each schema against the meta-schema of 2020-12.
    """
    meta = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    problems = [*_problems(schema_file, meta)]
    if not problems:
        schema = read_json(schema_file)
        for name, part in _PARTS.items():
            problems += _problems(root / name, part_validator(schema, part))
    for path in sorted((root / "schemas").glob("*.schema.json")):
        problems += _problems(path, meta)
    return tuple(problems)


def part_validator(schema: dict[str, Any], part: str) -> Draft202012Validator:
    """The validator of one of the `$defs` of a schema; of its root where no part is named."""
    return Draft202012Validator({"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]} if part else schema)


def _problems(path: Path, validator: Draft202012Validator) -> Iterator[Problem]:
    try:
        document = (read_json if path.suffix == ".json" else read_yaml)(path)
    except InputError as error:
        yield Problem(error.code, error.where, error.message, error.remedy)
        return
    for found in sorted(validator.iter_errors(document), key=lambda one: [str(key) for key in one.absolute_path]):
        yield _problem(path, best_match([found]) or found)


def _problem(path: Path, error: ValidationError) -> Problem:
    keys = list(error.absolute_path)
    name = f"key {' > '.join(map(str, keys))}: " if keys else ""
    return Problem("declaration", f"{path}:{line_of(path, keys)}", f"{name}{error.message}", "mend the line named")
