# SPDX-License-Identifier: Apache-2.0
"""Makes the search space from the packaged train schema, and from what the user adds, removes and bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.conditions import bounded, grid, is_active, parse_conditions
from automl.dimensions import Choice, Ordered, Weighted, numeric
from automl.space import Space
from core import dotted
from core.errors import SpecError, UnknownKeyError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automl.dimensions import Dimension
    from automl.settings import AutomlSettings

Node = dict[str, Any]
_DEFAULTS = "automl_default_parameters"
_DISABLED = "automl_disabled_parameters"


@dataclass(frozen=True, slots=True)
class Source:
    """What a space is made from.

    `schema` is the action's JSON Schema, `base` the whole spec of trial 0, `pinned` maps keys that stay as they are to
    the reason, `engine` is the engine's name as the schema's `engines` use it.
    """

    schema: Mapping[str, Any]
    base: Mapping[str, Any]
    pinned: Mapping[str, str]
    engine: str
    aliases: Mapping[str, str]


def build_space(source: Source, settings: AutomlSettings) -> Space:
    """The space that the schema's default parameters make, with what the user adds and without what is removed.

    Raises:
        UnknownKeyError: a key that the action's spec does not have, with the closest ones.
        SpecError: a key that can't be searched, or a range that is not finite or lies outside the schema.
    """
    nodes = _with_own_conditions(_leaves(source.schema), source.engine)
    ranges = {_key(name, nodes, source): values for name, values in settings.ranges.items()}
    options = {_key(name, nodes, source): values for name, values in settings.options.items()}
    added = dict.fromkeys([*(_key(name, nodes, source) for name in settings.add), *ranges, *options])
    removed = {_key(name, nodes, source) for name in settings.remove}
    for key in added:
        if key in removed or key in source.pinned:
            reason = "it is to be left out as well" if key in removed else source.pinned[key]
            raise _refused(key, f"{key} can't be searched: {reason}", "ask for one of the two")
    disabled = set(source.schema.get(_DISABLED, ()))
    wanted = dict.fromkeys([*(k for k in source.schema[_DEFAULTS] if k not in disabled), *added])
    left_out = {key: "left out by the user" for key in wanted if key in removed}
    left_out |= {key: source.pinned[key] for key in wanted if key in source.pinned}
    left_out |= dict.fromkeys(sorted(removed - wanted.keys()), "it is not searched anyway")
    found: dict[str, Dimension] = {}
    for key in (key for key in wanted if key not in left_out):
        made = _dimension(key, nodes[key], source, ranges.get(key), options.get(key))
        if isinstance(made, str) and key in added:
            raise _refused(key, f"{key} can't be searched: {made}", "leave it out, or give a range of your own")
        if isinstance(made, str):
            left_out[key] = made
        else:
            found[key] = made
    kept = _reachable(found, nodes, source, left_out)
    return Space(tuple(_in_order(kept, nodes)), source.base, {key: nodes[key] for key in kept}, left_out)


def _leaves(node: Mapping[str, Any], prefix: str = "") -> dict[str, Node]:
    found: dict[str, Node] = {}
    for name, child in node.get("properties", {}).items():
        key = f"{prefix}{name}"
        found |= _leaves(child, f"{key}.") if "properties" in child else {key: child}
    return found


def _with_own_conditions(nodes: Mapping[str, Node], engine: str) -> dict[str, Node]:
    """The leaves without conditions on keys that the engine does not have: there, those ask nothing."""
    foreign = {key for key, node in nodes.items() if engine not in node.get("engines", [engine])}

    def kept(node: Node) -> Node:
        if "active_when" not in node:
            return node
        return node | {"active_when": {key: v for key, v in node["active_when"].items() if key not in foreign}}

    return {key: kept(node) for key, node in nodes.items()}


def _key(name: str, nodes: Mapping[str, Node], source: Source) -> str:
    key = source.aliases.get(name, name)
    if key not in nodes:
        message = f"the spec has no key '{name}'. {did_you_mean(name, [*nodes, *source.aliases])}".strip()
        raise UnknownKeyError(message, where=name, remedy="see automl_default_parameters in the train schema")
    return key


def _dimension(
    key: str, node: Node, source: Source, ends: tuple[Any, ...] | None, options: tuple[Any, ...] | None
) -> Dimension | str:
    """The dimension of a key, or why there is none; `ends` and `options` are the user's."""
    if dotted.get(source.base, key, source) is source or source.engine not in node.get("engines", [source.engine]):
        return "the engine does not know it"
    kind = node.get("type")
    if options is not None:
        return _options(key, node, source, options)
    if kind in {"integer", "number"}:
        return _numeric(key, node, source, ends)
    if ends is not None:
        raise _refused(key, f"{key} is no number and has no range", f"give options: {key}=one,other")
    if kind == "boolean":
        return Choice(key, (False, True))
    return _options(key, node, source, tuple(_listed(node)))


