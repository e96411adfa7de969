# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_file
from timm.models.xcit import ClassAttentionBlock
from torch import nn

from core.errors import SpecError
from engine.backbones.fan import SIZES, ChannelAttention, ClosingBlock, FanBackbone, FanSize
from engine.backbones.registry import backbone_info, build_backbone
from engine.backbones.weights import load_weights

if TYPE_CHECKING:
    from pathlib import Path

TINY = FanSize(64, 3, 4, tap=1, stem_depths=(1, 2))
# Class token, class attention and head, with which the published figures count.
LEFT_OUT = {192: 1_082_152, 384: 3_932_776, 448: 5_276_200, 480: 6_021_640}
PUBLISHED_MILLIONS = {
    "fan_tiny_8_p4_hybrid": 7.5,
    "fan_small_12_p4_hybrid": 26.1,
    "fan_base_16_p4_hybrid": 50.5,
    "fan_large_16_p4_hybrid": 76.9,
}


def tiny_fan(height: int = 64, width: int = 64) -> FanBackbone:
    torch.manual_seed(0)
    return FanBackbone("tiny", TINY, height, width)


def published_fan(size: FanSize, *, position: str = "pos_embed") -> dict[str, torch.Tensor]:
    """A file with the names and shapes of the published checkpoints, filled at random."""
    width, hidden = size.width, 4 * size.width
    shapes: dict[str, tuple[int, ...]] = {
        "patch_embed.backbone.stem.0.weight": (128, 3, 4, 4),
        "patch_embed.backbone.stem.1.weight": (128,),
        "patch_embed.backbone.stages.1.downsample.0.weight": (128,),
        "patch_embed.backbone.stages.1.downsample.1.weight": (256, 128, 2, 2),
        "patch_embed.proj.weight": (width, 256, 2, 2),
        f"{position}.token_projection.weight": (width, 64, 1, 1),
    }
    for stage, (channels, depth) in enumerate(zip((128, 256), size.stem_depths, strict=True)):
        for block in range(depth):
            name = f"patch_embed.backbone.stages.{stage}.blocks.{block}"
            shapes |= {
                f"{name}.conv_dw.weight": (channels, 1, 7, 7),
                f"{name}.norm.weight": (channels,),
                f"{name}.mlp.fc1.weight": (4 * channels, channels, 1, 1),
                f"{name}.mlp.fc2.weight": (channels, 4 * channels, 1, 1),
            }
    for block in range(size.depth):
        name = f"blocks.{block}"
        shapes |= {
            f"{name}.norm1.weight": (width,),
            f"{name}.norm2.weight": (width,),
            f"{name}.attn.q.weight": (width, width),
            f"{name}.attn.kv.weight": (2 * width, width),
            f"{name}.attn.proj.weight": (width, width),
            f"{name}.mlp.q.weight": (width, width),
            f"{name}.mlp.norm_v.weight": (width,),
            f"{name}.mlp.mlp_v.fc1.weight": (hidden, width),
            f"{name}.mlp.mlp_v.fc2.weight": (width, hidden),
            f"{name}.mlp.mlp_v.dwconv.conv1.weight": (hidden, 1, 3, 3),
            f"{name}.mlp.mlp_v.dwconv.bn.weight": (hidden,),
            f"{name}.mlp.mlp_v.dwconv.conv2.weight": (hidden, 1, 3, 3),
        }
    for block in range(2):
        name = f"cls_attn_blocks.{block}"
        shapes |= {f"{name}.attn.{part}.weight": (width, width) for part in ("q", "k", "v", "proj")}
        shapes |= {f"{name}.norm1.weight": (width,), f"{name}.norm2.weight": (width,)}
        shapes |= {f"{name}.mlp.fc1.weight": (hidden, width), f"{name}.mlp.fc2.weight": (width, hidden)}
    shapes |= {"norm.weight": (width,), "head.weight": (1000, width)}
    biases = {key.removesuffix("weight") + "bias": (shape[0],) for key, shape in shapes.items()}
    scales = {
        key.removesuffix("conv_dw.weight") + "gamma": (shape[0],) for key, shape in shapes.items() if "conv_dw" in key
    }
    scales |= {f"blocks.{block}.gamma{part}": (width,) for block in range(size.depth) for part in (1, 2)}
    scales |= {f"cls_attn_blocks.{block}.gamma{part}": (width,) for block in range(2) for part in (1, 2)}
    scales |= {f"blocks.{block}.mlp.temperature": (size.heads, 1, 1) for block in range(size.depth)}
    scales |= {f"blocks.{block}.mlp.mlp_v.gamma": (hidden,) for block in range(size.depth)}
    statistics = {
        f"blocks.{block}.mlp.mlp_v.dwconv.bn.running_{part}": (hidden,)
        for block in range(size.depth)
        for part in ("mean", "var")
    }
    return {
        key: torch.rand(shape)
        for key, shape in (shapes | biases | scales | statistics | {"cls_token": (1, 1, width)}).items()
    }


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 80)])
def test_maps_are_as_described(height: int, width: int) -> None:
    backbone = tiny_fan(height, width).eval()
    images = torch.rand(2, 3, height, width)
    with torch.no_grad():
        maps, vectors = backbone(images), backbone.final_features(images)
    assert [tuple(level.shape) for level in maps] == [
        (2, channels, height // stride, width // stride)
        for channels, stride in zip((128, 256, 64, 64), (4, 8, 16, 16), strict=True)
    ]
    assert torch.equal(vectors, maps[-1].flatten(1))
    assert vectors.shape[1] == backbone.embed_dim


@pytest.mark.parametrize("name", SIZES)
def test_full_sizes_have_the_published_shape(name: str) -> None:
    with torch.device("meta"):
        backbone = build_backbone(name, image_height=64, image_width=32)
        maps = backbone(torch.zeros(1, 3, 64, 32))
    info = backbone_info(name)
    parameters = sum(parameter.numel() for parameter in backbone.parameters())
    assert round((parameters + LEFT_OUT[info.embed_dim]) / 1e6, 1) == PUBLISHED_MILLIONS[name]
    assert [level.shape[1] for level in maps] == list(info.decoder_channels)
    assert [level.shape[2] for level in maps] == [64 // stride for stride in info.strides]


def test_the_third_map_is_tapped_where_published() -> None:
    backbone = tiny_fan().eval()
    tapped: list[torch.Tensor] = []
    backbone.blocks[1].register_forward_hook(lambda _module, _inputs, output: tapped.append(output))
    with torch.no_grad():
        maps = backbone(torch.rand(1, 3, 64, 64))
    assert torch.equal(maps[2], tapped[0].transpose(1, 2).reshape(1, 64, 4, 4))
    assert [size.tap for size in SIZES.values()] == [7, 9, 15, 18]


def test_channel_attention_equals_loops_over_heads() -> None:
    torch.manual_seed(0)
    attention = ChannelAttention(8, 2).eval()
    attention.temperature.data = torch.tensor([0.5, 2.0]).reshape(2, 1, 1)
    tokens = torch.rand(2, 6, 8)
    with torch.no_grad():
        attended = attention(tokens, (2, 3))
        queries, values = attention.q(tokens), attention.norm_v(attention.mlp_v(tokens, (2, 3)))
        for image in range(2):
            for channel in range(8):
                head = channel // 4
                own = tokens[image, :, 4 * head : 4 * head + 4].softmax(0).mean(1)
                agreement = torch.sigmoid(queries[image, :, channel].softmax(0) @ own) * attention.temperature[head]
                assert torch.allclose(attended[image, :, channel], values[image, :, channel] * agreement, atol=1e-6)


def test_the_closing_blocks_do_to_patches_what_class_attention_does() -> None:
    torch.manual_seed(0)
    whole = ClassAttentionBlock(16, 2, qkv_bias=True, tokens_norm=True, norm_layer=partial(nn.LayerNorm, eps=1e-6))
    for parameter in whole.parameters():
        nn.init.uniform_(parameter)
    ours = ClosingBlock(16)
    ours.load_state_dict({key: value for key, value in whole.state_dict().items() if key in ours.state_dict()})
    tokens = torch.rand(2, 5, 16)
    with torch.no_grad():
        assert torch.allclose(ours(tokens[:, 1:]), whole(tokens)[:, 1:], atol=1e-6)


@pytest.mark.parametrize("position", ["pos_embed", "pos_embeder"])
def test_a_published_file_fills_everything(tmp_path: Path, position: str) -> None:
    weights = published_fan(TINY, position=position)
    torch.save({"state_dict": {f"module.{key}": value for key, value in weights.items()}}, tmp_path / "fan.pth")
    backbone = tiny_fan()
    report = load_weights(backbone, tmp_path / "fan.pth")
    assert report.complete
    assert report.unexpected == ()
    assert all(key.startswith(("cls_token", "norm.", "head.", "cls_attn_blocks")) for key in report.skipped)
    for key, value in backbone.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            assert torch.equal(value, weights[key.replace("pos_embed", position)]), key


def test_a_container_checkpoint_fills_it_too(tmp_path: Path) -> None:
    weights = {f"model.backbone.{key}": value for key, value in published_fan(TINY).items()}
    save_file(weights | {"model.decoder.linear_c1.proj.weight": torch.ones(2)}, tmp_path / "w.safetensors")
    report = load_weights(tiny_fan(), tmp_path / "w.safetensors")
    assert report.complete
    assert report.unexpected == ("decoder.linear_c1.proj.weight",)


def test_training_reaches_every_parameter() -> None:
    backbone = tiny_fan().train()
    sum(level.square().mean() for level in backbone(torch.rand(2, 3, 64, 64))).backward()
    assert [name for name, parameter in backbone.named_parameters() if parameter.grad is None] == []


def test_freezing_holds_the_whole_backbone() -> None:
    backbone = tiny_fan()
    backbone.freeze()
    backbone.train()
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    assert not any(level.requires_grad for level in backbone(torch.rand(2, 3, 64, 64)))
    assert all(torch.equal(value, before[key]) for key, value in backbone.state_dict().items())


def test_sides_are_multiples_of_16() -> None:
    with pytest.raises(SpecError, match="multiples of 16"):
        build_backbone("fan_tiny_8_p4_hybrid", image_height=72, image_width=64)
