# SPDX-License-Identifier: Apache-2.0
"""The seam between tasks and what they share, and the facts that stand in one place each."""

from __future__ import annotations

import ast
import json
import warnings
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import engine
from core.documents import read_yaml
from core.dotted import put
from core.errors import SpecError
from engine.actions import ACTIONS, TASKS, find_action, quiet_libraries
from engine.classify.task import CLASSIFY
from engine.task import Action
from engine.torch_setup import prepare_torch
from spec.actions import COMMANDS, TASK_DEFAULTS
from spec.load import full_default_tree
from spec.metrics import metric_mode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_what_tasks_share_imports_none_of_them(project_root: Path) -> None:
    packages = tuple(f"engine.{name}" for name in TASKS)
    shared = [*(project_root / "engine").glob("*.py"), *(project_root / "engine" / "backbones").glob("*.py")]
    users = [path.name for path in shared if any(name.startswith(packages) for name in imports(path))]
    assert len(shared) > 20
    assert users == ["actions.py"]


def test_the_reading_order_names_modules_that_are_there(project_root: Path) -> None:
    folder = project_root / "engine"
    names = {word for word in (engine.__doc__ or "").split("`")[1::2] if word.islower() and "_" not in word[:1]}
    for name in names - {"visual_changenet"}:
        path = name.replace(".", "/")
        there = [*(home / f"{path}.py" for home in (folder, folder / "classify", folder / "segment")), folder / path]
        assert any(place.exists() for place in there), name


def test_the_table_holds_what_the_tasks_declare() -> None:
    assert {task for task, _ in ACTIONS} <= set(TASK_DEFAULTS)
    assert {command for _, command in ACTIONS} <= set(COMMANDS)
    assert all(isinstance(action, Action) and action.summary for action in ACTIONS.values())
    assert find_action("classify", "train") is TASKS["classify"]["train"]


@pytest.mark.parametrize(
    ("task", "command", "told"),
    [
        ("segment", "quantize", "the embedded engine has no 'quantize' for the segment task yet"),
        ("depth", "train", "the embedded engine has no depth task yet"),
        ("classify", "prune", "the embedded engine has no 'prune' for the classify task yet"),
    ],
)
def test_what_is_not_in_the_table_is_refused(task: str, command: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        find_action(task, command)
    assert caught.value.message == told
    assert caught.value.remedy


@pytest.mark.parametrize("head", ["flatten", "pooled"])
@pytest.mark.parametrize("module", ["learnable", "euclidean"])
def test_declared_keys_are_keys_of_the_spec(head: str, module: str) -> None:
    tree = full_default_tree("classify")
    put(tree, "model.classify.difference_head", head)
    put(tree, "model.classify.difference_module", module)
    for key in (*CLASSIFY.architecture_keys(tree), *CLASSIFY.input_keys):
        node: Any = tree
        for part in key.split("."):
            assert part in node, key
            node = node[part]


def test_every_declared_figure_has_a_direction() -> None:
    assert [name for name in CLASSIFY.metrics if metric_mode(name, CLASSIFY.name) is None] == []


def test_training_logs_the_declared_figures_and_no_other(trained: Any) -> None:
    lines = [json.loads(line) for line in (trained.folder / "status.json").read_text().splitlines()]
    logged = {name for line in lines for name in line.get("kpi", {})}
    assert logged == set(CLASSIFY.metrics)


@pytest.mark.parametrize("head", ["flatten", "pooled"])
def test_what_decides_the_network_is_what_jobs_inherit(project_root: Path, head: str) -> None:
    """The engine refuses what differs from the checkpoint; a plan hands on the same from job to job."""
    inherited = read_yaml(project_root / "skill_info.yaml")["inherited_keys"]
    tree = full_default_tree("classify")
    put(tree, "model.classify.difference_head", head)

    def covers(names: list[str], key: str) -> bool:
        return any(key == name or key.startswith(f"{name}.") for name in names)

    network = {key for key in CLASSIFY.architecture_keys(tree) if key != "task"}
    assert {key for key in network if not covers(inherited["architecture"], key)} == set()
    everything = inherited["architecture"] + inherited["habits"]
    assert {key for key in CLASSIFY.input_keys if not covers(everything, key)} == set()


def test_frozen_levels_of_a_backbone_raise_no_warning() -> None:
    prepare_torch()
    import torch
    from lightning.pytorch.loops.fit_loop import _FitLoop

    loop: Any = SimpleNamespace(trainer=SimpleNamespace(lightning_module=torch.nn.Linear(1, 1).eval()))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        _FitLoop._warn_if_modules_in_eval_mode(loop)  # noqa: SLF001
        quiet_libraries()
        _FitLoop._warn_if_modules_in_eval_mode(loop)  # noqa: SLF001
    assert len(heard) == 1
