# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON as strict, safe documents: no object construction, no duplicate keys, no NaN."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
    from pathlib import Path

    import yaml

# YAML 1.1 as PyYAML reads it takes "1e-4" for text; the 1.2 core schema takes it for a number.
_FLOAT = re.compile(
    r"[-+]?(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)$"
    r"|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d*)$")
_BOOLEAN = re.compile(r"(?:true|True|TRUE|false|False|FALSE)$")


def _loader_class() -> type[yaml.SafeLoader]:
    global _cached_loader  # noqa: PLW0603 - PyYAML is imported only when a document is read
    if _cached_loader is None:
        _cached_loader = _make_loader()
    return _cached_loader


_cached_loader: type[yaml.SafeLoader] | None = None


def _make_loader() -> type[yaml.SafeLoader]:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class StrictLoader(base):  # type: ignore[misc]
        """Safe loader of the YAML 1.2 core scalars that refuses duplicate keys."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
            seen: set[Any] = set()
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                if not isinstance(key, str | int | float | bool | None):
                    raise yaml.constructor.ConstructorError(None, None, "found no scalar as key", key_node.start_mark)
                if key in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"found the key {key!r} twice", key_node.start_mark
                    )
                seen.add(key)
            return super().construct_mapping(node, deep=deep)  # type: ignore[no-any-return]

    resolvers = (("bool", _BOOLEAN, "tTfF"), ("int", _INTEGER, "-+0123456789"), ("float", _FLOAT, "-+0123456789."))
    StrictLoader.yaml_implicit_resolvers = {
        first: [entry for entry in entries if entry[0].rpartition(":")[2] in {"null", "merge"}]
        for first, entries in base.yaml_implicit_resolvers.items()
    }
    for name, pattern, first in resolvers:
        StrictLoader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", pattern, list(first))
    return StrictLoader


def parse_yaml(text: str, where: str = "", error: type[InputError] = InputError) -> Any:
    """Read one YAML document.

    Raises:
        InputError (or the given subclass): no YAML, a duplicate key, or a tag that builds an object; with the line.
    """
    import yaml

    try:
        return yaml.load(text, Loader=_loader_class())  # noqa: S506 - a subclass of the safe loader
    except (yaml.YAMLError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f"{where}:{mark.line + 1}" if mark else where
        reason = getattr(problem, "problem", None) or str(problem).partition("\n")[0]
        raise error(f"this is no valid YAML: {reason}", code="yaml", where=line, remedy="mend the line named") from None
    except ValueError as problem:
        raise error(f"this is no valid YAML: {problem}", code="yaml", where=where) from None


def read_yaml(path: Path, error: type[InputError] = InputError) -> Any:
    """Read a YAML file; errors as in `parse_yaml`, and for a file that is missing or no UTF-8 text."""
    return parse_yaml(_read_text(path, error), str(path), error)


def _read_text(path: Path, error: type[InputError]) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise error("there is no such file", code="file.missing", where=str(path), remedy="check the path") from None
    except UnicodeDecodeError:
        raise error("this is no UTF-8 text", code="file.encoding", where=str(path)) from None
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise error(f"can't be read: {reason}", code="file.unreadable", where=str(path)) from None


def parse_scalar(text: str) -> Any:
    """Read the value of a `key=value` override; what is no YAML is an error that names the text."""
    return parse_yaml(text, where=f"value '{text}'") if text else ""


def dump_yaml(value: Any) -> str:
    """Write YAML that keeps the order of keys and repeats shared parts instead of naming them."""
    import yaml

    class PlainDumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
        style = '"' if _reads_as_another_type(data) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    PlainDumper.add_representer(str, text)
    return yaml.dump(value, Dumper=PlainDumper, sort_keys=False, allow_unicode=True, width=120)


def _reads_as_another_type(text: str) -> bool:
    return any(pattern.match(text) for pattern in (_FLOAT, _INTEGER, _BOOLEAN))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' stands twice")
    return result


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def parse_json(text: str, where: str = "", error: type[InputError] = InputError) -> Any:
    """Read strict JSON: no NaN, no Infinity, no duplicate keys.

    Raises:
        InputError (or the given subclass): with the place.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except json.JSONDecodeError as problem:
        place = f"{where}:{problem.lineno}"
        raise error(f"this is no valid JSON: {problem.msg}", code="json", where=place) from None
    except (ValueError, RecursionError) as problem:
        raise error(f"this is no valid JSON: {problem}", code="json", where=where) from None


def read_json(path: Path, error: type[InputError] = InputError) -> Any:
    """Read a strict JSON file; errors as in `parse_json`."""
    return parse_json(_read_text(path, error), str(path), error)


def canonical_json(value: Any) -> str:
    """The one text of a value: sorted keys, no spaces, no NaN. Hashes are made from it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def line_of(path: Path, keys: Sequence[str | int]) -> int | None:
    """The line (from 1) of the value that `keys` lead to in a YAML file, or of the deepest part that is there."""
    import yaml

    node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    for key in keys:
        child = _child(node, key)
        if child is None:
            break
        node = child
    return node.start_mark.line + 1 if node is not None else None


def _child(node: yaml.Node | None, key: str | int) -> yaml.Node | None:
    import yaml

    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == str(key)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key]  # type: ignore[no-any-return]
    return None
