# SPDX-License-Identifier: Apache-2.0
"""Whether the parts of skill_info.yaml agree: what one names, or needs, another declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import did_you_mean
from router.validation import declaration_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESUME, PARENT_FOLDER = "resume_model", "parent_model_folder"
FROM_PARENT = frozenset({"parent_model", PARENT_FOLDER, RESUME})
"""Inference functions that fill a field from the parent job."""


def require_consistent(path: Path, info: dict[str, Any], versions: dict[str, Any]) -> None:
    """The document `info` at `path` names only what is declared, and declares what is named.

    Raises:
        DeclarationError: it does not; with file, line and key.
    """
    image = info["container_image"]
    if image not in versions["images"]:
        message = f"versions.yaml has no image '{image}'. {did_you_mean(image, versions['images'])}".strip()
        raise declaration_error(path, ["container_image"], message)
    for keys, name, known in _names(info):
        if name not in info[known]:
            hint = did_you_mean(name, info[known])
            raise declaration_error(path, keys, f"'{name}' is not under {known}. {hint}".strip())
    for keys, message in _contradictions(info):
        raise declaration_error(path, keys, message)


def _names(info: dict[str, Any]) -> Iterator[tuple[list[str | int], str, str]]:
    """Where an action or task is named, its name, and the part of the document that must declare it."""
    yield ["default_task"], info["default_task"], "tasks"
    for task, entry in info["tasks"].items():
        for verb, action in entry["actions"].items():
            yield ["tasks", task, "actions", verb], action, "actions"
    for action, entry in info["actions"].items():
        yield ["actions", action, "task"], entry["task"], "tasks"
    for profile, entry in info["profiles"].items():
        for task in entry["spec"]:
            yield ["profiles", profile, "spec", task], task, "tasks"
    for place, action in enumerate(info["train_policy"]["applies_to"]):
        yield ["train_policy", "applies_to", place], action, "actions"
    for place, action in enumerate(info["engines"]["embedded"]["actions"]):
        yield ["engines", "embedded", "actions", place], action, "actions"


def _contradictions(info: dict[str, Any]) -> Iterator[tuple[list[str | int], str]]:
    """What one part of the document says of an action, and another part that has to say it too does not."""
    for task, entry in info["tasks"].items():
        for verb, action in entry["actions"].items():
            if info["actions"][action]["task"] != task:
                yield ["tasks", task, "actions", verb], f"'{action}' says that it belongs to another task"
            if verb not in info["language"]["actions"]:
                yield ["tasks", task, "actions", verb], "no words ask for it: it is not under language > actions"
    for action, entry in info["actions"].items():
        task = entry["task"]
        if action not in info["tasks"][task]["actions"].values():
            yield ["actions", action], f"no request finds it: it is not under tasks > {task} > actions"
    for action, fields in info["spec_params"].items():
        for key, how in fields.items():
            if isinstance(how, str) and how in FROM_PARENT and key not in info["parent_artifacts"]:
                yield ["spec_params", action, key], "what it takes of the parent job is not under parent_artifacts"
