# SPDX-License-Identifier: Apache-2.0
"""The segment starter's two files are one model: what is inspected by either says the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

import engine.starter
from boards import SynthesisSettings, synthesize
from core.documents import read_yaml
from core.dotted import get, nest
from core.files import sha256_file
from deployed.model_file import read_model_for
from engine.checkpoints import read_checkpoint
from engine.export.file_settings import model_path, needs_torch
from engine.segment.actions import exported_inspector
from engine.segment.inspection import by_model
from engine.segment.task import Segment
from engine.settings import Run
from engine.starter import STARTER, checkpoint_file, judging_file
from pairs.trained_on import TRAINED_ON
from spec.load import parse_experiment
from tests.drawn_boards import draw_board

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.inspect.evidence import Inspector

    Picture = NDArray[np.uint8]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "models" / "starter"
SEGMENT = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))["models"]["segment"]
EXPORTED = FOLDER / SEGMENT["exported"]["file"]
TOLERANCE = 1e-4  # of probabilities


def _run(command: str = "inspect", *, gpus: int = 0) -> Run:
    tree = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"]["segment"])
    tree |= {"task": "segment", command: {"checkpoint": STARTER, "num_gpus": gpus}}
    return Run(command, parse_experiment(tree, command), Path())


@pytest.fixture(scope="module")
def inspectors() -> tuple[Inspector, Inspector]:
    """By the checkpoint, and by the exported file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.starter, "LIBRARIES", ("onnx", "no_such_runtime"))
        by_checkpoint = by_model(_run())
    by_file, tested = exported_inspector(_run())
    assert tested.pairs >= 2
    return by_checkpoint, by_file


def _picture(path: Path) -> Picture:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_the_exported_file_is_the_one_of_the_card_made_from_the_checkpoint() -> None:
    said = SEGMENT["exported"]
    assert (sha256_file(EXPORTED), EXPORTED.stat().st_size) == (said["sha256"], said["bytes"])
    _, settings = read_model_for("segment", EXPORTED)
    assert settings["checkpoint"] == {"file": SEGMENT["file"], "sha256": SEGMENT["sha256"]}
    content = read_checkpoint(FOLDER / SEGMENT["file"])
    for key in ("threshold", "threshold_source", "threshold_origin", TRAINED_ON):
        assert settings[key] == content[key]
    for key in Segment.travelling_keys:
        assert get(settings["config"], key) == get(content["config"], key)
    assert settings["parity"]["flipped"] == 0
    assert settings["parity"]["pairs"] >= 80
    assert "/" not in json.dumps(settings["config"]).replace("timm/", "")


def test_whatever_is_said_of_an_inspection_is_the_same_by_both(inspectors: tuple[Inspector, Inspector]) -> None:
    by_checkpoint, by_file = inspectors
    assert by_checkpoint.to_json() == by_file.to_json()
    assert by_file.about.startswith("the starter that ships with the skill")
    assert by_checkpoint.threshold == SEGMENT["threshold"]
    assert by_checkpoint.fewest_levels == by_file.fewest_levels > 0
    assert (by_checkpoint.least_area, by_checkpoint.judges) == (by_file.least_area, by_file.judges)
    blurred = np.asarray(Image.fromarray(_picture(FOLDER / "example_golden.png")).resize((32, 32)).resize((256, 256)))
    assert by_checkpoint.unlike(blurred) == by_file.unlike(blurred) != []


@pytest.mark.parametrize("gain", [1.0, 0.2], ids=["as it is", "dark, which is stretched"])
def test_the_pair_beside_the_models_gets_the_same_scores_by_both(
    inspectors: tuple[Inspector, Inspector], gain: float
) -> None:
    golden, test = ((_picture(FOLDER / f"example_{name}.png") * gain).astype(np.uint8) for name in ("golden", "test"))
    by_checkpoint, by_file = (one.find(golden, test, 0.0) for one in inspectors)
    assert np.abs(by_checkpoint - by_file).max() < TOLERANCE
    assert by_file.max() > SEGMENT["threshold"]
    if gain == 1.0:
        assert by_file.max() == pytest.approx(SEGMENT["example_score"], abs=0.02)


@pytest.mark.long
@pytest.mark.parametrize("style", ["assembled", "bare"])
def test_drawn_pairs_get_the_same_scores_by_both(
    inspectors: tuple[Inspector, Inspector], style: Any, tmp_path: Path
) -> None:
    settings = SynthesisSettings(style=style, boards=3, split=(1.0, 0.0, 0.0), seed=4, task="segment", size=320)
    synthesize(tmp_path / "drawn", settings)
    tests = sorted((tmp_path / "drawn" / "B").iterdir())
    assert tests
    for path in tests:
        golden, test = _picture(tmp_path / "drawn" / "A" / path.name), _picture(path)
        by_checkpoint, by_file = (one.find(golden, test, 0.0) for one in inspectors)
        assert np.abs(by_checkpoint - by_file).max() < TOLERANCE


def test_the_exported_file_judges_on_the_processor_where_it_can_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judging_file(STARTER, "segment") == EXPORTED
    assert judging_file(STARTER, "classify") == checkpoint_file(STARTER, "classify")  # it ships as a checkpoint alone
    assert judging_file("my.pth", "segment") == Path("my.pth")
    assert (model_path(_run()), needs_torch(_run())) == (EXPORTED, False)
    checkpoint = FOLDER / SEGMENT["file"]
    assert model_path(_run(gpus=1)) == checkpoint
    assert model_path(_run("inference")) == checkpoint
    monkeypatch.setattr(engine.starter, "LIBRARIES", ("onnx", "no_such_runtime"))
    assert (model_path(_run()), needs_torch(_run())) == (checkpoint, True)


def test_an_inspection_by_the_starter_loads_no_torch(tmp_path: Path) -> None:
    golden = draw_board(1, (320, 320), 60)
    test = golden.copy()
    ImageDraw.Draw(test).ellipse((150, 140, 176, 160), fill=(250, 250, 250))
    places = {"golden": str(tmp_path / "golden.png"), "test": str(tmp_path / "test.png")}
    golden.save(places["golden"])
    test.save(places["test"])
    tree = {"task": "segment", "results_dir": str(tmp_path), "inspect": {"checkpoint": STARTER, "num_gpus": 0} | places}
    (tmp_path / "spec.yaml").write_text(json.dumps(tree), encoding="utf-8")
    code = "import sys; from engine.cli import main; done = main(sys.argv[1:]); "
    code += "assert not {'torch', 'timm', 'lightning'} & set(sys.modules); sys.exit(done)"
    words = [sys.executable, "-c", code, "inspect", "-e", str(tmp_path / "spec.yaml")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "inspect" / "inspection.json").read_text(encoding="utf-8"))
    (board,) = found["boards"]
    left, top, width, height = board["regions"][0]["box"]
    assert board["verdict"] == "NO_PASS"
    assert 145 <= left < left + width <= 182
    assert 135 <= top < top + height <= 166
