# SPDX-License-Identifier: Apache-2.0
"""From the command line's spec file and overrides to a checked run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import dump_yaml
from core.dotted import get, parse_override, put
from core.errors import InputError, SpecError
from core.files import write_text
from core.problem import refuse
from core.redaction import redact
from engine.file_names import EXPERIMENT
from engine.interpolation import resolve
from engine.written_spec import read_written, task_of
from spec.actions import TASK_DEFAULTS
from spec.constraints import settle
from spec.load import full_default_tree, parse_experiment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spec.experiment import Experiment

Tree = dict[str, Any]
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Run:
    """One action with its spec.

    `results_dir` is the action's own folder; `notices` tell which defaults were adjusted to what was chosen; `chosen`
    are the dotted keys whose values the user chose.
    """

    command: str
    experiment: Experiment
    results_dir: Path
    notices: tuple[str, ...] = ()
    chosen: frozenset[str] = frozenset()

    @property
    def config(self) -> Tree:
        """The whole spec as a nested dictionary, secrets masked: what files may hold."""
        masked: Tree = redact(self.experiment.model_dump(mode="json"))
        return masked

    def adopting(self, config: Mapping[str, Any], keys: Iterable[str]) -> Run:
        """The same run with what `config` says of those of the keys that the user did not choose.

        Raises:
            SpecError: values of `config` are none of the spec's.
        """
        tree = self.experiment.model_dump()
        for key in keys:
            value = get(config, key, _ABSENT)
            if value is not _ABSENT and not any(name == key or name.startswith(f"{key}.") for name in self.chosen):
                put(tree, key, value)
        return replace(self, experiment=parse_experiment(tree, self.command))

    def with_value(self, key: str, value: Any) -> Run:
        """The same run with another value of a dotted key.

        Raises:
            SpecError: the key takes no such value.
        """
        tree = self.experiment.model_dump()
        put(tree, key, value)
        return replace(self, experiment=parse_experiment(tree, self.command))

    def write_experiment(self) -> None:
        """Write `experiment.yaml` into the results folder."""
        write_text(self.results_dir / EXPERIMENT, dump_yaml(self.config))


def load_run(command: str, spec_file: Path, overrides: Sequence[str]) -> Run:
    """Read, override, resolve and check a spec. Nothing is written.

    Raises:
        InputError: the file, an override, a reference, a key or a value is wrong.
    """
    tree, chosen = read_written(spec_file, overrides, command)
    defaults = full_default_tree(task_of(tree))
    results_dir = _results_dir(tree, command, defaults)
    # Only what other sections say is affected by this: the container does it in this order, and specs rely on it.
    put(tree, "results_dir", results_dir)
    put(tree, f"{command}.results_dir", results_dir)
    experiment = parse_experiment(resolve(tree, (tree, defaults)), command)
    experiment, notices = _settle(experiment, command, chosen)
    return Run(command, experiment, Path(results_dir), notices, frozenset(chosen))


def _settle(experiment: Experiment, command: str, given: set[str]) -> tuple[Experiment, tuple[str, ...]]:
    settled = settle(experiment.model_dump(), command, given)
    refuse(settled.problems)
    notices = tuple(f"{a.key} is taken as {a.new} instead of {a.old}: {a.reason}" for a in settled.adjustments)
    return parse_experiment(settled.spec, command), notices


def _results_dir(tree: Tree, command: str, defaults: Tree) -> str:
    own = _text(tree, f"{command}.results_dir", defaults)
    if own:
        return own
    root = _text(tree, "results_dir", defaults)
    if not root:
        raise SpecError(
            "there is no folder for the results",
            code="spec.results_dir",
            where="results_dir",
            remedy=f"set results_dir, or {command}.results_dir",
        )
    return str(Path(root) / command)


def _text(tree: Tree, key: str, defaults: Tree) -> str:
    return _path(key, resolve(get(tree, key), (tree, defaults)))


def _path(key: str, value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise SpecError(f"{value!r} is no path", code="spec.value", where=key, remedy="give a folder")
    return value or ""


def default_spec(overrides: Sequence[str]) -> tuple[str, Path | None]:
    """The full default spec of a task as YAML, and the file to write it to (None: standard output).

    `overrides` may hold `results_dir=DIR`, the folder for `experiment.yaml`, and `task=segment`.

    Raises:
        InputError: anything else is given.
    """
    given = dict(parse_override(text) for text in overrides)
    folder, task = given.pop("results_dir", None), given.pop("task", "classify")
    if given or str(task) not in TASK_DEFAULTS:
        wrong = next(iter(given), f"task={task}")
        raise InputError(
            f"default_specs does not take '{wrong}'",
            code="cli.default_specs",
            remedy=f"it takes results_dir=DIR and task={' or task='.join(TASK_DEFAULTS)}",
        )
    return dump_yaml(full_default_tree(task)), Path(
        _path("results_dir", folder)
    ).expanduser() / EXPERIMENT if folder else None
