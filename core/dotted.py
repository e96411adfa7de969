# SPDX-License-Identifier: Apache-2.0
"""Dotted keys: the syntax of overrides; on disk and in memory specs are nested dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.documents import parse_scalar
from core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

Tree = dict[str, Any]
PARTS = 32


def get(tree: Mapping[str, Any], key: str, default: Any = None) -> Any:
    """The value at the dotted `key`, or `default` where the path ends early."""
    node: Any = tree
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            return default
        node = node[part]
    return node


def put(tree: Tree, key: str, value: Any) -> None:
    """Set the value at the dotted `key`; sections that are missing are made.

    Raises:
        InputError: a part of the path is a value, not a section.
    """
    *sections, last = key.split(".")
    node = tree
    for part in sections:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise InputError(f"'{part}' in '{key}' is a value, not a section", where=key)
    node[last] = value


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Tree:
    """Dotted key to value; lists and empty dictionaries are values."""
    flat: Tree = {}
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            flat.update(flatten(value, f"{key}."))
        else:
            flat[key] = value
    return flat


def nest(flat: Mapping[str, Any]) -> Tree:
    """The nested dictionary of a mapping from dotted keys."""
    tree: Tree = {}
    for key, value in flat.items():
        put(tree, key, value)
    return tree


def parse_override(text: str) -> tuple[str, Any]:
    """Split `key=value`; the value is read as YAML.

    Raises:
        InputError: there is no `=`, or the key has empty parts, or more than `PARTS`.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    parts = key.split(".")
    if len(parts) > PARTS:
        raise InputError(f"a key of {len(parts)} parts leads nowhere", code="override", remedy="shorten the key")
    if not equals or not key or not all(parts):
        raise InputError(
            f"'{text}' is not of the form key=value",
            code="override",
            remedy="write dotted keys, for instance train.num_epochs=30",
        )
    return key, parse_scalar(value.strip())
