# SPDX-License-Identifier: Apache-2.0
"""Published weight files of the transformer families, made small by the tests in the published names and shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save_file
from timm.models import eva, vision_transformer

from core.errors import CheckpointError
from engine.backbones.dinov3 import DinoV3Backbone, DinoV3Trunk
from engine.backbones.nvdinov2 import DinoV2Backbone, DinoV2Size, DinoV2Trunk
from engine.backbones.published import identify
from engine.backbones.radio import RadioBackbone, RadioSize, RadioTrunk
from engine.backbones.weights import load_weights

if TYPE_CHECKING:
    from pathlib import Path

    from engine.backbones.vit_backbone import VitBackbone

WIDTH, DEPTH = 64, 4
Weights = dict[str, torch.Tensor]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def tiny_radio(name: str = "tiny", *, mlp_norm: bool = False) -> VitBackbone:
    trunk = RadioTrunk(RadioSize(WIDTH, DEPTH, 4, mlp_norm=mlp_norm))
    return RadioBackbone(name, trunk, pyramid=True, use_summary_token=True)


def tiny_dinov2(height: int = 64, width: int = 64) -> VitBackbone:
    trunk = DinoV2Trunk(DinoV2Size(WIDTH, DEPTH, 4, 320), height, width)
    return DinoV2Backbone("tiny", trunk, pyramid=True, use_summary_token=True)


def tiny_dinov3(*, gated: bool) -> VitBackbone:
    network = "vit_small_plus_patch16_dinov3" if gated else "vit_small_patch16_dinov3"
    trunk = DinoV3Trunk(network, embed_dim=WIDTH, depth=DEPTH, num_heads=4)
    return DinoV3Backbone("tiny", trunk, pyramid=True, use_summary_token=True)


def _linear(name: str, outputs: int, inputs: int = WIDTH) -> Weights:
    return {f"{name}.weight": torch.randn(outputs, inputs) * 0.1, f"{name}.bias": torch.randn(outputs) * 0.1}


def _norm(name: str, width: int = WIDTH) -> Weights:
    return {f"{name}.weight": torch.rand(width) + 0.5, f"{name}.bias": torch.randn(width) * 0.1}


def published_radio(*, mlp_norm: bool = False) -> Weights:
    model: Weights = {
        "patch_generator.embedder.weight": torch.randn(WIDTH, 768) * 0.05,
        "patch_generator.pos_embed": torch.randn(1, 128 * 128, WIDTH) * 0.1,
        "patch_generator.cls_token.token": torch.randn(8, WIDTH),
    }
    for block in range(DEPTH):
        name = f"blocks.{block}"
        model |= _norm(f"{name}.norm1") | _norm(f"{name}.norm2")
        model |= _linear(f"{name}.attn.qkv", 3 * WIDTH) | _linear(f"{name}.attn.proj", WIDTH)
        model |= _linear(f"{name}.mlp.fc1", 4 * WIDTH) | _linear(f"{name}.mlp.fc2", WIDTH, 4 * WIDTH)
        if mlp_norm:
            model |= _norm(f"{name}.mlp.norm", 4 * WIDTH)
    return {f"radio_model.model.{key}": value for key, value in model.items()} | {
        "input_conditioner.norm_mean": torch.zeros(3, 1, 1),
        "radio_model.input_conditioner.norm_std": torch.ones(3, 1, 1),
        "radio_model.summary_idxs": torch.tensor([0, 1, 2]),
    }


def published_dinov2(grid: int = 5, patch: int = 14) -> Weights:
    weights: Weights = {
        "cls_token": torch.randn(1, 1, WIDTH),
        "mask_token": torch.zeros(1, WIDTH),
        "pos_embed": torch.randn(1, 1 + grid * grid, WIDTH),
        "patch_embed.proj.weight": torch.randn(WIDTH, 3, patch, patch),
        "patch_embed.proj.bias": torch.randn(WIDTH),
    } | _norm("norm")
    for block in range(DEPTH):
        name = f"blocks.{block}"
        weights |= _norm(f"{name}.norm1") | _norm(f"{name}.norm2")
        weights |= _linear(f"{name}.attn.qkv", 3 * WIDTH) | _linear(f"{name}.attn.proj", WIDTH)
        weights |= _linear(f"{name}.mlp.w12", 320) | _linear(f"{name}.mlp.w3", WIDTH, 160)
        weights |= {f"{name}.ls1.gamma": torch.rand(WIDTH), f"{name}.ls2.gamma": torch.rand(WIDTH)}
    return weights


def published_dinov3(*, gated: bool) -> Weights:
    """Meta's layout."""
    weights: Weights = {
        "cls_token": torch.randn(1, 1, WIDTH),
        "storage_tokens": torch.randn(1, 4, WIDTH),
        "mask_token": torch.zeros(1, WIDTH),
        "rope_embed.periods": torch.rand(4),
        "patch_embed.proj.weight": torch.randn(WIDTH, 3, 16, 16) * 0.05,
        "patch_embed.proj.bias": torch.randn(WIDTH),
    } | _norm("norm")
    for block in range(DEPTH):
        name = f"blocks.{block}"
        weights |= _norm(f"{name}.norm1") | _norm(f"{name}.norm2")
        weights |= _linear(f"{name}.attn.qkv", 3 * WIDTH) | _linear(f"{name}.attn.proj", WIDTH)
        weights[f"{name}.attn.qkv.bias"] = torch.zeros(3 * WIDTH)
        weights[f"{name}.attn.qkv.bias_mask"] = torch.ones(3 * WIDTH)
        weights |= {f"{name}.ls1.gamma": torch.rand(WIDTH), f"{name}.ls2.gamma": torch.rand(WIDTH)}
        layers = {"w1": 256, "w2": 256} if gated else {"fc1": 256}
        for layer, outputs in layers.items():
            weights |= _linear(f"{name}.mlp.{layer}", outputs)
        weights |= _linear(f"{name}.mlp.{'w3' if gated else 'fc2'}", WIDTH, 256)
    return weights


