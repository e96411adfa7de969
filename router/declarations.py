# SPDX-License-Identifier: Apache-2.0
"""What the skill declares: SKILL.md, skill_info.yaml, versions.yaml, deploy/, and which schemas are packaged."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json, read_yaml
from core.errors import ChangenetError, InputError, RequestError, did_you_mean
from core.files import sha256_file
from core.installation import checkout, skill_files
from router.consistency import require_consistent
from router.validation import read_declaration, read_frontmatter

if TYPE_CHECKING:
    from collections.abc import Mapping

SKILL_VARIABLE = "CHANGENET_SKILL_DIR"
INFO_FILE = "skill_info.yaml"
DEPLOY_PREFIX = "deploy_"


def skill_root() -> Path:
    """The skill's folder: $CHANGENET_SKILL_DIR, else the checkout that this code is in, else the installed files."""
    named = os.environ.get(SKILL_VARIABLE)
    return Path(named) if named else skill_files()


def generated_root() -> Path:
    """The folder that schemas and templates are written into.

    Raises:
        RequestError: it would be that of an installation, where they came with the code that reads them.
    """
    root = skill_root()
    if root == skill_files() and checkout() is None:
        remedy = f"run it in a checkout, or name the folder of one by ${SKILL_VARIABLE}"
        raise RequestError(
            "these files are installed, not generated", code="schemas.installed", where=str(root), remedy=remedy
        )
    return root


def load_skill(root: Path) -> Skill:
    """Read and check the declarations of the skill at `root`.

    Raises:
        DeclarationError: a file is missing or broken; with file, line and key.
    """
    head = read_frontmatter(root / "SKILL.md")
    versions = read_declaration(root / "versions.yaml", "versions")
    info = read_declaration(root / INFO_FILE, "info")
    require_consistent(root / INFO_FILE, info, versions)
    return Skill(root, head["name"], head["description"], info, versions)


