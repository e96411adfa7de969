# SPDX-License-Identifier: Apache-2.0
"""schemas/ and references/spec_template_*: written from the models, or compared with them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from core.documents import dump_yaml
from core.files import write_text
from spec.action_schema import action_schema
from spec.actions import ACTIONS

if TYPE_CHECKING:
    from pathlib import Path

SEGMENT_EXAMPLE = "references/spec_template_segment.yaml"
_EXAMPLE: dict[str, Any] = {
    "task": "segment",
    "results_dir": "/results",
    "model": {
        "backbone": {
            "type": "vit_large_nvdinov2",
            "pretrained_backbone_path": "/data/pretrained_models/NV_DINOV2_518_16_256.ckpt",
        }
    },
    "dataset": {"segment": {"root_dir": "/data/segment", "img_size": 224, "num_classes": 2, "batch_size": 8}},
    "train": {"num_epochs": 30, "validation_interval": 10, "checkpoint_interval": 10, "optim": {"lr": 0.0001}},
}
_MARK = "# Written by `changenet schemas` from spec/. Change the models there, not this file."


def generate(root: Path, check: bool = False) -> list[str]:
    """Write schemas/ and the spec templates below `root`; with `check`, write nothing.

    Returns one message for each file that differed from the models, was missing, or is generated no longer (without
    `check` these are removed). An empty list: everything was up to date. The bytes depend on the models alone.
    """
    wanted = _files()
    messages = []
    for name, text in wanted.items():
        drift = _drift(root / name, text)
        messages += [f"{name}: {drift}"] if drift else []
        if drift and not check:
            write_text(root / name, text)
    for stale in _stale(root, set(wanted)):
        messages.append(f"{stale.relative_to(root)}: no action is described by this file any more")
        if not check:
            stale.unlink()
    return messages


def _files() -> dict[str, str]:
    """Relative path to text of every generated file."""
    schemas = {name: action_schema(name) for name in ACTIONS}
    files = {f"schemas/{name}.schema.json": _json(schema) for name, schema in schemas.items()}
    templates = {f"references/{ACTIONS[name].template}": _yaml(schema["default"]) for name, schema in schemas.items()}
    manifest = {
        "manifest_version": 1,
        "model_name": "visual_changenet",
        "actions": {name: _entry(name, schema, files | templates) for name, schema in schemas.items()},
        "examples": [SEGMENT_EXAMPLE],
    }
    return files | templates | {SEGMENT_EXAMPLE: _yaml(_EXAMPLE), "schemas/manifest.json": _json(manifest)}


def _entry(name: str, schema: dict[str, Any], files: dict[str, str]) -> dict[str, Any]:
    action, file = ACTIONS[name], f"schemas/{name}.schema.json"
    template = f"references/{action.template}"
    return {
        "file": file,
        "sha256": _sha256(files[file]),
        "template": template,
        "template_sha256": _sha256(files[template]),
        "task": action.task,
        "command": f"visual_changenet {action.command}",
        "command_action": action.command,
        "deploy": name.startswith("deploy_"),
        "automl": {
            "enabled": schema["automl_enabled"],
            "default_parameters": len(schema["automl_default_parameters"]),
            "disabled_parameters": len(schema["automl_disabled_parameters"]),
        },
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _yaml(tree: dict[str, Any]) -> str:
    return f"{_MARK}\n{dump_yaml(tree)}"


def _stale(root: Path, wanted: set[str]) -> list[Path]:
    found = [*(root / "schemas").glob("*.json"), *(root / "references").glob("spec_template_*.yaml")]
    return sorted(path for path in found if path.relative_to(root).as_posix() not in wanted)


def _drift(path: Path, text: str) -> str:
    """How the file differs from `text`: its first differing key, or else line; empty when it doesn't."""
    if not path.is_file():
        return "is missing"
    found = path.read_bytes().decode("utf-8", errors="replace")
    if found == text:
        return ""
    key = _first_difference_in_json(found, text) if path.suffix == ".json" else ""
    return f"differs at {key or f'line {_first_different_line(found, text)}'}"


def _first_difference_in_json(found: str, text: str) -> str:
    try:
        return _first_difference(json.loads(found), json.loads(text))
    except ValueError:
        return ""


def _first_difference(found: Any, wanted: Any, path: str = "") -> str:
    if isinstance(found, dict) and isinstance(wanted, dict):
        names = [*wanted, *(name for name in found if name not in wanted)]
        missing = object()
        pairs = ((f"{path}/{name}", found.get(name, missing), wanted.get(name, missing)) for name in names)
        return next((key for place, a, b in pairs if (key := _first_difference(a, b, place))), "")
    return path if found != wanted or type(found) is not type(wanted) else ""


def _first_different_line(found: str, text: str) -> int:
    lines, others = found.splitlines(), text.splitlines()
    pairs = zip(lines, others, strict=False)
    return next((i for i, (a, b) in enumerate(pairs, 1) if a != b), min(len(lines), len(others)) + 1)
