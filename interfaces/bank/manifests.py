# SPDX-License-Identifier: Apache-2.0
"""What makes a bank a plugin of the common agents: for each, its manifest as a JSON document.

Claude Code reads .claude-plugin/plugin.json and, of a folder that offers plugins, .claude-plugin/marketplace.json;
Codex reads .codex-plugin/plugin.json. Both find the skills below skills/. A marketplace of Codex can't offer the folder
that it stands in, so there is none.
"""

from __future__ import annotations

from typing import Any

PLUGIN = "changenet"
_PUBLISHER = "changenet-skill"
_DISPLAY = "Visual ChangeNet"


def manifests(version: str, summary: str) -> dict[str, dict[str, Any]]:
    """File name in the bank to document."""
    plugin = {
        "name": PLUGIN,
        "version": version,
        "description": summary,
        "author": {"name": _PUBLISHER},
        "license": "Apache-2.0",
        "keywords": ["optical inspection", "AOI", "change detection", "TAO"],
    }
    offered = {"name": PLUGIN, "source": "./", "description": summary, "version": version}
    market = {"name": _PUBLISHER, "owner": {"name": _PUBLISHER}, "plugins": [offered]}
    shown = {
        "displayName": _DISPLAY,
        "shortDescription": "Optical inspection against a golden image",
        "longDescription": summary,
        "developerName": _PUBLISHER,
        "category": "Productivity",
        "capabilities": ["Read", "Write"],
        "defaultPrompt": ["Train an inspection model on ./boards"],
    }
    return {
        ".claude-plugin/plugin.json": plugin,
        ".claude-plugin/marketplace.json": market,
        ".codex-plugin/plugin.json": plugin | {"skills": "./skills/", "interface": shown},
    }
