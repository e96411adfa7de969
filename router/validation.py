# SPDX-License-Identifier: Apache-2.0
"""Holds the declarative files against their JSON Schema; what is broken is named by file, line and key."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.cache import kept_json
from core.documents import YAML_BYTES, line_of, parse_yaml, read_yaml
from core.errors import DeclarationError, did_you_mean
from core.files import read_ordinary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jsonschema_rs import ValidationError

SCHEMA_FILE = Path(__file__).with_name("skill_info.schema.json")
Part = Literal["info", "deploy", "versions", "frontmatter", "words"]


def read_declaration(path: Path, part: Part) -> dict[str, Any]:
    """Read a declarative YAML file and hold it against its part of the schema.

    Raises:
        DeclarationError: missing, no YAML, or against the schema; `where` is `file:line`, the message names the key.
    """

    def read() -> Any:
        document = read_yaml(path, DeclarationError)
        if problem := first_problem(document, part):
            raise declaration_error(path, *problem)
        return document

    return _kept(path, part, read)


def _kept(path: Path, part: Part, read: Callable[[], Any]) -> dict[str, Any]:
    """What was read of these bytes and found right before is neither parsed nor held against the schema again."""
    content = read_ordinary(path, YAML_BYTES, DeclarationError)
    identity = hashlib.sha256(b"\0".join((part.encode(), SCHEMA_FILE.read_bytes(), content))).hexdigest()
    place = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:32]
    return kept_json(f"declarations/{place}.json", identity, read)  # type: ignore[no-any-return]


def read_frontmatter(path: Path) -> dict[str, Any]:
    """The YAML head of a SKILL.md, between its two `---` lines.

    Raises:
        DeclarationError: no such file, no head, or a head against the rules of Agent Skills.
    """
    return _kept(path, "frontmatter", lambda: _read_frontmatter(path))


def _read_frontmatter(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError(f"can't be read: {error}", where=str(path)) from None
    first, _, rest = text.partition("\n")
    head, end, _ = rest.partition("\n---")
    if first.strip() != "---" or not end:
        raise DeclarationError("the file does not start with a head between two '---' lines", where=f"{path}:1")
    # The empty line stands for the first '---', so that line numbers are those of the file.
    document = parse_yaml(f"\n{head}\n", str(path), DeclarationError)
    problem = first_problem(document, "frontmatter")
    if problem:
        keys, message = problem
        raise DeclarationError(f"{_dotted(keys)}{message}", where=str(path), remedy="mend the head of the file")
    return document


def first_problem(document: Any, part: Part) -> tuple[list[str | int], str] | None:
    """The first violation of the schema as (keys, message), or None."""
    import jsonschema_rs

    schema = _schema()
    if part != "info":
        schema = {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    errors = list(jsonschema_rs.Draft202012Validator(schema).iter_errors(document))
    # A misspelt key is reported twice, as missing and as unexpected: the second says where it stands.
    errors.sort(key=lambda error: not getattr(error.kind, "unexpected", None))
    return _explain(errors[0], schema) if errors else None


@cache
def _schema() -> dict[str, Any]:
    return json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _explain(error: ValidationError, schema: dict[str, Any]) -> tuple[list[str | int], str]:
    path, kind = list(error.instance_path), error.kind
    unexpected = getattr(kind, "unexpected", None)
    if unexpected:
        hint = did_you_mean(unexpected[0], _known_keys(error, schema))
        return [*path, unexpected[0]], f"there is no such key. {hint}".strip()
    nested = getattr(kind, "error", None)
    if nested is not None and isinstance(nested.instance, str):
        return [*path, nested.instance], f"this is no name for a key here: {error.message}"
    return path, error.message


def _known_keys(error: ValidationError, schema: dict[str, Any]) -> list[str]:
    node: Any = schema
    for step in list(error.schema_path)[:-1]:
        node = node[step]
    return list(node.get("properties", ()))


def declaration_error(path: Path, keys: Sequence[str | int], message: str) -> DeclarationError:
    """An error that names the file, the line of the key, and the key."""
    line = line_of(path, keys)
    place = f"{path}:{line}" if line else str(path)
    return DeclarationError(f"{_dotted(keys)}{message}", where=place, remedy="mend the line named")


def _dotted(keys: Sequence[str | int]) -> str:
    return f"key {' > '.join(str(key) for key in keys)}: " if keys else ""
