# SPDX-License-Identifier: Apache-2.0
"""The networks that read whether a search is refused: they compute what PyTorch trained, and only where need is."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from router import policy_net
from router.reading import read
from tests.loaded_scripts import loaded

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from router.declarations import Skill

OFF = "train the AOI classifier on /lab/fans, and leave the tuning out"
ON = "train the AOI classifier on /lab/fans, and do not leave the tuning out"
SILENT = "train the AOI classifier on /lab/fans for 20 epochs"


@pytest.fixture(scope="module")
def training(project_root: Path) -> ModuleType:
    """The module that trains the networks."""
    pytest.importorskip("torch", reason="the embedded engine is not installed: make .venv/.test")
    return loaded(project_root / "benchmarks" / "train_policy.py")


def test_the_router_computes_what_was_trained(
    training: ModuleType, skill: Skill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    rows = [(policy_net.words_of(read(text, skill)), int(text == OFF)) for text in (OFF, ON, SILENT)]
    words, uses = training.names(rows)
    nets = [training.fit(rows, words, uses, seed) for seed in (3, 4)]
    for net in nets:
        for weights in net.parameters():  # as they are stored
            weights.data = weights.data.half().float()
    training.write(nets, words, uses, tmp_path / "policy.npz")
    monkeypatch.setattr(policy_net, "WEIGHTS", tmp_path / "policy.npz")
    for text, (said, _) in zip((OFF, ON, SILENT), rows, strict=True):
        places, used, lengths = training.tensors([(said, 0)], words, uses)
        with torch.no_grad():
            wanted = sum(float(net(places, used, lengths).softmax(dim=1)[0, 1]) for net in nets) / len(nets)
        assert policy_net.refused(read(text, skill)) == pytest.approx(wanted, abs=1e-5)


def test_networks_learn_what_refuses_a_search(
    training: ModuleType, skill: Skill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(policy_net.words_of(read(text, skill)), int(text == OFF)) for text in (OFF, ON, SILENT)] * 200
    words, uses = training.names(rows)
    training.write([training.fit(rows, words, uses, 0)], words, uses, tmp_path / "policy.npz")
    monkeypatch.setattr(policy_net, "WEIGHTS", tmp_path / "policy.npz")
    shares = [policy_net.refused(read(text, skill)) for text in (OFF, ON, SILENT)]
    assert [share > 0.5 for share in shares] == [True, False, False]


def test_the_words_that_led_to_it_are_told(skill: Skill) -> None:
    reading = read(OFF, skill)
    assert policy_net.refused(reading) > 0.9
    assert "tuning" in policy_net.led_by(reading)
    assert policy_net.refused(read(ON, skill)) < 0.1


def test_a_request_that_says_nothing_of_a_search_is_not_read_by_them(skill: Skill, project_root: Path) -> None:
    assert policy_net.speaks_of_search(read(OFF, skill))
    assert not policy_net.speaks_of_search(read(SILENT, skill))
    code = (
        "import sys; from pathlib import Path\n"
        "from router.decision import decide; from router.declarations import load_skill\n"
        "from router.types import Request\n"
        f"decide(Request(text={SILENT!r}), load_skill(Path({str(project_root)!r})))\n"
        "print('numpy' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=project_root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
