# SPDX-License-Identifier: Apache-2.0
"""The skill that the commands work with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.declarations import Skill


def skill_root() -> Path:
    """The folder of SKILL.md: $CHANGENET_SKILL_DIR, else the one that this package lies in."""
    named = os.environ.get("CHANGENET_SKILL_DIR")
    return Path(named) if named else Path(__file__).resolve().parent.parent


def the_skill() -> Skill:
    """The declarations of the skill, read and checked."""
    from router.declarations import load_skill

    return load_skill(skill_root())
