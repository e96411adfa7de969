# SPDX-License-Identifier: Apache-2.0
"""What the user sets by name: short names first, then dotted keys, each checked against the action's schema."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from core.problem import Problem
from core.redaction import is_secret_key, secret_places
from runners.planning.plan import Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from router.declarations import Skill
    from runners.planning.layers import Layers

REFERENCE = "env:"
_VARIABLE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")


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
        below = [name for name in schema.value_keys() if name.startswith(f"{key}.")]
        often = [name for name in below if (schema.node(name) or {}).get("popular")]
        remedy = f"set one of its keys, for instance {next(iter([*often, *below]))}"
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


def put_secrets(layers: Layers, skill: Skill, *, container: bool) -> tuple[str, ...]:
    """Settle the fields that take a secret: each holds the name of a variable, and these names are returned.

    A field that nobody set takes the declared variable, where it is set here. In a container the configuration reader
    puts the variable's value in the place of its name; what it is stands in no plan, file or command line.
    """
    names = []
    functions = skill.info["inference_functions"]
    for key, how in skill.spec_params(layers.schema.action).items():
        function = functions.get(how, {}) if isinstance(how, str) else {}
        if function.get("gives") != "secret" or layers.schema.node(key) is None:
            continue
        declared = function.get("environment", "")
        if not layers.get(key) and os.environ.get(declared):
            layers.put(key, f"{REFERENCE}{declared}", "job", str(how))
        if name := str(layers.get(key) or "").removeprefix(REFERENCE):
            names.append(name)
            origin = layers.provenance.get(key, Provenance("job", str(how)))
            layers.put(key, f"${{oc.env:{name}}}" if container else f"{REFERENCE}{name}", origin.source, origin.detail)
    return tuple(names)


def _secret(key: str, value: Any) -> Problem | None:
    """A secret has no place in a spec, which is kept with the job and shown in reports."""
    if place := next(_named_secrets(key, value), None):
        remedy = f"put it into an environment variable, and give its name: {place}={REFERENCE}NAME"
        return Problem("spec.secret", place, "a secret must not stand in a spec", remedy)
    if places := secret_places({key: value}):
        remedy = "leave credentials out of paths, URIs and texts; they are taken from the environment"
        return Problem("spec.secret", places[0], "the value holds what looks like a secret", remedy)
    return None


def _named_secrets(key: str, value: Any) -> Iterator[str]:
    """The keys of secrets that have another value than the name of a variable."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _named_secrets(f"{key}.{name}", inner)
    elif is_secret_key(key.rpartition(".")[2]) and not _is_harmless(value):
        yield key


def _is_harmless(value: Any) -> bool:
    return value in (None, "") or bool(isinstance(value, str) and _VARIABLE.fullmatch(value))
