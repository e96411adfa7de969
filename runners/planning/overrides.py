# SPDX-License-Identifier: Apache-2.0
"""What the user sets by name: short names first, then dotted keys, each checked against the action's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.problem import Problem
from core.redaction import is_secret_key, redact_text
from runners.planning.plan import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runners.planning.layers import Layers

_REFERENCE = "env:"


def apply_overrides(layers: Layers, overrides: Mapping[str, Any], short_names: Mapping[str, str]) -> list[Problem]:
    """Put all overrides on top of the layers; returns those that can't be used."""
    short = {name: value for name, value in overrides.items() if name in short_names}
    problems = _twice(short, short_names)
    for name, value in short.items():
        problems += _apply(layers, short_names[name], value, Provenance("shorthand", name), short_names)
    for key, value in overrides.items():
        if key not in short:
            problems += _apply(layers, key, value, Provenance("override"), short_names)
    return problems


def _apply(layers: Layers, key: str, value: Any, origin: Provenance, short_names: Mapping[str, str]) -> list[Problem]:
    schema = layers.schema
    unknown = [leaf for leaf, _ in schema.spread(key, value) if schema.node(leaf) is None]
    if unknown:
        return [schema.unknown(leaf, list(short_names)) for leaf in unknown]
    if secret := _secret(key, value):
        return [secret]
    if schema.is_section(key) and (not isinstance(value, dict) or not value):
        remedy = f"set one of its keys, for instance {next(k for k in schema.all_keys() if k.startswith(f'{key}.'))}"
        what = "an empty section sets nothing" if value == {} else f"{key} is a section of the spec, not a value"
        return [Problem("spec.value", key, what, remedy)]
    layers.put(key, value, origin.source, origin.detail)
    return []


def _twice(short: Mapping[str, Any], short_names: Mapping[str, str]) -> list[Problem]:
    keys = [short_names[name] for name in short]
    return [
        Problem("override.twice", key, f"{key} is set twice, by {' and '.join(names)}", "set it once")
        for key in sorted({key for key in keys if keys.count(key) > 1})
        if (names := [name for name in short if short_names[name] == key])
    ]


def _secret(key: str, value: Any) -> Problem | None:
    """A secret has no place in a spec, which is kept with the job and shown in reports."""
    if isinstance(value, dict):
        return next((found for name, inner in value.items() if (found := _secret(f"{key}.{name}", inner))), None)
    if not isinstance(value, str) or not value or value.startswith(_REFERENCE):
        return None
    if is_secret_key(key.rpartition(".")[2]):
        remedy = f"put it into an environment variable, and give its name: {key}={_REFERENCE}NAME"
        return Problem("spec.secret", key, "a secret must not stand in a spec", remedy)
    if redact_text(value) != value:
        remedy = "leave credentials out of paths and URIs; they are taken from the environment"
        return Problem("spec.secret", key, "the value holds what looks like a secret", remedy)
    return None
