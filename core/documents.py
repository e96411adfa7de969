# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON as strict, safe documents within budgets: no object construction, no duplicate keys, no NaN.

What people and this skill declare is read strictly: anything odd is an error with its place. What other programs
recorded goes through core.salvage instead, which never fails and tells what it dropped.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.files import read_ordinary
from core.yaml_reader import BOOLEAN, DEPTH, FLOAT, INTEGER, YamlProblem, build, number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import yaml

YAML_BYTES = 4 * 1024 * 1024
JSON_BYTES = 64 * 1024 * 1024
# What YAML can't hold as it is, or reads back as another line break.
# Compiled by the first writer: that takes long, and readers need it not.
_NEEDS_ESCAPES = "[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
# What is a number, or a text, in YAML as well: most values are, and the reader of the rest takes long to load.
_PLAIN_NUMBER = re.compile(r"-?[1-9][0-9]{0,14}|0")
_PLAIN_WORD = re.compile(r"/?[A-Za-z][A-Za-z0-9_/]*(?:[.-][A-Za-z0-9_/]+)*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_yaml(text: str, where: str = "", error: type[InputError] = InputError) -> Any:
    """Read one YAML document; each alias becomes a copy of its own.

    Raises:
        InputError (or the given subclass): no YAML, a duplicate key, a number or tag that JSON does not know, or a
            document that is too large or nested too deep; with the line.
    """
    if len(text) > YAML_BYTES:
        raise error(
            f"the document has more than {YAML_BYTES // 2**20} MiB", code="file.size", where=where, remedy=_SMALLER
        )
    if broken := _SURROGATE.search(text):
        line = text.count("\n", 0, broken.start()) + 1
        raise error(
            "invalid YAML: it holds bytes that are not UTF-8", code="yaml", where=_at(where, line), remedy=_MEND
        )
    try:
        return build(text)
    except YamlProblem as problem:
        raise error(f"invalid YAML: {problem}", code="yaml", where=_at(where, problem.line), remedy=_MEND) from None


_MEND = "mend the line named"
_SMALLER = "give the file that was meant; declarations are small"


def _at(where: str, line: int | None) -> str:
    return f"{where}:{line}" if line and where else where


def read_yaml(path: Path, error: type[InputError] = InputError) -> Any:
    """Read a YAML file; errors as in `parse_yaml`, and for a file that is missing or no UTF-8 text."""
    return parse_yaml(_read_text(path, error, YAML_BYTES), str(path), error)


def _read_text(path: Path, error: type[InputError], limit: int) -> str:
    try:
        return read_ordinary(path, limit, error).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        remedy = "save the file as UTF-8"
        raise error(
            f"byte {problem.start + 1} is not UTF-8 text", code="file.encoding", where=str(path), remedy=remedy
        ) from None


def parse_scalar(text: str) -> Any:
    """Read the value of a `key=value` override; what is no YAML is an error that names the text."""
    if _PLAIN_NUMBER.fullmatch(text):
        return int(text)
    if _PLAIN_WORD.fullmatch(text) and not BOOLEAN.match(text) and text.lower() != "null":
        return text
    return parse_yaml(text, where=f"value '{text}'") if text else ""


def dump_yaml(value: Any) -> str:
    """Write YAML that keeps the order of keys and repeats shared parts instead of naming them.

    Raises:
        InputError: a text holds bytes that were not UTF-8, which YAML can't express.
    """
    import yaml

    class PlainDumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
        if _SURROGATE.search(data):
            raise InputError(f"{data!r} holds bytes that are not UTF-8", code="yaml.text", remedy=_RENAME)
        style = '"' if _reads_as_another_type(data) or re.search(_NEEDS_ESCAPES, data) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    PlainDumper.add_representer(str, text)
    return yaml.dump(value, Dumper=PlainDumper, sort_keys=False, allow_unicode=True, width=120)


_RENAME = "rename the file or folder with UTF-8 characters"


def _reads_as_another_type(text: str) -> bool:
    return any(pattern.match(text) for pattern in (FLOAT, INTEGER, BOOLEAN))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' stands twice")
    return result


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a finite number")


def _whole(text: str) -> int | float:
    return number(text, whole=True)


def _fraction(text: str) -> int | float:
    return number(text, whole=False)


def parse_json(text: str, where: str = "", error: type[InputError] = InputError) -> Any:
    """Read strict JSON: finite numbers, integers of at most 64 bits, no duplicate keys, whole characters.

    Raises:
        InputError (or the given subclass): with the place.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_whole, parse_float=_fraction
        )
        _check_shape(value, text)
    except json.JSONDecodeError as problem:
        raise error(
            f"invalid JSON: {problem.msg}", code="json", where=_at(where, problem.lineno), remedy=_MEND
        ) from None
    except RecursionError:
        raise error(f"invalid JSON: {_TOO_DEEP}", code="json", where=where, remedy=_SMALLER) from None
    except ValueError as problem:
        raise error(f"invalid JSON: {problem}", code="json", where=where, remedy="mend the value named") from None
    return value


_TOO_DEEP = f"it is nested more than {DEPTH} levels deep"


def _check_shape(value: Any, text: str) -> None:
    level = [value]
    for _ in range(DEPTH + 1):
        level = [inner for part in level if isinstance(part, dict | list) for inner in _inside(part)]
        if not level:
            break
    else:
        raise ValueError(_TOO_DEEP)
    if (_SURROGATE_ESCAPE.search(text) or _SURROGATE.search(text)) and _SURROGATE.search(canonical_json(value)):
        raise ValueError("it holds half a character (a lone surrogate)")


def _inside(part: dict[str, Any] | list[Any]) -> Any:
    return part.values() if isinstance(part, dict) else part


def read_json(path: Path, error: type[InputError] = InputError) -> Any:
    """Read a strict JSON file; errors as in `parse_json`."""
    return parse_json(_read_text(path, error, JSON_BYTES), str(path), error)


def canonical_json(value: Any) -> str:
    """The one text of a value: sorted keys, no spaces, no NaN. Hashes are made from it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def line_of(path: Path, keys: Sequence[str | int]) -> int | None:
    """The line (from 1) of the key or list entry that `keys` lead to in a YAML file, or of the deepest that is there.

    Raises:
        InputError: as `read_yaml`.
    """
    import yaml

    text = _read_text(path, InputError, YAML_BYTES)
    parse_yaml(text, str(path))  # what is composed must lie within the budgets
    node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    place = node
    for key in keys:
        named = _named(node, key)
        if named is None:
            break
        place, node = named
    return place.start_mark.line + 1 if place is not None else None


def _named(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The node that names a part of a node, and the part itself."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        return next(((name, value) for name, value in node.value if name.value == str(key)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None