# No slots: the deploy declarations and the manifest are read once, when they are first asked for.
@dataclass(frozen=True)
class Skill:
    """The declarations of one skill folder.

    `info` is skill_info.yaml, `versions` is versions.yaml, both checked against the schema. An action is named as its
    schema and template are: the names in skill_info.yaml, and `deploy_<task>_<action>` for those of deploy/.
    """

    root: Path
    name: str
    description: str
    info: Mapping[str, Any]
    versions: Mapping[str, Any]

    @property
    def deploys(self) -> bool:
        """Whether the skill declares actions with a TensorRT engine."""
        return (self.root / "deploy").is_dir()

    @cached_property
    def deploy_info(self) -> dict[str, Any]:
        """deploy/skill_info.yaml, checked (raises DeclarationError); without a folder deploy/, no actions."""
        if not self.deploys:
            return {"actions": {}, "data_sources": {}, "spec_params": {}, "parent_artifacts": {}}
        return read_declaration(self.root / "deploy" / INFO_FILE, "deploy")

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """The declared actions of this skill, without those of deploy/."""
        return tuple(self.info["actions"])

    @cached_property
    def deploy_actions(self) -> tuple[str, ...]:
        """The declared actions of deploy/ under their full names."""
        by_task = self.deploy_info["actions"]
        return tuple(f"{DEPLOY_PREFIX}{task}_{action}" for task in by_task for action in by_task[task])

    def action_info(self, action: str) -> dict[str, Any]:
        """Command, mode, inputs, outputs and task of an action.

        Raises:
            RequestError: the action is not declared.
        """
        info = self._entry("actions", action)
        if info is None:
            known = [*self.actions, *self.deploy_actions]
            raise RequestError(
                f"'{action}' is not an action of this skill. {did_you_mean(action, known)}".strip(),
                code="request.action",
                remedy=f"choose one of {', '.join(known)}",
            )
        return {"task": self.task_of(action), **info}

    def task_of(self, action: str) -> str:
        """The task of a declared action."""
        if not action.startswith(DEPLOY_PREFIX):
            return str(self.info["actions"][action]["task"])
        name = action.removeprefix(DEPLOY_PREFIX)
        return next((task for task in self.info["tasks"] if name.startswith(f"{task}_")), name)

    def section(self, action: str) -> str:
        """The action's own part of the spec, which is also its subcommand: `train` for segment_train."""
        return str(self.action_info(action)["command"].split()[1])

    def command(self, action: str, config_path: str) -> list[str]:
        """The argument list that runs an action on the spec at `config_path`."""
        return [part.format(config_path=config_path) for part in self.action_info(action)["command"].split()]

    def data_sources(self, action: str) -> dict[str, dict[str, Any]]:
        """Spec key to source, path, runtime and list flag; empty for an action that takes no data."""
        return dict(self._entry("data_sources", action) or {})

    def spec_params(self, action: str) -> dict[str, Any]:
        """Spec key to the inference function, or the download descriptor, that fills it."""
        return dict(self._entry("spec_params", action) or {})

    def parent_artifact(self, spec_key: str) -> dict[str, Any] | None:
        """Kind and suffixes of the parent artifact that a spec key takes, or None."""
        found = self.info["parent_artifacts"].get(spec_key) or self.deploy_info["parent_artifacts"].get(spec_key)
        return dict(found) if found else None

    def shorthand_keys(self, action: str) -> dict[str, str]:
        """Short override name to spec key, for the names that are valid for the action."""
        task, section, keys = self.task_of(action), self.section(action), {}
        for name, target in self.info["spec_shorthand_keys"].items():
            key = target if isinstance(target, str) else target.get(action, target.get(task))
            if key:
                keys[name] = key.format(section=section)
        return keys

    @property
    def profiles(self) -> dict[str, Any]:
        """The profiles by name: about, automatic, spec."""
        return dict(self.info["profiles"])

    def profile_spec(self, profile: str, action: str) -> dict[str, Any]:
        """Dotted spec key to value of a profile for the action's task; keys that the action's spec lacks included.

        Raises:
            RequestError: there is no such profile.
        """
        if profile not in self.profiles:
            names = sorted(self.profiles)
            hint = did_you_mean(profile, names)
            message = f"there is no profile '{profile}'. {hint}".strip()
            raise RequestError(message, code="request.profile", remedy=f"choose one of {', '.join(names)}")
        return dict(self.profiles[profile]["spec"].get(self.task_of(action), {}))

    def image(self, action: str, key: str | None = None) -> str:
        """The container image `repo:tag` of an action, or the one that versions.yaml has under another key."""
        info = self.deploy_info if action.startswith(DEPLOY_PREFIX) else self.info
        entry = self.versions["images"][key or info["container_image"]]
        return f"{entry['repo']}:{entry['tag']}"

    def schema_path(self, action: str) -> Path:
        """The action's packaged JSON Schema."""
        return self.root / "schemas" / f"{action}.schema.json"

    def template_path(self, action: str) -> Path:
        """The action's packaged spec template."""
        return self.root / "references" / f"spec_template_{action}.yaml"

    @property
    def automl_installed(self) -> bool:
        """Whether the AutoML skill stands beside this one."""
        return (self.root / "automl" / INFO_FILE).is_file()

    def packaging_problem(self, action: str) -> str | None:
        """Why the action's schema and template can't be used, or None when both exist and parse."""
        schema, template = self.schema_path(action), self.template_path(action)
        if self._is_as_generated(action, schema, template):
            return None
        try:
            shapes = [isinstance(read_json(schema), dict), isinstance(read_yaml(template), dict)]
        except (ChangenetError, OSError) as problem:
            return str(problem).partition("\n")[0]
        unusable = [path for path, shape in zip((schema, template), shapes, strict=True) if not shape]
        return f"{unusable[0]}: this holds no mapping" if unusable else None

    def packaged(self, action: str) -> bool:
        """Whether the manifest lists the action, and its schema and template exist and parse."""
        return action in self._manifest and self.packaging_problem(action) is None

    def _is_as_generated(self, action: str, schema: Path, template: Path) -> bool:
        """Whether both files hold the bytes that `changenet schemas` wrote: these parse, and need not be read."""
        entry = self._manifest.get(action) or {}
        known = (entry.get("sha256"), entry.get("template_sha256"))
        try:
            return None not in known and known == (sha256_file(schema), sha256_file(template))
        except OSError:
            return False

    @cached_property
    def _manifest(self) -> dict[str, dict[str, Any]]:
        """The actions that are packaged, each with what the manifest says of it."""
        try:
            manifest = read_json(self.root / "schemas" / "manifest.json")
        except (InputError, OSError):
            return {}
        actions = manifest.get("actions", ()) if isinstance(manifest, dict) else ()
        entries = actions if isinstance(actions, dict) else {}
        return {name: entry if isinstance(entry, dict) else {} for name, entry in entries.items()}

    def _entry(self, part: str, action: str) -> Any:
        if not action.startswith(DEPLOY_PREFIX):
            return self.info[part].get(action)
        task = self.task_of(action)
        return self.deploy_info[part].get(task, {}).get(action.removeprefix(f"{DEPLOY_PREFIX}{task}_"))
