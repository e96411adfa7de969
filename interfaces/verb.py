# SPDX-License-Identifier: Apache-2.0
"""One verb of the table: what it does, how it is called, and where its function is loaded from when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from interfaces.options import require_values
from interfaces.system_errors import system_errors_told

if TYPE_CHECKING:
    from collections.abc import Callable

    from interfaces.outcome import Outcome, Reporter

ROOM = "interfaces.verbs"
"""The package whose modules hold the functions of verbs."""


class Verb(NamedTuple):
    """One verb: `function` of `module`, which takes an options dataclass and a reporter and returns an Outcome.

    `read_only` changes nothing but records of how jobs stand, `destructive` ends or replaces something, `slow` may work
    for longer than a caller likes to wait. `is_tool`: agents may call it as a tool as well.
    """

    name: str
    module: str
    function: str
    summary: str
    examples: str = ""
    read_only: bool = False
    destructive: bool = False
    slow: bool = False
    is_tool: bool = True

    @property
    def sentence(self) -> str:
        """The summary as a sentence."""
        return f"{self.summary[0].upper()}{self.summary[1:]}."

    def load(self) -> Callable[[Any, Reporter], Outcome]:
        """The function of the verb."""
        found: Callable[[Any, Reporter], Outcome] = getattr(import_module(self.module), self.function)
        return found

    def call(self, options: Any, reporter: Reporter) -> Outcome:
        """Run the verb, as every face does.

        Raises:
            RequestError: an option has no usable value.
            ChangenetError: as the verb says, and `system_errors_told`.
        """
        require_values(options)
        with system_errors_told():
            return self.load()(options, reporter)

    def options(self) -> type[Any]:
        """The dataclass that holds its options."""
        found: type[Any] = getattr(import_module(self.module), self.load().__annotations__["options"])
        return found
