# SPDX-License-Identifier: Apache-2.0
"""Keys of the spec that a request sets by `key=value`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.dotted import parse_override

if TYPE_CHECKING:
    from collections.abc import Mapping

    from router.reading import Reading

# Name of a value to short name of its key.
KEYS = {"epochs": "num_epochs", "margin": "eval_margin", "lights": "num_input", "classes": "num_classes"}
_COUNTED = frozenset({"batch_size", "num_epochs", "epochs"})


def overrides(reading: Reading, part: range) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """What `key=value` says; and the values of a key that is given two, which no correction stands between."""
    found: dict[str, Any] = {}
    contradictory: dict[str, tuple[str, ...]] = {}
    corrections = [m.start for m in reading.of("correction", negated=None)]
    last: dict[str, int] = {}
    for place in (n for n in part if reading.tokens[n].kind == "override"):
        key, value = parse_override(reading.tokens[place].text)
        between = any(last.get(key, place) < n < place for n in corrections)
        if key in found and found[key] != value and not between:
            contradictory[key] = (*contradictory.get(key, (str(found[key]),)), str(value))
        elif key in _COUNTED and not value:
            contradictory[key] = (str(value),)
        found[key], last[key] = value, place
    return found, contradictory


def said_otherwise(
    reading: Reading, part: range, stated: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    """Values that words state and `key=value` gives otherwise, where nothing corrects: "for 8 epochs, epochs=16"."""
    if any(m.start in part for m in reading.of("correction", negated=None)):
        return {}
    pairs = ((name, key) for name in stated for key in (name, KEYS.get(name, name)) if key in given)
    return {name: (str(stated[name]), str(given[key])) for name, key in pairs if stated[name] != given[key]}
