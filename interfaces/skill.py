# SPDX-License-Identifier: Apache-2.0
"""The skill that the commands work with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.declarations import Skill


def the_skill() -> Skill:
    """The declarations of the skill, read and checked."""
    from router.declarations import load_skill, skill_root

    return load_skill(skill_root())
