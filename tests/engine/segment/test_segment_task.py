# SPDX-License-Identifier: Apache-2.0
"""What the shared parts are told of the segment task, held against the spec and the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.documents import read_yaml
from core.dotted import get, put
from engine.segment.task import Segment
from spec.load import full_default_tree
from spec.metrics import metric_mode

if TYPE_CHECKING:
    from pathlib import Path

TASK = Segment(3)


def covers(names: list[str], key: str) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in names)


@pytest.mark.parametrize("decoder", ["full", "light"])
def test_what_decides_the_network_is_what_jobs_inherit(project_root: Path, decoder: str) -> None:
    inherited = read_yaml(project_root / "skill_info.yaml")["inherited_keys"]
    tree = full_default_tree("segment")
    put(tree, "model.segment.decoder", decoder)
    keys = TASK.architecture_keys(tree)
    assert all(get(tree, key, "absent") != "absent" for key in (*keys, *TASK.input_keys, *TASK.data_keys))
    assert [key for key in keys if key != "task" and not covers(inherited["architecture"], key)] == []
    everything = inherited["architecture"] + inherited["habits"]
    assert [key for key in TASK.input_keys if not covers(everything, key)] == []


def test_every_declared_figure_has_a_direction() -> None:
    assert {"val_loss", "val_miou", "val_F1_2", "train_recall_0"} <= set(TASK.metrics)
    assert [name for name in TASK.metrics if metric_mode(name, "segment") is None] == []


def test_lists_are_told_by_the_keys_that_name_their_splits() -> None:
    tree: Any = full_default_tree("segment")
    put(tree, "dataset.segment.root_dir", "/data")
    put(tree, "dataset.segment.train_split", "mine")
    found = {key: str(path) for key, path in TASK.tables(tree).items()}
    assert found == {
        "dataset.segment.train_split": "/data/list/mine.txt",
        "dataset.segment.validation_split": "/data/list/val.txt",
    }
