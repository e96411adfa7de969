# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from core.dotted import put
from core.errors import CheckpointError
from engine.backbones.weight_files import read_weights
from engine.checkpoints import check_fits, load_trained, read_checkpoint, read_white, start_from
from engine.classify.task import CLASSIFY
from engine.file_names import periodic_checkpoint
from spec.load import full_default_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def net(width: int = 3) -> nn.Module:
    return nn.Sequential(nn.Linear(2, width), nn.Linear(width, 1))


def content_of(module: nn.Module) -> dict[str, Any]:
    return {"state_dict": {f"model.{name}": value for name, value in module.state_dict().items()}}


def test_names_carry_the_epoch_from_zero_and_the_global_step() -> None:
    assert periodic_checkpoint(0, 7) == "model_epoch_000_step_00007.pth"
    assert periodic_checkpoint(123, 1234567) == "model_epoch_123_step_1234567.pth"


def test_weights_come_back_as_they_were(tmp_path: Path) -> None:
    given, other = net(), net()
    torch.save(content_of(given), tmp_path / "a.pth")
    load_trained(other, read_checkpoint(tmp_path / "a.pth"), tmp_path / "a.pth")
    assert all(torch.equal(a, b) for a, b in zip(given.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "checkpoint.broken"),
        (b"no checkpoint at all", "checkpoint.unsafe"),
        (b"PK\x03\x04 half a zip", "checkpoint.broken"),
    ],
)
def test_files_that_are_no_checkpoint_are_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    assert caught.value.code in {code, "checkpoint.broken", "checkpoint.unsafe"}
    assert caught.value.remedy


def test_a_truncated_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save(content_of(net()), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CheckpointError, match="no readable checkpoint"):
        read_checkpoint(path)


def flip_a_bit(path: Path, part: str) -> None:
    """In the middle of a part of the archive, as a failing disk does."""
    with zipfile.ZipFile(path) as archive:
        info = next(entry for entry in archive.infolist() if entry.filename.endswith(part))
    data = bytearray(path.read_bytes())
    data[data.index(info.filename.encode()) + len(info.filename) + info.file_size // 2 + 64] ^= 1
    path.write_bytes(bytes(data))


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"state_dict": {"model.weight": torch.ones(1000)}}, path)
    flip_a_bit(path, "data/0")
    assert not torch.equal(torch.load(path, weights_only=True)["state_dict"]["model.weight"], torch.ones(1000))
    with pytest.raises(CheckpointError, match="data/0 does not have its checksum"):
        read_checkpoint(path)
    with pytest.raises(CheckpointError, match="data/0 does not have its checksum"):
        read_weights(path)


@pytest.mark.parametrize(
    "state", [None, [], "x", {"model.weight": 1}, {3: torch.ones(2)}, {"model.weight": [1.0]}], ids=str
)
def test_a_state_that_holds_no_tensors_is_refused(tmp_path: Path, state: Any) -> None:
    torch.save({"state_dict": state}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match="no trained model"):
        read_checkpoint(tmp_path / "a.pth")


