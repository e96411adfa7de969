# SPDX-License-Identifier: Apache-2.0
"""A skill's declarations and schemas as other clients of TAO skills read them (nvidia-tao-automl 7.2.0).

That client reads references/skill_info.yaml, wants an image that is a text, and schemas with one type for each key,
properties for each object and bounds of what it searches. All but the bounds say the same in another form.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from core.documents import dump_yaml, read_json, read_yaml
from core.files import sha256_file, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_IMAGE_KEY, _NETWORK = "container_image", "network_arch"
SCRIPT = "scripts/visual_changenet.py"
_CLASS_IDS = ("0", "1")
_SCRIPT_TEXT = '''# SPDX-License-Identifier: Apache-2.0
"""Starts the embedded engine as `visual_changenet` does, for clients that start Python files."""

from engine.cli import main

raise SystemExit(main())
'''


def write_client_form(skill: Path) -> None:
    """Write into a packaged skill what other clients look for: declarations, schemas, a script that they can start."""
    manifest = read_json(skill / "schemas" / "manifest.json")
    info, versions = read_yaml(skill / "skill_info.yaml"), read_yaml(skill / "versions.yaml")
    write_text(
        skill / "references" / "skill_info.yaml", dump_yaml(declarations(info, versions, manifest["model_name"]))
    )
    for entry in manifest["actions"].values():
        path, template = skill / entry["file"], skill / entry["template"]
        form = schema_form(read_json(path))
        write_json(path, form)
        if form["default"] != read_yaml(template):
            write_text(template, dump_yaml(form["default"]))
        entry |= {"sha256": sha256_file(path), "template_sha256": sha256_file(template)}
    write_json(skill / "schemas" / "manifest.json", manifest)
    (skill / SCRIPT).parent.mkdir(parents=True, exist_ok=True)
    write_text(skill / SCRIPT, _SCRIPT_TEXT)


def declarations(info: Mapping[str, Any], versions: Mapping[str, Any], model: str) -> dict[str, Any]:
    """skill_info.yaml with the name of the network and an image as clients read them: a text, not a key."""
    image = versions["images"][info[_IMAGE_KEY]]
    return {**info, _NETWORK: model, _IMAGE_KEY: f"{image['repo']}:{image['tag']}"}


def schema_form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema with one type for each key. What is searched has its search range as its bounds."""
    found = deepcopy(dict(schema))
    found["default"] = _without_null_objects(found["default"], found)
    found["properties"] = {name: _key_form(node) for name, node in found["properties"].items()}
    return found


def _without_null_objects(default: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults without objects that are null, which that client takes for wrong: null is what leaving it out means."""
    kept = {}
    for name, value in default.items():
        node = schema["properties"][name]
        if isinstance(value, dict) and "properties" in node:
            kept[name] = _without_null_objects(value, node)
        elif value is not None or not _has_object(node):
            kept[name] = value
    return kept


def _key_form(node: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in node:
        node = _one_pattern(node)
    if "search" in node and node.get("automl_enabled"):
        node = {key: value for key, value in node.items() if not key.startswith("exclusive")}
        node |= {bound: node["search"][bound] for bound in ("minimum", "maximum")}
    if _has_object(node):
        node = _declared_names({key: value for key, value in node.items() if (key, value) != ("default", None)})
    kinds = node.get("type")
    if isinstance(kinds, list):
        del node["type"]
        node["anyOf"] = [{"type": kind} for kind in kinds]
    return node


def _has_object(node: Mapping[str, Any]) -> bool:
    return "object" in (kinds if isinstance(kinds := node.get("type"), list) else [kinds])


def _declared_names(node: dict[str, Any]) -> dict[str, Any]:
    """An object with its properties in this form.

    Of names that it leaves free those of its default are declared; of numbered ones, the ids of two classes.
    """
    known = node.get("properties")
    if known is None:
        numbered = node.get("patternProperties", {}).get("^[0-9]+$")
        free = numbered or node.get("additionalProperties")
        names = _CLASS_IDS if numbered else node.get("default") or ()
        known = {name: deepcopy(free) for name in names} if isinstance(free, dict) else {}
    return node | {"properties": {name: _key_form(child) for name, child in known.items()}}


def _one_pattern(node: dict[str, Any]) -> dict[str, Any]:
    """Choices of one type, each a list of names or a pattern, as one pattern."""
    choices = node["anyOf"]
    patterns: list[str] = []
    for choice in choices:
        patterns += [re.escape(name) for name in choice.get("enum", ())]
        patterns += [choice["pattern"].removeprefix("^").removesuffix("$")] if "pattern" in choice else []
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return rest | {"type": choices[0]["type"], "pattern": f"^(?:{'|'.join(patterns)})$"}
