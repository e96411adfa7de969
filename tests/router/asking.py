# SPDX-License-Identifier: Apache-2.0
"""What a request in words comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.decision import decide
from router.types import Request

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision


def decided(text: str, skill: Skill) -> Decision:
    """The decision on a request of words alone."""
    return decide(Request(text=text), skill)


def asked(text: str, skill: Skill) -> list[str]:
    """The actions and commands that it asks for, in their order."""
    decision = decided(text, skill)
    return [one.command.verb if one.command else str(one.action) for one in decision.steps or (decision,)]
