# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

import pytest

from core.errors import SpecError
from engine.backbones.info import CLIP, IMAGENET, effective_mean_std
from engine.backbones.registry import backbone_info, check_freeze
from spec.backbones import NAMED


@pytest.mark.parametrize("name", NAMED)
def test_every_named_backbone_is_described(name: str) -> None:
    info = backbone_info(name)
    assert info.name == name
    assert info.decoder_channels[-1] == info.embed_dim
    assert info.frozen == name.endswith("dinov3")
    assert info.input_multiple % 16 == 0


def test_c_radio_gets_clip_where_the_spec_has_imagenet_and_nowhere_else() -> None:
    radio = "c_radio_v2_vit_base_patch16_224"
    half = ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])
    assert effective_mean_std(radio, *IMAGENET) == CLIP
    assert effective_mean_std(radio, list(IMAGENET[0]), list(IMAGENET[1])) == CLIP
    assert effective_mean_std(radio, *half) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert effective_mean_std(radio, IMAGENET[0], half[1]) == (IMAGENET[0], (0.5, 0.5, 0.5))
    assert effective_mean_std("fan_tiny_8_p4_hybrid", *IMAGENET) == IMAGENET
    assert effective_mean_std("timm/resnet18", *IMAGENET) == IMAGENET


def test_random_weights_are_never_frozen() -> None:
    with pytest.raises(SpecError, match="freeze_backbone is true") as caught:
        check_freeze("fan_tiny_8_p4_hybrid", freeze_backbone=True, pretrained_backbone_path=None)
    assert caught.value.where == "model.backbone.pretrained_backbone_path"
    with pytest.raises(SpecError, match="only used frozen"):
        check_freeze("vit_base_dinov3", freeze_backbone=False, pretrained_backbone_path="")
    check_freeze("fan_tiny_8_p4_hybrid", freeze_backbone=False, pretrained_backbone_path="")
    check_freeze("vit_base_dinov3", freeze_backbone=True, pretrained_backbone_path="dinov3.safetensors")


def test_describing_a_named_backbone_loads_no_torch() -> None:
    program = (
        "import sys; from engine.backbones.registry import backbone_info;"
        "backbone_info('vit_large_nvdinov2'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