def test_a_config_that_is_no_spec_is_refused(tmp_path: Path) -> None:
    """A tensor among its values has no answer to whether it equals the spec's."""
    torch.save(content_of(net()) | {"config": {"model": {"classify": [torch.ones(2)]}}}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(tmp_path / "a.pth")
    assert caught.value.code == "checkpoint.config"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("threshold_source", torch.zeros(2)),
        ("threshold_origin", {"kind": torch.zeros(2)}),
        ("threshold_origin", {"kind": "validation", "split": torch.zeros(2)}),
        ("white_level", torch.zeros(2)),
    ],
    ids=str,
)
def test_what_a_checkpoint_tells_of_itself_holds_no_tensors(tmp_path: Path, name: str, value: Any) -> None:
    torch.save(content_of(net()) | {name: value}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(tmp_path / "a.pth")
    assert caught.value.code == f"checkpoint.{name}"


@pytest.mark.parametrize(
    "odd", [lambda weight: weight.to("meta"), lambda weight: weight.to_sparse()], ids=["meta", "sparse"]
)
def test_tensors_that_can_not_be_taken_over_are_told(tmp_path: Path, odd: Callable[[Any], Any]) -> None:
    network = net()
    content = content_of(network)
    name = next(iter(content["state_dict"]))
    content["state_dict"][name] = odd(content["state_dict"][name])
    for fill in (load_trained, start_from):
        with pytest.raises(CheckpointError, match="can't be taken over"):
            fill(network, content, tmp_path / "a.pth")


class Payload:
    """What a hostile pickle could look like."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("code from the checkpoint ran",))


def test_code_in_a_checkpoint_is_never_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"state_dict": {}, "x": Payload()}, tmp_path / "a.pth")
    (tmp_path / "b.pth").write_bytes(pickle.dumps(Payload()))
    for name in ("a.pth", "b.pth"):
        with pytest.raises(CheckpointError):
            read_checkpoint(tmp_path / name)
    assert "ran" not in capsys.readouterr().out


def test_a_missing_file_a_gone_link_and_bare_weights_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        read_checkpoint(tmp_path / "none.pth")
    (tmp_path / "latest.pth").symlink_to("gone.pth")
    with pytest.raises(CheckpointError, match=r"points to gone\.pth, which is gone"):
        read_checkpoint(tmp_path / "latest.pth")
    torch.save(net().state_dict(), tmp_path / "bare.pth")
    with pytest.raises(CheckpointError, match="no trained model"):
        read_checkpoint(tmp_path / "bare.pth")


def config(**changes: Any) -> dict[str, Any]:
    tree = full_default_tree()
    for key, value in changes.items():
        put(tree, key.replace("__", "."), value)
    return tree


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model__backbone__type", "fan_tiny_8_p4_hybrid"),
        ("model__classify__difference_module", "euclidean"),
        ("model__classify__difference_head", "pooled"),
        ("model__classify__embed_dec", 31),
        ("dataset__classify__image_height", 192),
        ("dataset__classify__num_input", 2),
    ],
)
def test_another_architecture_names_both_values(tmp_path: Path, key: str, value: Any) -> None:
    trained = {"config": config()}
    with pytest.raises(CheckpointError) as caught:
        check_fits(trained, config(**{key: value}), tmp_path / "a.pth", CLASSIFY)
    name = key.replace("__", ".")
    assert f"{name} is {value}, the checkpoint has" in caught.value.message
    assert caught.value.code == "checkpoint.architecture"


def test_what_the_network_sees_differently_is_a_warning(tmp_path: Path) -> None:
    pooled = {"model__classify__difference_head": "pooled"}
    trained = {"config": config(**pooled)}
    same = check_fits(trained, config(**pooled), tmp_path / "a.pth", CLASSIFY)
    mean = "dataset__classify__augmentation_config__rgb_input_mean"
    other = check_fits(
        trained, config(**pooled, **{mean: [0.5] * 3, "dataset__classify__image_width": 96}), tmp_path, CLASSIFY
    )
    assert same == []
    assert len(other) == 2
    assert "rgb_input_mean is [0.5, 0.5, 0.5]" in other[0]


def test_another_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="task is classify, the checkpoint has segment"):
        check_fits({"config": config(task="segment")}, config(), tmp_path / "a.pth", CLASSIFY)


def test_tensors_without_counterpart_are_listed(tmp_path: Path) -> None:
    content = content_of(net(5))
    del content["state_dict"]["model.1.bias"]
    content["state_dict"]["model.9.weight"] = torch.zeros(1)
    with pytest.raises(CheckpointError) as caught:
        load_trained(net(), content, tmp_path / "a.pth")
    text = caught.value.message
    assert "1 tensors are missing (1.bias)" in text
    assert "1 tensors are unexpected (9.weight)" in text
    assert "0.weight (5x2, not 3x2)" in text


def test_starting_from_another_model_takes_what_fits_and_says_what_not(tmp_path: Path) -> None:
    given, other = net(), nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4))
    line = start_from(other, content_of(given), tmp_path / "a.pth")
    assert torch.equal(other[0].weight, given[0].weight)
    assert line.startswith("2 of 4 tensors taken")
    assert "1.weight" in line
    with pytest.raises(CheckpointError, match="no tensor of the checkpoint fits"):
        start_from(nn.Linear(7, 7), content_of(given), tmp_path / "a.pth")


def test_the_white_of_a_checkpoint_is_one_that_pictures_can_have(tmp_path: Path) -> None:
    assert read_white({}, tmp_path) == 65_535  # older ones were scaled so
    assert read_white({"white_level": 4095}, tmp_path) == 4095
    for odd in (math.nan, 0, -1, 4096, "4095", None, True, [4095]):
        with pytest.raises(CheckpointError) as caught:
            read_white({"white_level": odd}, tmp_path)
        assert caught.value.code == "checkpoint.white_level"


LIGHTS = {"Solder": 0, "White": 1}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"num_input": 1, "input_map": {"Solder": 0}}, "dataset.classify.num_input is 1, the checkpoint has 2"),
        ({"num_input": 4, "input_map": None}, "dataset.classify.num_input is 4, the checkpoint has 2"),
        ({"input_map": {"White": 0, "Solder": 1}}, "in the order White, Solder, the checkpoint has Solder, White"),
    ],
)
def test_other_lightings_than_the_model_s_are_an_error(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    """A head that pools has no weight per place, so nothing else would tell."""

    def spec(**lightings: Any) -> dict[str, Any]:
        tree = config(model__classify__difference_head="pooled")
        tree["dataset"]["classify"] |= {"num_input": 2, "input_map": LIGHTS, **lightings}
        return tree

    trained = {"config": spec()}
    with pytest.raises(CheckpointError, match=told) as caught:
        check_fits(trained, spec(**changes), tmp_path / "a.pth", CLASSIFY)
    assert caught.value.code == "checkpoint.input"
    same_order = spec(input_map={"White": 1, "Solder": 0})
    assert check_fits(trained, same_order, tmp_path / "a.pth", CLASSIFY) == []
    renamed = spec(input_map={"Low": 0, "High": 1})
    (warning,) = check_fits(trained, renamed, tmp_path / "a.pth", CLASSIFY)
    assert "dataset.classify.input_map" in warning
