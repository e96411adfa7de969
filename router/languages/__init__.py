# SPDX-License-Identifier: Apache-2.0
"""The language files beside this one, read together: each word is looked up in all of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from router.validation import read_declaration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Languages:
    """What the files say, one after the other."""

    files: tuple[Mapping[str, Any], ...]

    def phrases(self, *keys: str) -> list[str]:
        """The phrases below nested keys, of every language."""
        found: list[str] = []
        for document in self.files:
            found += _phrases(_below(document, keys))
        return found

    def groups(self, *keys: str) -> dict[str, list[str]]:
        """Group to phrases below nested keys, of every language."""
        names = dict.fromkeys(name for document in self.files for name in _below(document, keys) or ())
        return {str(name): self.phrases(*keys, name) for name in names}

    def numbers(self) -> dict[str, float]:
        """Every numeral with its value."""
        return {str(word): float(value) for one in self.files for word, value in one["numerals"].items()}

    def signs(self) -> dict[str, str]:
        """Every word for a sign of a path, with the sign."""
        return {str(word): str(sign) for one in self.files for word, sign in one.get("spoken_signs", {}).items()}

    def __iter__(self) -> Any:
        return iter(self.files)


def _below(document: Any, keys: Iterable[Any]) -> Any:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _phrases(value: Any) -> Sequence[str]:
    """A list of phrases, or a text whose words are phrases of one word."""
    if isinstance(value, str):
        return value.split()
    return list(value or ())


def load_languages() -> Languages:
    """Every language file, by name.

    Raises:
        DeclarationError: one is broken; with file, line and key.
    """
    files = sorted(Path(__file__).parent.glob("*.yaml"))
    return Languages(tuple(read_declaration(path, "words") for path in files))
