# SPDX-License-Identifier: Apache-2.0
"""References of the form `${section.key}` inside a spec."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from core.dotted import flatten, get
from core.errors import SpecError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{([^${}]*)\}")
_ABSENT = object()


Trees = tuple["Mapping[str, Any]", ...]


def resolve(value: Any, trees: Trees, _path: tuple[str, ...] = ()) -> Any:
    """Replace every reference in `value`; text that is one reference and no more takes the type of its target.

    A target is looked for in the first of `trees`, then in the next: what the user gave, then the defaults.

    Raises:
        SpecError: a reference leads nowhere, in a circle, or is of a kind that specs don't have.
    """
    if isinstance(value, dict):
        return {name: resolve(part, trees, _path) for name, part in value.items()}
    if isinstance(value, list):
        return [resolve(part, trees, _path) for part in value]
    return _resolve_text(value, trees, _path) if isinstance(value, str) and "${" in value else value


def _resolve_text(text: str, trees: Trees, path: tuple[str, ...]) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole:
        return _follow(whole[1].strip(), trees, path)
    parts = _REFERENCE.sub(lambda found: _as_text(_follow(found[1].strip(), trees, path)), text)
    if "${" in parts:
        raise SpecError(f"'{text}' is no complete reference", code="spec.reference", remedy="write ${section.key}")
    return parts


def _follow(key: str, trees: Trees, path: tuple[str, ...]) -> Any:
    if key in path:
        circle = " -> ".join([*path[path.index(key) :], key])
        raise SpecError(f"the references run in a circle: {circle}", code="spec.reference", where=key)
    found = next((value for value in (get(tree, key, _ABSENT) for tree in trees) if value is not _ABSENT), _ABSENT)
    if found is _ABSENT:
        names = [name for tree in trees for name in flatten(tree)]
        hint = did_you_mean(key, names) or "references name a key of this spec, for instance ${results_dir}"
        raise SpecError(f"'${{{key}}}' points to no key of this spec", code="spec.reference", where=key, remedy=hint)
    return resolve(found, trees, (*path, key))


def _as_text(value: Any) -> str:
    if isinstance(value, dict | list) or value is None:
        raise SpecError(f"a reference inside a text points to {value!r}, which is no text", code="spec.reference")
    return str(value)
