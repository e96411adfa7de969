# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from core.errors import SpecError
from engine.backbones.registry import backbone_info, build_backbone
from engine.backbones.weights import load_weights

# The second size is asked of the quick ones, and with the long tests of the others.
PYRAMIDS = [
    ("timm/tf_efficientnet_lite0", (24, 40, 112, 320), (4, 8, 16, 32)),
    ("timm/mobilenetv3_small_100", (16, 24, 48, 576), (4, 8, 16, 32)),
    ("timm/resnet18", (64, 128, 256, 512), (4, 8, 16, 32)),
    ("timm/convnext_atto", (40, 80, 160, 320), (4, 8, 16, 32)),
    ("timm/vit_tiny_patch16_224", (192, 192, 192, 192), (16, 16, 16, 16)),
    ("timm/swin_tiny_patch4_window7_224", (96, 192, 384, 768), (4, 8, 16, 32)),
]


@pytest.mark.parametrize(
    ("name", "channels", "strides", "height", "width"),
    [
        *((*pyramid, 64, 64) for pyramid in PYRAMIDS),
        *((*pyramid, 128, 32) for pyramid in PYRAMIDS[:2]),
        *(pytest.param(*pyramid, 128, 32, marks=pytest.mark.long) for pyramid in PYRAMIDS[2:]),
    ],
)
def test_maps_are_as_described(
    name: str, channels: tuple[int, ...], strides: tuple[int, ...], height: int, width: int
) -> None:
    backbone = build_backbone(name, image_height=height, image_width=width).eval()
    images = torch.rand(2, 3, height, width)
    with torch.no_grad():
        maps, vectors = backbone(images), backbone.final_features(images)
    info = backbone_info(name)
    assert backbone.channels == info.decoder_channels == channels
    assert backbone.strides == info.strides == strides
    assert [tuple(level.shape) for level in maps] == [
        (2, c, height // s, width // s) for c, s in zip(channels, strides, strict=True)
    ]
    assert vectors.shape == (2, backbone.embed_dim)


@pytest.mark.parametrize(
    ("name", "message", "remedy"),
    [
        ("timm/resnt18", "no network called 'resnt18'", "timm/resnet18"),
        ("timm/hf-hub:org/model", "no network called", "timm/tf_efficientnet_lite0"),
        ("timm/local-dir:/tmp/model", "no network called", "timm/tf_efficientnet_lite0"),
        ("timm/visformer_tiny", "fewer than four", "timm/resnet18"),
        ("resnet18", "no backbone is called 'resnet18'", "timm/resnet18"),
        ("c_radio_v2_vit_base_patch16", "no backbone", "c_radio_v2_vit_base_patch16_224"),
    ],
)
def test_unusable_names_come_with_good_ones(name: str, message: str, remedy: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        build_backbone(name, image_height=64, image_width=64)
    assert remedy in caught.value.remedy
    assert caught.value.where == "model.backbone.type"


def test_a_size_that_is_no_multiple_of_the_stride_is_refused() -> None:
    with pytest.raises(SpecError, match="multiples of 32") as caught:
        build_backbone("timm/resnet18", image_height=100, image_width=128)
    assert "96x128" in caught.value.remedy


def test_maps_that_do_not_follow_the_strides_are_refused() -> None:
    with pytest.raises(SpecError, match="can't give four feature maps"):
        build_backbone("timm/inception_v3", image_height=128, image_width=128)


def test_freezing_holds_gradients_and_running_statistics() -> None:
    backbone = build_backbone("timm/mobilenetv3_small_050", image_height=32, image_width=32)
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    assert not backbone.is_frozen
    backbone.freeze()
    backbone.train()
    assert backbone.is_frozen
    assert not any(level.requires_grad for level in backbone(torch.rand(4, 3, 32, 32)))
    assert all(torch.equal(value, before[key]) for key, value in backbone.state_dict().items())


def test_training_reaches_every_parameter() -> None:
    backbone = build_backbone("timm/tf_efficientnet_lite0", image_height=64, image_width=64)
    sum(level.square().mean() for level in backbone(torch.rand(2, 3, 64, 64))).backward()
    assert [name for name, parameter in backbone.named_parameters() if parameter.grad is None] == []


def test_the_same_seed_gives_the_same_backbone() -> None:
    def features() -> torch.Tensor:
        torch.manual_seed(7)
        backbone = build_backbone("timm/mobilenetv3_small_050", image_height=32, image_width=32).eval()
        with torch.no_grad():
            return backbone.final_features(torch.linspace(0, 1, 3 * 32 * 32).reshape(1, 3, 32, 32))

    assert torch.equal(features(), features())


def test_a_finer_level_takes_the_place_of_the_deepest() -> None:
    backbone = build_backbone("timm/tf_efficientnet_lite0", image_height=64, image_width=32, finest_stride=2).eval()
    assert backbone.strides == (2, 4, 8, 16)
    assert backbone.channels == (16, 24, 40, 112)
    maps = backbone(torch.zeros(1, 3, 64, 32))
    assert [tuple(level.shape[2:]) for level in maps] == [(32, 16), (16, 8), (8, 4), (4, 2)]
    report = load_weights(backbone, "package:efficientnet-lite0")
    assert not report.missing
    with pytest.raises(SpecError, match="four feature"):
        build_backbone("timm/convnext_atto", image_height=64, image_width=64, finest_stride=2)


def test_frozen_levels_stay_as_loaded_and_the_rest_learns() -> None:
    backbone = build_backbone("timm/tf_efficientnet_lite0", image_height=64, image_width=64, finest_stride=2)
    load_weights(backbone, "package:efficientnet-lite0")
    backbone.freeze_levels(2)
    backbone.train()
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in backbone.parameters() if p.requires_grad], lr=0.1)
    sum(level.square().mean() for level in backbone(torch.randn(4, 3, 64, 64))).backward()
    optimizer.step()
    changed = {name for name, value in backbone.state_dict().items() if not torch.equal(value, before[name])}
    frozen = ("trunk.model.conv_stem", "trunk.model.bn1", "trunk.model.blocks.0", "trunk.model.blocks.1")
    assert changed
    assert not [name for name in changed if name.startswith(frozen)]
    assert any(name.startswith("trunk.model.blocks.2") for name in changed)


def test_frozen_levels_take_a_large_batch_in_parts_and_say_the_same() -> None:
    backbone = build_backbone("timm/tf_efficientnet_lite0", image_height=64, image_width=64, finest_stride=2).eval()
    images = torch.randn(19, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    first = backbone.trunk.model.blocks[1]
    seen: list[int] = []
    first[0].register_forward_hook(lambda _module, inputs, _output: seen.append(len(inputs[0])))
    with torch.no_grad():
        whole = backbone(images)
        backbone.freeze_levels(2)
        parts = backbone(images)
    assert seen == [19, 8, 8, 3]
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(whole, parts, strict=True))


def test_backbones_without_separate_levels_say_so() -> None:
    with torch.device("meta"):
        backbone = build_backbone("fan_tiny_8_p4_hybrid", image_height=64, image_width=64)
    with pytest.raises(SpecError, match="one by one"):
        backbone.freeze_levels(1)
