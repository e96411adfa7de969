# SPDX-License-Identifier: Apache-2.0
"""Where agents look for the skills of a user."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.errors import RequestError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence


class Agent(NamedTuple):
    """An agent: the folder below the home by which it is known to be there, that of skills, and what moves both.

    `variable` names the agent's own folder, below which `moved` lies, where it is set.
    """

    folder: str
    skills: str
    variable: str = ""
    moved: str = "skills"


# As each agent's documentation says.
AGENTS = {
    "claude-code": Agent(".claude", ".claude/skills", "CLAUDE_CONFIG_DIR"),
    "codex": Agent(".codex", ".agents/skills", "CODEX_HOME"),
    "gemini": Agent(".gemini", ".gemini/skills"),
    "cursor": Agent(".cursor", ".cursor/skills"),
    "copilot": Agent(".copilot", ".copilot/skills"),
    "opencode": Agent(".config/opencode", ".config/opencode/skills"),
}
_COMMON = ("claude-code", "codex")


def skill_folders(named: str | None, home: Path, *, is_own_home: bool) -> list[Path]:
    """The folders of skills of the agents that are named (with commas between), else of those that are there.

    Where none is there, those of Claude Code and Codex, which other agents read as well. Variables such as
    $CLAUDE_CONFIG_DIR count for the user's own home alone.

    Raises:
        RequestError: no such agent is known.
    """
    names = _names(named) if named else _present(home) or _COMMON
    environment = os.environ if is_own_home else {}
    folders = []
    for name in names:
        agent = AGENTS[name]
        moved = environment.get(agent.variable) if agent.variable else None
        folders.append(Path(moved).expanduser().absolute() / agent.moved if moved else home / agent.skills)
    return list(dict.fromkeys(folders))


def _names(named: str) -> Sequence[str]:
    names = [name.strip() for name in named.split(",") if name.strip()]
    for name in names:
        if name not in AGENTS:
            remedy = did_you_mean(name, AGENTS) or f"known: {', '.join(AGENTS)}"
            raise RequestError(f"no agent is known as {name!r}", code="agent", where="--agents", remedy=remedy)
    return names


def _present(home: Path) -> Sequence[str]:
    return [name for name, agent in AGENTS.items() if (home / agent.folder).is_dir()]
