# SPDX-License-Identifier: Apache-2.0
"""References of the form `${section.key}` inside a spec."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from core.dotted import flatten, get
from core.errors import SpecError, did_you_mean
from core.yaml_reader import DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{([^${}]*)\}")
_ABSENT = object()
_CHAIN = 32
_BUDGET = 200_000  # values, and characters of texts that are put together

Trees = tuple["Mapping[str, Any]", ...]


def resolve(value: Any, trees: Trees) -> Any:
    """Replace every reference in `value`; text that is one reference and no more takes the type of its target.

    A target is looked for in the first of `trees`, then in the next: what the user gave, then the defaults.

    Raises:
        SpecError: a reference leads nowhere, in a circle, or is of a kind that specs don't have; or the references
            make more of the spec than a spec can be.
    """
    return _Resolver(trees).resolve(value, (), 0)


class _Resolver:
    """One walk over a spec; twenty references that name two others each would make a million values of it."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._spent = 0

    def resolve(self, value: Any, path: tuple[str, ...], depth: int) -> Any:
        self._spend(1, path)
        if depth > DEPTH:
            message = f"the references make the spec more than {DEPTH} levels deep"
            raise SpecError(message, code="spec.reference", where=path[0] if path else "")
        if isinstance(value, dict):
            return {name: self.resolve(part, path, depth + 1) for name, part in value.items()}
        if isinstance(value, list):
            return [self.resolve(part, path, depth + 1) for part in value]
        return self._resolve_text(value, path, depth) if isinstance(value, str) and "${" in value else value

    def _resolve_text(self, text: str, path: tuple[str, ...], depth: int) -> Any:
        whole = _REFERENCE.fullmatch(text)
        if whole:
            return self._follow(whole[1].strip(), path, depth)
        parts = _REFERENCE.sub(lambda found: self._text(found[1].strip(), path), text)
        if "${" in parts:
            raise SpecError(f"'{text}' is no complete reference", code="spec.reference", remedy="write ${section.key}")
        return parts

    def _text(self, key: str, path: tuple[str, ...]) -> str:
        text = _as_text(self._follow(key, path, 0))
        self._spend(len(text), (*path, key))
        return text

    def _follow(self, key: str, path: tuple[str, ...], depth: int) -> Any:
        if key in path:
            circle = " -> ".join([*path[path.index(key) :], key])
            raise SpecError(f"the references run in a circle: {circle}", code="spec.reference", where=key)
        if len(path) == _CHAIN:
            raise SpecError(f"more than {_CHAIN} references lead on from each other", code="spec.reference", where=key)
        values = (get(tree, key, _ABSENT) for tree in self._trees)
        found = next((value for value in values if value is not _ABSENT), _ABSENT)
        if found is _ABSENT:
            names = [name for tree in self._trees for name in flatten(tree)]
            hint = did_you_mean(key, names) or "references name a key of this spec, for instance ${results_dir}"
            message = f"'${{{key}}}' points to no key of this spec"
            raise SpecError(message, code="spec.reference", where=key, remedy=hint)
        return self.resolve(found, (*path, key), depth)

    def _spend(self, cost: int, path: tuple[str, ...]) -> None:
        self._spent += cost
        if self._spent > _BUDGET:
            where = path[0] if path else ""
            message = "the references make the spec too large"
            raise SpecError(message, code="spec.reference", where=where, remedy="write the values out")


def _as_text(value: Any) -> str:
    if isinstance(value, dict | list) or value is None:
        raise SpecError(f"a reference inside a text points to {value!r}, which is no text", code="spec.reference")
    return str(value)
