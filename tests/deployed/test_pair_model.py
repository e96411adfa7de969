# SPDX-License-Identifier: Apache-2.0
"""A file in use gives the scores of the network that it was written from, whatever its input is like."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from core.errors import CheckpointError
from deployed.golden_shares import halves_of
from deployed.model_file import read_model, write_model
from deployed.pair_model import PairModel, Pairs
from deployed.self_test import packed, require_self_test, run_self_test
from deployed.siamese_graph import join, take_apart
from engine.classify.exported_parts import NAMES, parts_of
from engine.classify.network import build_network
from engine.classify.pair_images import PairBatch
from engine.classify.preparation import Preparation
from spec.load import full_default_tree, parse_experiment

if TYPE_CHECKING:
    from pathlib import Path

    from deployed.siamese_graph import Parts

FORMS: dict[str, dict[str, Any]] = {
    "one lighting": {},
    "four lightings in a grid, three golden images": {
        "num_input": 4,
        "concat_type": "grid",
        "grid_map": {"x": 2, "y": 2},
        "input_map": {"low": 2, "high": 0, "left": 1, "right": 3},
        "num_golden": 3,
    },
    "two lightings, oblong": {"num_input": 2, "input_map": {"a": 0, "b": 1}, "image_height": 64, "image_width": 96},
}


def tree_of(data: dict[str, Any], classify: dict[str, Any]) -> dict[str, Any]:
    tree = full_default_tree("classify")
    usual = {"num_input": 1, "input_map": None, "image_height": 64, "image_width": 64, "align_pixels": 4}
    tree["dataset"]["classify"] |= usual | data
    tree["model"]["backbone"]["type"] = "timm/test_resnet"
    tree["model"]["classify"] |= {"difference_head": "pooled", "second_look": 50.0} | classify
    return tree


def settings_of(tree: dict[str, Any], preparation: Preparation) -> dict[str, Any]:
    layout = [preparation.layout.rows, preparation.layout.columns]
    lights = tree["dataset"]["classify"]["input_map"] or {None: 0}
    return {
        "task": "classify",
        "config": tree,
        "precision": "fp32",
        "white_level": 255,
        "threshold": 0.5,
        "lights": sorted(lights, key=lambda light: lights[light]),
        "input": {"mean": list(preparation.mean), "std": list(preparation.std), "layout": layout},
    }


def scored(tree: dict[str, Any]) -> tuple[np.ndarray, PairModel, Pairs, Parts]:
    """Scores of the network, the same network in use, the pairs, and the parts of its graph."""
    torch.manual_seed(0)
    experiment = parse_experiment(tree, "evaluate")
    preparation = Preparation(experiment)
    size = (preparation.height, preparation.width)
    network = build_network(experiment, size).eval()
    data = experiment.dataset.classify
    parts = take_apart(join(parts_of(network, size, data.num_golden, 17), NAMES, -1))
    chance = np.random.default_rng(3)
    shape = (data.num_input, 3, data.image_height // 8, data.image_width // 8)
    coarse = chance.integers(0, 256, (2, data.num_golden, *shape), dtype=np.uint8)
    goldens = coarse.repeat(8, -1).repeat(8, -2)
    golden_of = [0, 1, 0, 1, 1]
    tests = np.stack([np.roll(goldens[i, 0], (i + 1, -2), (-2, -1)) for i in golden_of])
    tests[2:, ..., 20:30, 20:30] = 255
    of, names = torch.tensor(golden_of), ("x", "y")
    zeros = torch.zeros(5, dtype=torch.int64)
    batch = PairBatch(torch.from_numpy(tests), torch.from_numpy(goldens), of, names, zeros, zeros, (None,) * 5)
    with torch.inference_mode():
        inputs = preparation.for_scoring(batch)
        output = network(inputs.tests, inputs.goldens[inputs.golden_of])
        expected = network.score(preparation.augmented(network, inputs, output)).numpy()
    pairs = Pairs(tests, goldens, golden_of, names)
    return expected, PairModel(settings_of(tree, preparation), halves_of(parts)), pairs, parts


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS)
def test_scores_are_those_of_the_network(data: dict[str, Any]) -> None:
    expected, model, pairs, _ = scored(tree_of(data, {}))
    assert model.scores(pairs) == pytest.approx(expected, abs=2e-5)
    assert model.scores(pairs) == pytest.approx(expected, abs=2e-5)  # with golden images that are known by now
    few = pairs._replace(tests=pairs.tests[3:], golden_of=[0, 0], goldens=pairs.goldens[1:], golden_names=[""])
    assert model.scores(few) == pytest.approx(expected[3:], abs=2e-5)


def test_distances_are_scores_and_have_no_second_look() -> None:
    expected, model, pairs, _ = scored(tree_of({}, {"difference_module": "euclidean"}))
    assert model.scores(pairs) == pytest.approx(expected, abs=1e-4)


def test_a_model_tests_itself_on_pairs_that_its_file_holds(tmp_path: Path) -> None:
    _, model, pairs, parts = scored(tree_of(FORMS["four lightings in a grid, three golden images"], {}))
    path, spoiled, bare = (tmp_path / f"{name}.onnx" for name in ("good", "spoiled", "bare"))
    whole = join(parts, NAMES, -1)
    held = model.settings | {"self_test": packed(model, pairs, "fp32")}
    write_model(path, whole, held)
    found = run_self_test(PairModel.read(path))
    assert (found.passed, found.pairs) == (True, 5)
    assert found.largest_difference < 1e-5
    held["self_test"]["pairs"][1]["score"] += 0.01
    write_model(spoiled, whole, held)
    assert not run_self_test(PairModel.read(spoiled)).passed
    with pytest.raises(CheckpointError, match=r"self-test FAILED: 5 stored pairs, scores differ by 0\.01"):
        require_self_test(PairModel.read(spoiled), spoiled)
    write_model(bare, whole, model.settings)
    assert run_self_test(PairModel.read(bare)).pairs == 0


def test_a_file_in_use_loads_no_torch_and_no_pydantic(tmp_path: Path) -> None:
    _, model, pairs, parts = scored(tree_of({}, {}))
    path = tmp_path / "model.onnx"
    write_model(path, join(parts, NAMES, -1), model.settings | {"self_test": packed(model, pairs, "fp32")})
    code = (
        "import sys; from pathlib import Path; from deployed.pair_model import PairModel;"
        "from deployed.self_test import run_self_test; found = run_self_test(PairModel.read(Path(sys.argv[1])));"
        "print(found.passed, sorted({'torch', 'pydantic', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True []"


def test_what_is_remembered_of_golden_images_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    _, model, pairs, _ = scored(tree_of({}, {"second_look": 0.0}))
    monkeypatch.setattr("deployed.golden_memory._MOST_BYTES", 1)
    before = model.scores(pairs)
    assert len(model._known) == 1  # noqa: SLF001 - what is remembered shows nowhere else
    assert model.scores(pairs) == pytest.approx(before)
    model.forget()
    assert model.scores(pairs) == pytest.approx(before)


def test_a_file_of_another_task_is_refused(tmp_path: Path) -> None:
    _, model, _, parts = scored(tree_of({}, {}))
    path = tmp_path / "model.onnx"
    write_model(path, join(parts, NAMES, -1), model.settings | {"task": "segment"})
    assert read_model(path)[1]["task"] == "segment"
    with pytest.raises(CheckpointError, match="segment"):
        PairModel.read(path)