def in_hugging_face_layout(meta: Weights) -> Weights:
    """The same weights as the `transformers` files of the model hub name them."""
    names = {
        "cls_token": "embeddings.cls_token",
        "storage_tokens": "embeddings.register_tokens",
        "mask_token": "embeddings.mask_token",
        "patch_embed.proj.weight": "embeddings.patch_embeddings.weight",
        "patch_embed.proj.bias": "embeddings.patch_embeddings.bias",
    }
    gated = "blocks.0.mlp.w1.weight" in meta
    parts = {
        "attn.proj": "attention.o_proj",
        "ls1.gamma": "layer_scale1.lambda1",
        "ls2.gamma": "layer_scale2.lambda1",
        **({"mlp.w1": "mlp.gate_proj", "mlp.w2": "mlp.up_proj", "mlp.w3": "mlp.down_proj"} if gated else {}),
        **({} if gated else {"mlp.fc1": "mlp.up_proj", "mlp.fc2": "mlp.down_proj"}),
    }
    renamed: Weights = {}
    for key, value in meta.items():
        if "rope" in key or "bias_mask" in key:
            continue
        name = names.get(key, key).replace("blocks.", "layer.")
        for theirs, ours in parts.items():
            name = name.replace(theirs, ours)
        if ".attn.qkv." in name:
            kinds = [kind for kind in "qkv" if not (kind == "k" and name.endswith("bias"))]
            for kind in kinds:
                part = value.chunk(3)["qkv".index(kind)].clone()
                renamed[name.replace("attn.qkv", f"attention.{kind}_proj")] = part
        else:
            renamed[name] = value
    return renamed


def _vectors(backbone: VitBackbone, height: int = 64, width: int = 64) -> torch.Tensor:
    images = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        return backbone.eval().final_features(images)


@pytest.mark.parametrize("mlp_norm", [False, True])
def test_a_published_c_radio_file_fills_the_transformer(tmp_path: Path, mlp_norm: bool) -> None:
    weights = published_radio(mlp_norm=mlp_norm)
    save_file(weights, tmp_path / "c_radio.safetensors")
    backbone = tiny_radio(mlp_norm=mlp_norm)
    adapter = {key: value.clone() for key, value in backbone.state_dict().items() if key.startswith("adapter.")}
    report = load_weights(backbone, tmp_path / "c_radio.safetensors")
    assert report.complete
    assert report.unexpected == ()
    assert len(report.skipped) == 3
    assert len(report.matched) == len(weights) - 3
    after = backbone.state_dict()
    assert torch.equal(after["trunk.blocks.3.attn.qkv.weight"], weights["radio_model.model.blocks.3.attn.qkv.weight"])
    assert all(torch.equal(after[key], value) for key, value in adapter.items())


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 96)])
def test_c_radio_features_equal_those_of_timm_s_translation(tmp_path: Path, height: int, width: int) -> None:
    weights = published_radio()
    save_file(weights, tmp_path / "c_radio.safetensors")
    backbone = tiny_radio()
    load_weights(backbone, tmp_path / "c_radio.safetensors")
    reference = vision_transformer.VisionTransformer(
        img_size=(height, width),
        patch_size=16,
        embed_dim=WIDTH,
        depth=DEPTH,
        num_heads=4,
        reg_tokens=7,
        no_embed_class=True,
        final_norm=False,
        num_classes=0,
    ).eval()
    translated = vision_transformer.checkpoint_filter_fn(
        weights, reference, interpolation="bilinear", antialias=False, align_corners=True
    )
    reference.load_state_dict(translated)
    images = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(9))
    with torch.no_grad():
        expected = reference.forward_features(images)[:, :3].flatten(1)
    assert torch.allclose(_vectors(backbone, height, width), expected, atol=1e-4)


