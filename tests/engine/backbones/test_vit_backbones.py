# SPDX-License-Identifier: Apache-2.0
"""The transformer families at tiny sizes: what comes out, what learns, what stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from core.errors import SpecError
from engine.backbones.dinov3 import DinoV3Backbone, DinoV3Trunk
from engine.backbones.nvdinov2 import DinoV2Backbone, DinoV2Size, DinoV2Trunk
from engine.backbones.radio import RadioBackbone, RadioSize, RadioTrunk
from engine.backbones.registry import backbone_info, build_backbone
from spec.backbones import NAMED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.backbones.vit_backbone import VitBackbone

WIDTH = 64


def tiny_radio(*, pyramid: bool = True, summary: bool = True) -> VitBackbone:
    return RadioBackbone("tiny", RadioTrunk(RadioSize(WIDTH, 4, 4)), pyramid=pyramid, use_summary_token=summary)


def tiny_radio_v1(*, pyramid: bool = True, summary: bool = True) -> VitBackbone:
    size = RadioSize(WIDTH, 4, 4, tokens=16, mlp_norm=True)
    return RadioBackbone("tiny", RadioTrunk(size), pyramid=pyramid, use_summary_token=summary)


def tiny_dinov2(*, pyramid: bool = True, summary: bool = True) -> VitBackbone:
    trunk = DinoV2Trunk(DinoV2Size(WIDTH, 4, 4, 320), 64, 64)
    return DinoV2Backbone("tiny", trunk, pyramid=pyramid, use_summary_token=summary)


def tiny_dinov3(*, pyramid: bool = True, summary: bool = True) -> VitBackbone:
    trunk = DinoV3Trunk("vit_small_plus_patch16_dinov3", embed_dim=WIDTH, depth=4, num_heads=4)
    return DinoV3Backbone("tiny", trunk, pyramid=pyramid, use_summary_token=summary)


TINY = [tiny_radio, tiny_radio_v1, tiny_dinov2, tiny_dinov3]
VECTORS = {"tiny_radio": 3 * WIDTH, "tiny_radio_v1": 3 * WIDTH, "tiny_dinov2": WIDTH, "tiny_dinov3": WIDTH}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def _deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(mode=True)
    yield
    torch.use_deterministic_algorithms(mode=False)


@pytest.mark.parametrize("build", TINY)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 96)])
def test_four_maps_and_one_vector(build: Callable[..., VitBackbone], height: int, width: int) -> None:
    backbone = build().eval()
    images = torch.rand(2, 3, height, width)
    with torch.no_grad():
        maps, vectors = backbone(images), backbone.final_features(images)
    assert [tuple(level.shape) for level in maps] == [(2, WIDTH, height // s, width // s) for s in (4, 8, 16, 32)]
    assert vectors.shape == (2, backbone.embed_dim)
    assert backbone.embed_dim == VECTORS[build.__name__]


@pytest.mark.parametrize("build", TINY)
@pytest.mark.parametrize("summary", [True, False])
def test_what_can_learn_does(build: Callable[..., VitBackbone], summary: bool) -> None:
    backbone = build(summary=summary).train()
    sum(level.square().mean() for level in backbone(torch.rand(2, 3, 64, 64))).backward()
    idle = [
        name for name, parameter in backbone.named_parameters() if parameter.requires_grad and parameter.grad is None
    ]
    assert idle == []


@pytest.mark.parametrize("build", TINY)
def test_the_vector_path_has_no_adapter_and_learns_whole(build: Callable[..., VitBackbone]) -> None:
    backbone = build(pyramid=False).train()
    assert not any(name.startswith("adapter") for name, _ in backbone.named_parameters())
    vectors = backbone.final_features(torch.rand(2, 3, 64, 64))
    if backbone.is_frozen:
        assert not vectors.requires_grad
    else:
        vectors.square().mean().backward()
        assert [name for name, parameter in backbone.named_parameters() if parameter.grad is None] == []
    with pytest.raises(RuntimeError, match="pyramid=False"):
        backbone(torch.rand(1, 3, 64, 64))


@pytest.mark.parametrize("build", TINY)
def test_a_frozen_transformer_stays_while_its_adapter_learns(build: Callable[..., VitBackbone]) -> None:
    backbone = build()
    backbone.freeze()
    backbone.train()
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    optimiser = torch.optim.SGD([p for p in backbone.parameters() if p.requires_grad], lr=0.1, weight_decay=0.1)
    sum(level.square().mean() for level in backbone(torch.rand(2, 3, 64, 64))).backward()
    optimiser.step()
    after = backbone.state_dict()
    changed = {key for key in after if not torch.equal(after[key], before[key])}
    assert not any(key.startswith("trunk.") for key in changed)
    trained = {name for name, parameter in backbone.named_parameters() if name.startswith("adapter.")}
    assert trained
    assert all(dict(backbone.named_parameters())[name].grad is not None for name in trained)
    assert {"adapter.level_embed", "adapter.spm.stem.1.running_mean", "adapter.norm4.weight"} <= changed


def test_dinov3_is_frozen_from_the_start_and_stays_so() -> None:
    backbone = tiny_dinov3()
    backbone.train()
    assert backbone.is_frozen
    assert not any(parameter.requires_grad for parameter in backbone.trunk.parameters())
    assert not any(module.training for module in backbone.trunk.modules())
    assert backbone.adapter is not None
    assert backbone.adapter.training


@pytest.mark.parametrize("build", TINY)
@pytest.mark.usefixtures("_deterministic")
def test_the_same_seed_gives_the_same_gradients(build: Callable[..., VitBackbone]) -> None:
    def gradients() -> list[torch.Tensor]:
        torch.manual_seed(5)
        backbone = build().train()
        sum(level.square().mean() for level in backbone(torch.rand(2, 3, 32, 64))).backward()
        return [p.grad for p in backbone.parameters() if p.grad is not None]

    assert all(torch.equal(one, other) for one, other in zip(gradients(), gradients(), strict=True))


@pytest.mark.parametrize("build", TINY)
def test_each_image_of_a_batch_is_seen_by_itself(build: Callable[..., VitBackbone]) -> None:
    backbone = build().eval()
    images = torch.rand(3, 3, 32, 64)
    with torch.no_grad():
        together, alone = backbone(images), backbone(images[1:2])
    for batch, single in zip(together, alone, strict=True):
        assert torch.allclose(batch[1:2], single, atol=1e-5)


def test_radio_positions_keep_their_aspect() -> None:
    generator = tiny_radio().trunk.patch_generator
    square, flat = generator.positions(6, 6), generator.positions(2, 6)
    assert torch.equal(square[:, :, :2], flat)
    assert torch.equal(generator.positions(128, 128).flatten(2).transpose(1, 2), generator.pos_embed)


# Parameters of the transformer alone, from the model cards (98 M, 320 M, 653 M with C-RADIO's other parts; 304 M;
# 21.6 M to 6.7 B) and for FAN from its paper (7.4 M, 26 M, 50 M, 77 M), there with class token and head.
PUBLISHED_MILLIONS = {
    "c_radio_v2_vit_base_patch16_224": 98.2,
    "c_radio_v2_vit_large_patch16_224": 319.9,
    "c_radio_v2_vit_huge_patch16_224": 651.6,
    "c_radio_p1_vit_huge_patch16_224_mlpnorm": 652.0,
    "c_radio_p2_vit_huge_patch16_224_mlpnorm": 652.0,
    "c_radio_p3_vit_huge_patch16_224_mlpnorm": 652.0,
    "vit_large_nvdinov2": 303.6,
    "vit_small_dinov3": 21.6,
    "vit_small_plus_dinov3": 28.7,
    "vit_base_dinov3": 85.6,
    "vit_large_dinov3": 303.1,
    "vit_huge_plus_dinov3": 840.5,
    "vit_7b_dinov3": 6716.0,
}


# The large ones take seconds each.
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.long if millions > 25 else ())
        for name, millions in PUBLISHED_MILLIONS.items()
    ],
)
def test_full_sizes_have_the_published_shape(name: str) -> None:
    with torch.device("meta"):
        backbone = build_backbone(name, image_height=64, image_width=128)
        maps = backbone(torch.zeros(1, 3, 64, 128))
    info = backbone_info(name)
    parameters = sum(parameter.numel() for parameter in backbone.trunk.parameters())
    assert round(parameters / 1e6, 1) == PUBLISHED_MILLIONS[name]
    assert backbone.channels == info.decoder_channels
    assert [tuple(level.shape[1:]) for level in maps] == [(info.embed_dim, 64 // s, 128 // s) for s in info.strides]


def test_every_named_transformer_is_among_them() -> None:
    assert set(PUBLISHED_MILLIONS) == {name for name in NAMED if not name.startswith("fan")}


def test_c_radio_base_runs_for_real() -> None:
    backbone = build_backbone("c_radio_v2_vit_base_patch16_224", image_height=64, image_width=64).eval()
    with torch.no_grad():
        maps = backbone(torch.rand(1, 3, 64, 64))
    assert [level.shape[-1] for level in maps] == [16, 8, 4, 2]
    assert all(bool(level.isfinite().all()) for level in maps)


def test_transformers_take_multiples_of_32_only() -> None:
    with pytest.raises(SpecError, match="multiples of 32"):
        build_backbone("c_radio_v2_vit_base_patch16_224", image_height=224, image_width=100)
