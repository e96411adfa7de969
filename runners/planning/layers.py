# SPDX-License-Identifier: Apache-2.0
"""The spec of a plan as it grows, layer over layer, with the origin of every value that is not the template's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core import dotted
from runners.planning.plan import Provenance

if TYPE_CHECKING:
    from runners.planning.plan import Source
    from runners.planning.schema import ActionSchema

_SAID = {"shorthand", "override"}


class Layers:
    """Starts as the template; each `put` covers what lies below it. Layers are put in the order of precedence."""

    def __init__(self, schema: ActionSchema) -> None:
        self.schema = schema
        self.spec = schema.default()
        self.provenance: dict[str, Provenance] = {}
        self._adjustable: set[str] = set()
        self._covered: dict[str, Any] = {}

    def put(self, key: str, value: Any, source: Source, detail: str = "") -> None:
        """Set a key that the schema has; a section is spread over its keys."""
        for leaf, inner in self.schema.spread(key, value):
            self._forget_below(leaf)
            if source in _SAID and self.source(leaf) not in _SAID:
                self._covered[leaf] = dotted.get(self.spec, leaf, None)
            dotted.put(self.spec, leaf, inner)
            self.provenance[leaf] = Provenance(source, detail)
            self._adjustable.discard(leaf)

    def suggest(self, key: str, value: Any, source: Source, detail: str = "") -> None:
        """Set a key where the action's spec has it; rules between keys may adjust it as if it were a default."""
        if self.schema.node(key) is not None:
            self.put(key, value, source, detail)
            self._adjustable |= {leaf for leaf, _ in self.schema.spread(key, value)}

    def get(self, key: str) -> Any:
        """The value that stands now."""
        return dotted.get(self.spec, key)

    def below(self, key: str) -> Any:
        """The value that a key had before the user set it."""
        return self._covered.get(key)

    def source(self, key: str) -> Source:
        """Where the value that stands now comes from."""
        found = self.provenance.get(key)
        return found.source if found else "template"

    def drop(self, key: str) -> None:
        """Leave a key out of the spec altogether, and its section when nothing else stands in it."""
        section, _, name = key.rpartition(".")
        holder = dotted.get(self.spec, section) if section else self.spec
        if isinstance(holder, dict) and name in holder:
            del holder[name]
            if section and not holder:
                self.drop(section)
        self.provenance.pop(key, None)

    def given(self) -> set[str]:
        """The keys whose values nobody but the user may change."""
        return {key for key in self.provenance if key not in self._adjustable}

    def origins(self) -> dict[str, Provenance]:
        """The origin of every value that is not the template's, and of all that the user set."""
        default = self.schema.default()
        return {
            key: origin
            for key, origin in self.provenance.items()
            if origin.source in _SAID or self.get(key) != dotted.get(default, key)
        }

    def _forget_below(self, key: str) -> None:
        """A map that is replaced takes the origins of its entries with it."""
        for name in [name for name in self.provenance if name.startswith(f"{key}.")]:
            del self.provenance[name]
