# SPDX-License-Identifier: Apache-2.0
"""Secrets stay out of specs, logs, records and reports."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from core.redaction_stream import MASK, Redactor, known_values
from core.secret_names import is_secret_key, kind_of
from core.secret_values import is_place, looks_random

__all__ = ["MASK", "Redactor", "is_secret_key", "redact", "redact_text", "secret_places"]

# What a secret's key may hold in its place: nothing, a reference to where it is, a mask.
_NO_SECRET = re.compile(r"|\*+|env:\w*|\$\{?\w+\}?|<[^<>]*>")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*")
_NAMING = ("name", "key")
_VALUES = frozenset({"value", "values", "old", "new", "default", "low", "high", "min", "max", "choices", "options"})


def redact_text(text: str) -> str:
    """The text with everything masked that is known, or looks like, a secret. Linear in its length."""
    return Redactor().text(text)


def redact(tree: Any) -> Any:
    """A copy in which values of secret keys, and secrets inside texts, keys and lists, are masked."""
    return _Tree().redacted(tree)


def secret_places(tree: Any) -> list[str]:
    """The dotted keys, with `[n]` in lists, under which a document holds secrets; empty when it holds none."""
    return list(_differences(tree, redact(tree), ""))


class _Tree:
    def __init__(self) -> None:
        redactor = Redactor(known_values())
        # Keys, states and folders come again and again: a list of thousands of jobs holds few texts that differ.
        self._text = cache(redactor.text)

    def redacted(self, value: Any, secret: bool = False) -> Any:
        if isinstance(value, str):
            return MASK if secret and not _NO_SECRET.fullmatch(value) else self._text(value)
        if isinstance(value, dict):
            return self._mapping(value, secret)
        if isinstance(value, list | tuple):
            before = [None, *value]
            return [self.redacted(v, secret or _takes_secret(b)) for v, b in zip(value, before, strict=False)]
        is_number = secret and isinstance(value, int | float) and not isinstance(value, bool)
        return MASK if is_number else value

    def _mapping(self, tree: dict[Any, Any], secret: bool) -> dict[Any, Any]:
        named = secret or any(_is_secret_name(tree[name], None) for name in _NAMING if name in tree)
        return {
            self._text(name) if isinstance(name, str) else name: self.redacted(
                inner, _is_secret_name(name, inner) or (named and name in _VALUES)
            )
            for name, inner in tree.items()
        }


def _is_secret_name(name: Any, value: Any) -> bool:
    if not isinstance(name, str) or not (kind := kind_of(name)):
        return False
    if not isinstance(value, str):
        return kind == "strong"
    return looks_random(value) if kind == "weak" else not is_place(name, value)


def _takes_secret(word: Any) -> bool:
    """Whether a word of a command line is an option whose value is a secret."""
    return isinstance(word, str) and bool(_OPTION.fullmatch(word)) and kind_of(word) == "strong"


def _differences(before: Any, after: Any, place: str) -> list[str]:
    if isinstance(before, dict):
        found = []
        for (name, inner), (shown, masked) in zip(before.items(), after.items(), strict=False):
            key = f"{place}.{shown}" if place else str(shown)
            found += [key] if name != shown else _differences(inner, masked, key)
        return found
    if isinstance(before, list | tuple):
        pairs = enumerate(zip(before, after, strict=True))
        return [found for n, (inner, masked) in pairs for found in _differences(inner, masked, f"{place}[{n}]")]
    return [place] if before != after else []
