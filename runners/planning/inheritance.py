# SPDX-License-Identifier: Apache-2.0
"""What a child's spec takes over from its parent's, so that a checkpoint meets the network it was trained as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core import dotted
from core.errors import ParentError
from runners.model_rules import is_below

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from runners.model_rules import InheritedKeys
    from runners.planning.layers import Layers
    from runners.planning.parents import Parent

_MISSING = object()


def inherit(layers: Layers, parent: Parent, keys: InheritedKeys, inputs: Collection[str], *, resumes: bool) -> None:
    """Put the parent's architecture and suggest its habits; a training that goes on takes over all it can.

    `inputs` are the keys of what the action reads.
    """
    for key in layers.schema.value_keys():
        value = dotted.get(parent.spec, key, _MISSING)
        if value is _MISSING:
            continue
        if is_below(key, keys.architecture):
            layers.put(key, value, "parent", parent.job.id)
        elif _is_taken_over(layers, key, keys, inputs, resumes=resumes):
            layers.suggest(key, value, "parent", parent.job.id)


def take_data(layers: Layers, line: Iterable[Parent], sections: Mapping[str, str]) -> None:
    """Suggest the data of the nearest ancestor for each key or section that nobody named any of.

    `line` is the parent, then its own parent, and so on; `sections` says where their data stands in their spec.
    """
    ancestors = list(line)
    for section, theirs in sections.items():
        keys = [key for key in layers.schema.value_keys() if is_below(key, (section,))]
        if any(layers.get(key) for key in keys):
            continue
        for ancestor in ancestors:
            places = {key: f"{theirs}{key.removeprefix(section)}" for key in keys}
            found = {key: value for key, place in places.items() if (value := dotted.get(ancestor.spec, place))}
            for key, value in found.items():
                layers.suggest(key, value, "parent", ancestor.job.id)
            if found:
                break


def _is_taken_over(layers: Layers, key: str, keys: InheritedKeys, inputs: Collection[str], *, resumes: bool) -> bool:
    resumed = resumes and not is_below(key, keys.not_resumed)
    if key in keys.of_data or key in inputs:
        # The data that the request names says more about itself than the parent's data does.
        return layers.source(key) in {"template", "profile"} and (resumed or key in keys.of_data)
    return key in keys.habits or resumed


def require_same_architecture(layers: Layers, parent: Parent, architecture: tuple[str, ...]) -> None:
    """Nothing that the user set contradicts the network of the parent's checkpoint.

    Raises:
        ParentError: with every key that does, the value given and the parent's.
    """
    wrong = []
    for key, origin in layers.provenance.items():
        theirs: Any = dotted.get(parent.spec, key, _MISSING)
        own, given = layers.get(key), origin.source in {"shorthand", "override"}
        if given and is_below(key, architecture) and theirs not in (_MISSING, own):
            wrong.append(f"{key} is {own}, but the parent's is {theirs}")
    if wrong:
        message = f"the checkpoint of {parent.job.id} is of another architecture: {'; '.join(wrong)}"
        remedy = "leave these keys out: they are taken from the parent"
        raise ParentError(message, code="parent.architecture", where=parent.job.id, remedy=remedy)
