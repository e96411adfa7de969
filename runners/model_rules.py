# SPDX-License-Identifier: Apache-2.0
"""What is a model's own, as its skill declares it: rules between keys, data, target, report, and what a child inherits.

skill_info.yaml names a Python function for each rule under `model_rules`. It is imported when it is first called, so
that a plan loads what it asks for and no more. A skill without one of them has no such rule, check or report.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from core.figure import plain
from router.declarations import INFO_FILE, load_skill, skill_root
from router.validation import declaration_error

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from types import ModuleType

    from core.figure import Figure
    from core.problem import Problem
    from router.declarations import Skill

Spec = dict[str, Any]


class Settled(Protocol):
    """A spec whose defaults were adjusted: what was changed (key, old, new, reason), and what is still wrong."""

    @property
    def adjustments(self) -> Sequence[Any]: ...  # noqa: D102
    @property
    def problems(self) -> Sequence[Problem]: ...  # noqa: D102


class Report(Protocol):
    """A page that was written: where, the status of the verdict (`met`, `missed`, …), and the verdict in one line."""

    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def sentence(self) -> str: ...  # noqa: D102


class FileSettings(Protocol):
    """What the file of a model says of a spec: its task, a nested part, and keys of it that may be set anew.

    `problems(key, spec, chosen)` is what a spec asks in vain of the file that it names under `key`; `chosen` are the
    keys that the user set.
    """

    @property
    def task(self) -> str: ...  # noqa: D102
    @property
    def config(self) -> Spec: ...  # noqa: D102
    @property
    def free(self) -> Collection[str]: ...  # noqa: D102
    def problems(self, key: str, spec: Spec, chosen: Collection[str], /) -> Sequence[Problem]: ...  # noqa: D102


class _NothingToSettle(NamedTuple):
    adjustments: tuple[Any, ...] = ()
    problems: tuple[Problem, ...] = ()


class InheritedKeys(NamedTuple):
    """Spec keys, or sections, that a job takes over from its parent; skill_info.yaml says what each kind means."""

    architecture: tuple[str, ...] = ()
    network: tuple[str, ...] = ()
    habits: tuple[str, ...] = ()
    of_data: tuple[str, ...] = ()
    not_resumed: tuple[str, ...] = ()
    data_of_parent: Mapping[str, Mapping[str, str]] = MappingProxyType({})


class ModelRules(NamedTuple):
    """What runners ask of a model; each default is that of a skill which declares no such function.

    `constraints(spec, action, given)` adjusts defaults that break a rule between keys, but none of the keys `given` by
    the user, and leaves `spec` as it is. `data_tables(folder)` finds the tables of a folder by split, whatever they are
    called, each split under one of the `subfolders` of skill_info.yaml; a table without splits under the folder's own
    name. It raises DataError where several could be meant. `data_import(place)` is the command that makes data of this
    model of what lies in a folder, or of a table; empty where nothing speaks for it. `data_shape(spec)` yields key,
    value and reason of what the data itself shows and the spec says otherwise. `data_check(spec, action)` finds what is
    wrong with the data before a launch. `target(text)` raises InputError for a target that makes no sense.
    `file_settings(path)` is what the file of a model says of the spec it is used with; None where it can say
    nothing. It raises InputError for a file that is none of the model's own.
    `gpu_memory(spec, action)` estimates the bytes that an action takes on each GPU; None where it can't.
    `report(job_folder, results_dir, out, target)` writes the page on what a job found to `out`, and returns None where
    there is nothing to report on. `report_ahead(action)` loads what the page of an action needs while the action runs.
    `verdict(results_dir)` is what an evaluation found, in one line; empty for other jobs. `figures(metrics, task)` are
    the figures of status.json as they are shown: each in one unit, those that lead first.
    """

    inherited: InheritedKeys = InheritedKeys()
    constraints: Callable[[Spec, str, Collection[str]], Settled] = lambda *_: _NothingToSettle()
    data_tables: Callable[[Path], Mapping[str, Path]] = lambda _: {}
    data_import: Callable[[Path], str] = lambda _: ""
    data_shape: Callable[[Spec], Iterable[tuple[str, Any, str]]] = lambda _: ()
    data_check: Callable[[Spec, str], Sequence[Problem]] = lambda *_: ()
    target: Callable[[str], object] = lambda _: None
    file_settings: Callable[[Path], FileSettings | None] = lambda _: None
    gpu_memory: Callable[[Spec, str], int | None] = lambda *_: None
    report: Callable[[Path, Path, Path, str | None], Report | None] = lambda *_: None
    report_ahead: Callable[[str], None] = lambda _: None
    verdict: Callable[[Path], str] = lambda _: ""
    figures: Callable[[Mapping[str, Any], str], Iterable[Figure]] = lambda metrics, _: plain(metrics)


def rules_of(skill: Skill) -> ModelRules:
    """The rules that a skill declares; calling one whose function can't be imported raises DeclarationError."""
    inherited: dict[str, Any] = {
        name: keys if isinstance(keys, dict) else tuple(keys)
        for name, keys in skill.info.get("inherited_keys", {}).items()
    }
    hooks = {name: partial(_call, skill.root, name, hook) for name, hook in skill.info.get("model_rules", {}).items()}
    return ModelRules(InheritedKeys(**inherited), **hooks)


@cache
def skill_at(skill_dir: str) -> Skill:
    """The skill that a plan names by its folder, or the one that this code belongs to, where it names none.

    Raises:
        DeclarationError: the skill is gone or broken.
    """
    return load_skill(Path(skill_dir) if skill_dir else skill_root())


def is_below(key: str, sections: Iterable[str]) -> bool:
    """Whether a dotted key is one of the keys or sections, or stands in one of them."""
    return any(key == section or key.startswith(f"{section}.") for section in sections)


def _call(root: Path, name: str, hook: str, *arguments: Any) -> Any:
    module, _, function = hook.partition(":")
    try:
        loaded = _module_of_file(root / module) if module.endswith(".py") else importlib.import_module(module)
        rule = getattr(loaded, function)
    except (ImportError, AttributeError, OSError, SyntaxError) as problem:
        message = f"'{hook}' can't be used: {problem}"
        raise declaration_error(root / INFO_FILE, ["model_rules", name], message) from None
    return rule(*arguments)


@cache
def _module_of_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