def _numeric(key: str, node: Node, source: Source, given: tuple[Any, ...] | None) -> Dimension | str:
    integer, search = node["type"] == "integer", node.get("search", {})
    low, high = given or (search.get("minimum", math.inf), search.get("maximum", math.inf))
    if not (math.isfinite(low) and math.isfinite(high)):
        message = f"the search range of {key} is not finite"
        raise _refused(key, message, f"give a range inside the schema: {key}=low..high")
    if given:
        _require_inside(key, node, low, high, integer=integer)
    conditions = parse_conditions(node.get("math_cond", ""), key)
    other = dotted.get(source.base, node.get("depends_on", ""), None)
    known = float(other) if isinstance(other, int | float) else None
    low, high = bounded(low, high, conditions, known, integer=integer)
    values = grid(low, high, conditions)
    if low > high or values == ():
        return f"no value is left by its condition '{node['math_cond']}'"
    if values is not None:
        return Ordered(key, values)
    log = search.get("scale") == "log" and low > 0
    return numeric(key, low, high, log=log, integer=integer) if low < high else f"only {low} is left in its range"


def _require_inside(key: str, node: Node, low: float, high: float, *, integer: bool) -> None:
    """A range that the user gives lies inside what the schema takes."""
    if integer and not (float(low).is_integer() and float(high).is_integer()):
        raise _refused(key, f"{key} takes whole numbers, not {low} to {high}", "give whole numbers")
    least, most = node.get("minimum", -math.inf), node.get("maximum", math.inf)
    above, below = node.get("exclusiveMinimum", -math.inf), node.get("exclusiveMaximum", math.inf)
    if not (least <= low < high <= most and above < low and high < below):
        bounds = f"from {max(least, above):g}{' (excluded)' if above >= least and above > -math.inf else ''}"
        bounds += f" to {min(most, below):g}{' (excluded)' if below <= most and below < math.inf else ''}"
        raise _refused(key, f"{low} to {high} is no range of {key}", f"give two ends, low first, {bounds}")


def _listed(node: Node) -> list[Any]:
    return [option for branch in node.get("anyOf", [node]) for option in branch.get("enum", ())]


def _options(key: str, node: Node, source: Source, options: tuple[Any, ...]) -> Dimension | str:
    from jsonschema_rs import is_valid

    from runners.planning.schema import allowed

    if not options:
        return "the schema gives neither a finite range nor options for it"
    for place, option in enumerate(options):
        if option in options[:place]:
            raise _refused(key, f"{option} stands twice among the options of {key}", "name each option once")
        if not is_valid({k: v for k, v in node.items() if k != "default"}, option):
            hint = did_you_mean(str(option), [str(o) for o in _listed(node)])
            raise _refused(key, f"{option} is no value of {key}. {hint}".strip(), f"give {allowed(node)}")
    listed = _listed(node)
    chances = dict(zip([str(o) for o in listed], node.get("option_weights", ()), strict=False))
    engines: Mapping[str, Any] = node.get("option_engines", {})
    usable = [o for o in options if source.engine in engines.get(str(o), [source.engine])]
    default = dotted.get(source.base, key)
    kept = [o for o in usable if chances.get(str(o), 1.0) > 0 or o == default] or usable
    if len(kept) < 2:
        return "there is nothing to choose from"
    if chances:
        return Weighted(key, tuple(kept), tuple(chances.get(str(o), 0.0) or 1.0 / len(kept) for o in kept))
    return Choice(key, tuple(kept))


def _reachable(
    found: dict[str, Dimension], nodes: Mapping[str, Node], source: Source, left_out: dict[str, str]
) -> dict[str, Dimension]:
    """Without parameters that have no effect whatever the search does; what depended on them alone goes as well."""
    kept = dict(found)
    while True:
        idle = [key for key in kept if not _can_act(nodes[key], kept, source)]
        if not idle:
            return kept
        for key in idle:
            wanted = " and ".join(f"{k} is {' or '.join(map(str, v))}" for k, v in nodes[key]["active_when"].items())
            left_out[key] = f"it has an effect only when {wanted}"
            del kept[key]


def _can_act(node: Node, kept: Mapping[str, Dimension], source: Source) -> bool:
    wanted = {k: v for k, v in node.get("active_when", {}).items() if k not in kept}
    return is_active({"active_when": wanted}, lambda key: dotted.get(source.base, key))


def _in_order(found: dict[str, Dimension], nodes: Mapping[str, Node]) -> list[Dimension]:
    """Each parameter after those that it depends on."""
    ordered: dict[str, Dimension] = {}

    def place(key: str, path: tuple[str, ...]) -> None:
        if key in ordered or key not in found or key in path:
            return
        for other in (*nodes[key].get("active_when", {}), nodes[key].get("depends_on", "")):
            place(other, (*path, key))
        ordered[key] = found[key]

    for key in found:
        place(key, ())
    return list(ordered.values())


def _refused(key: str, message: str, remedy: str) -> SpecError:
    return SpecError(message, code="automl.space", where=key, remedy=remedy)
