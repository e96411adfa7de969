# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from core.errors import SpecError
from engine.devices import Devices, scoring_device, training_devices
from spec.train_section import Train

needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="tells what happens without a GPU")


@needs_no_gpu
def test_without_a_gpu_as_many_processes_train_on_the_processor_as_gpus_were_asked_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.devices.usable_cores", lambda: 2)
    caplog.set_level("INFO", "engine")
    assert training_devices(Train()) == Devices("cpu", 1, 1)
    assert training_devices(Train(num_gpus=2, gpu_ids=[0, 1], num_nodes=3)) == Devices("cpu", 2, 3)
    assert "no GPU" in caplog.text
    assert "more than" not in caplog.text
    assert training_devices(Train(num_gpus=4, gpu_ids=[0, 1, 2, 3])) == Devices("cpu", 2, 1)
    assert "more than this machine has cores: 2 train, and a step sees 2 batches, not 4" in caplog.text
    assert scoring_device(Train(), "evaluate") == torch.device("cpu")


def test_no_gpus_asked_for_is_the_processor_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "engine")
    assert training_devices(Train(num_gpus=0)) == Devices("cpu")
    assert not caplog.text


def test_torchrun_tells_the_number_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TORCHELASTIC_RUN_ID", "x"), ("LOCAL_WORLD_SIZE", "2"), ("WORLD_SIZE", "6")):
        monkeypatch.setenv(name, value)
    devices = training_devices(Train(num_gpus=0))
    assert devices == Devices("cpu", 2, 3)
    assert devices.processes == 6


def test_gpus_that_are_not_there_are_named_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    # There is no GPU to count where tests run.
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert training_devices(Train(num_gpus=2, gpu_ids=[0, 1])) == Devices("cuda", [0, 1], 1)
    assert training_devices(Train(num_gpus=2, gpu_ids=[0, 1], num_nodes=3)).processes == 6
    assert scoring_device(Train(gpu_ids=[1]), "evaluate") == torch.device("cuda", 1)
    with pytest.raises(SpecError, match="this machine has 2"):
        training_devices(Train(num_gpus=1, gpu_ids=[5]))


@pytest.mark.parametrize(("count", "ids"), [(1, [3]), (2, [0, 1])])
def test_ids_of_gpus_are_named_where_there_is_none(
    count: int, ids: list[int], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("engine.devices.usable_cores", lambda: 2)
    assert training_devices(Train(num_gpus=count, gpu_ids=ids)) == Devices("cpu", count)
    assert scoring_device(Train(num_gpus=count, gpu_ids=ids), "evaluate") == torch.device("cpu")
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == [f"{part}.gpu_ids {ids} are not used: this machine has no GPU." for part in ("train", "evaluate")]