@pytest.mark.parametrize("key", ["patch_generator.pos_embed", "patch_generator.embedder.weight"])
def test_c_radio_without_its_mandatory_tensors_is_refused(tmp_path: Path, key: str) -> None:
    weights = published_radio()
    del weights[f"radio_model.model.{key}"]
    save_file(weights, tmp_path / "c_radio.safetensors")
    with pytest.raises(CheckpointError, match=key) as caught:
        load_weights(tiny_radio(), tmp_path / "c_radio.safetensors")
    assert caught.value.code == "checkpoint.required_key"


@pytest.mark.parametrize("layout", ["container", "own"])
def test_a_trained_checkpoint_brings_its_adapter(tmp_path: Path, layout: str) -> None:
    trained = tiny_radio().state_dict()
    replaced = {"trunk.": "radio.radio.radio.model.", "adapter.": ""} if layout == "container" else {}
    renamed = {}
    for key, value in trained.items():
        prefix = next((prefix for prefix in replaced if key.startswith(prefix)), "")
        renamed[f"model.backbone.{replaced.get(prefix, '')}{key.removeprefix(prefix)}"] = value
    torch.save({"state_dict": renamed, "epoch": 4}, tmp_path / "model_epoch_004_step_00100.pth")
    torch.manual_seed(1)
    fresh = tiny_radio()
    report = load_weights(fresh, tmp_path / "model_epoch_004_step_00100.pth")
    assert set(report.matched) == set(trained)
    assert all(torch.equal(value, trained[key]) for key, value in fresh.state_dict().items())


@pytest.mark.parametrize(("height", "width"), [(64, 64), (96, 32)])
def test_a_published_nvdinov2_file_is_resampled_to_16_pixel_patches(tmp_path: Path, height: int, width: int) -> None:
    weights = published_dinov2()
    torch.save({"teacher": {f"backbone.{key}": value for key, value in weights.items()}}, tmp_path / "nv.ckpt")
    backbone = tiny_dinov2(height, width)
    report = load_weights(backbone, tmp_path / "nv.ckpt")
    assert report.complete
    assert report.unexpected == ()
    assert [key.split(" ")[0] for key in report.skipped] == ["mask_token"]
    after = backbone.state_dict()
    assert torch.equal(after["trunk.vit.blocks.1.mlp.fc1.weight"], weights["blocks.1.mlp.w12.weight"])
    positions = after["trunk.vit.pos_embed"]
    assert positions.shape == (1, 1 + (height // 16) * (width // 16), WIDTH)
    assert torch.equal(positions[:, 0], weights["pos_embed"][:, 0])


def test_resampled_patches_see_a_flat_image_as_before(tmp_path: Path) -> None:
    weights = published_dinov2()
    torch.save(weights, tmp_path / "nv.ckpt")
    backbone = tiny_dinov2()
    load_weights(backbone, tmp_path / "nv.ckpt")
    before = weights["patch_embed.proj.weight"].sum((1, 2, 3))
    after = backbone.state_dict()["trunk.vit.patch_embed.proj.weight"].sum((1, 2, 3))
    assert torch.allclose(after, before, atol=1e-2)


def test_a_file_of_the_right_patch_and_grid_is_copied_as_it_is(tmp_path: Path) -> None:
    weights = published_dinov2(grid=4, patch=16)
    torch.save(weights, tmp_path / "nv.ckpt")
    backbone = tiny_dinov2(64, 64)
    load_weights(backbone, tmp_path / "nv.ckpt")
    assert torch.equal(backbone.state_dict()["trunk.vit.pos_embed"], weights["pos_embed"])
    assert torch.equal(backbone.state_dict()["trunk.vit.patch_embed.proj.weight"], weights["patch_embed.proj.weight"])


@pytest.mark.parametrize("gated", [False, True])
def test_the_three_published_layouts_of_dinov3_give_the_same_features(tmp_path: Path, gated: bool) -> None:
    meta = published_dinov3(gated=gated)
    in_timm = eva.checkpoint_filter_fn(
        {key: value for key, value in meta.items() if not key.endswith("qkv.bias")}, tiny_dinov3(gated=gated).trunk.vit
    )
    vectors = []
    for name, weights in {"meta": meta, "timm": in_timm, "hub": in_hugging_face_layout(meta)}.items():
        save_file(weights, tmp_path / f"{name}.safetensors")
        backbone = tiny_dinov3(gated=gated)
        report = load_weights(backbone, tmp_path / f"{name}.safetensors")
        assert report.complete, name
        assert report.unexpected == (), name
        vectors.append(_vectors(backbone))
    assert torch.equal(vectors[0], vectors[1])
    assert torch.equal(vectors[0], vectors[2])


def test_attention_biases_that_are_not_zero_are_reported(tmp_path: Path) -> None:
    weights = published_dinov3(gated=False)
    weights["blocks.0.attn.qkv.bias"][0] = 1
    save_file(weights, tmp_path / "w.safetensors")
    report = load_weights(tiny_dinov3(gated=False), tmp_path / "w.safetensors")
    assert report.unexpected == ("trunk.vit.blocks.0.attn.qkv.bias",)


def _meta(**shapes: tuple[int, ...]) -> Weights:
    return {key.replace("__", "."): torch.empty(shape, device="meta") for key, shape in shapes.items()}


def _radio(width: int, **extra: tuple[int, ...]) -> Weights:
    return _meta(radio_model__model__patch_generator__embedder__weight=(width, 768), **extra)


def _dinov3(width: int, **extra: tuple[int, ...]) -> Weights:
    return _meta(storage_tokens=(1, 4, width), blocks__0__ls1__gamma=(width,), **extra)


@pytest.mark.parametrize(
    ("weights", "types"),
    [
        (_radio(768), ("c_radio_v2_vit_base_patch16_224",)),
        (_radio(1024), ("c_radio_v2_vit_large_patch16_224",)),
        (_radio(1280), ("c_radio_v2_vit_huge_patch16_224",)),
        (
            _radio(1280, radio_model__model__blocks__0__mlp__norm__weight=(5120,)),
            tuple(f"c_radio_p{phase}_vit_huge_patch16_224_mlpnorm" for phase in (1, 2, 3)),
        ),
        (_radio(768, radio_model__model__blocks__0__ls1__gamma=(768,)), ()),
        (_dinov3(384), ("vit_small_dinov3",)),
        (_dinov3(384, blocks__0__mlp__w1__weight=(1536, 384)), ("vit_small_plus_dinov3",)),
        (_dinov3(768), ("vit_base_dinov3",)),
        (_dinov3(1024), ("vit_large_dinov3",)),
        (_dinov3(1280, blocks__0__mlp__w1__weight=(5120, 1280)), ("vit_huge_plus_dinov3",)),
        (_dinov3(4096), ("vit_7b_dinov3",)),
        (
            _meta(pos_embed=(1, 1370, 1024), blocks__0__ls1__gamma=(1024,), blocks__0__mlp__w12__weight=(5472, 1024)),
            ("vit_large_nvdinov2",),
        ),
        (
            _meta(pos_embed=(1, 1370, 1024), blocks__0__ls1__gamma=(1024,), blocks__0__mlp__fc1__weight=(4096, 1024)),
            ("timm/vit_large_patch14_dinov2",),
        ),
        (
            _meta(patch_embed__backbone__stem__0__weight=(128, 3, 4, 4), patch_embed__proj__weight=(192, 256, 2, 2)),
            ("fan_tiny_8_p4_hybrid",),
        ),
        (_meta(layer1__0__conv1__weight=(64, 64, 3, 3)), ("timm/resnet18",)),
        (_meta(pos_embed=(1, 197, 768), blocks__0__attn__qkv__weight=(2304, 768)), ("timm/vit_base_patch16_224",)),
    ],
)
def test_published_models_are_recognised(weights: Weights, types: tuple[str, ...]) -> None:
    found = identify(weights)
    assert found is not None
    assert found.backbone_types == types


def test_unknown_tensors_are_not_guessed() -> None:
    assert identify(_meta(decoder__weight=(3, 3))) is None


@pytest.mark.parametrize(
    ("weights", "label", "remedy"),
    [
        ({"layer1.0.conv1.weight": torch.ones(64, 64, 3, 3)}, "a ResNet", "timm/resnet18"),
        (
            {"radio_model.model.patch_generator.embedder.weight": torch.ones(768, 768)},
            "C-RADIO v2 base",
            "c_radio_v2_vit_base_patch16_224",
        ),
        (
            {"storage_tokens": torch.ones(1, 4, 384), "blocks.0.ls1.gamma": torch.ones(384)},
            "DINOv3 of width 384",
            "vit_small_dinov3",
        ),
    ],
)
def test_another_family_or_size_is_refused_with_the_fitting_type(
    tmp_path: Path, weights: Weights, label: str, remedy: str
) -> None:
    save_file(weights, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match=label) as caught:
        load_weights(tiny_radio("c_radio_v2_vit_large_patch16_224"), tmp_path / "other.safetensors")
    assert caught.value.code == "checkpoint.family"
    assert remedy in caught.value.remedy
