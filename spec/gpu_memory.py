# SPDX-License-Identifier: Apache-2.0
"""How much GPU memory a classify training takes: an estimate from backbone, image size and batch.

memory = 16 bytes a trained parameter (weights, gradients, two moments of Adam), 4 a frozen one
       + batch x pictures of a pair x what the network keeps of each for the backward pass
       + 1 GB for CUDA and its libraries.

What is kept was counted on the embedded engine's networks, which are those of the container but for its compiled
attention operator: all tensors that autograd saves (torch.autograd.graph.saved_tensors_hooks), in fp32, at 224 x 224
and 448 x 448, on the meta device. The same count on a processor gave 7 % less. Other sizes follow the line through
both. No GPU was at hand to hold it against, so it is an estimate; fragmentation adds up to a fifth.
"""

from __future__ import annotations

from typing import Any

from core.dotted import get
from spec.backbones import backbone_facts

_TRAIN = "train"
_REFERENCE = 224 * 224
_RUNTIME = 1_000_000_000
_TRAINED, _FROZEN = 16, 4  # bytes a parameter
_HALF = 0.55  # of the activations in mixed precision: some stay in fp32
# Parameters of the heads: the learnable one ends in a layer that grows with the picture.
_LEARNABLE, _LEARNABLE_GROWS, _EUCLIDEAN = 8_100_000, 24_100_000, 2_000_000
COUNTED: dict[str, tuple[float, int, int, int]] = {
    "fan_tiny_8_p4_hybrid": (6.4, 3536, 4123, 2987),
    "fan_small_12_p4_hybrid": (22.2, 4978, 5712, 4426),
    "fan_base_16_p4_hybrid": (45.2, 7111, 8285, 6558),
    "fan_large_16_p4_hybrid": (70.8, 9798, 11817, 9245),
    "c_radio_v2_vit_base_patch16_224": (112.3, 8225, 9475, 2889),
    "c_radio_v2_vit_large_patch16_224": (342.8, 14443, 17778, 7683),
    "c_radio_v2_vit_huge_patch16_224": (685.6, 20554, 24939, 12371),
    "c_radio_p1_vit_huge_patch16_224_mlpnorm": (685.6, 20554, 24939, 12371),
    "c_radio_p2_vit_huge_patch16_224_mlpnorm": (685.6, 20554, 24939, 12371),
    "c_radio_p3_vit_huge_patch16_224_mlpnorm": (685.6, 20554, 24939, 12371),
    "vit_large_nvdinov2": (326.7, 15943, 19441, 9219),
    "vit_small_dinov3": (26.5, 4111, 4759, 7),
    "vit_small_plus_dinov3": (33.6, 4702, 5339, 7),
    "vit_base_dinov3": (99.7, 7142, 8439, 13),
    "vit_large_dinov3": (326.0, 11554, 15014, 17),
    "vit_huge_plus_dinov3": (874.5, 21415, 27084, 21),
    "vit_7b_dinov3": (7019.2, 56852, 68065, 66),
}
"""By backbone: its parameters in millions; bytes kept for a pixel of a picture: learnable at 224, at 448, euclidean.

The huge C-RADIO backbones p1 to p3 have the shape of v2, and its figures."""


def estimate(spec: dict[str, Any], action: str) -> int | None:
    """Bytes on each GPU; None for another action than classify train, or a backbone that was not counted."""
    name = get(spec, "model.backbone.type", None)
    counted, facts = COUNTED.get(str(name)), backbone_facts(str(name))
    if action != _TRAIN or counted is None or facts is None:
        return None
    millions, at_224, at_448, euclidean = counted
    pixels, batch = _pixels(spec), int(get(spec, "dataset.classify.batch_size", 16))
    pictures = 1 + int(get(spec, "dataset.classify.num_golden", 1) or 1)
    learnable = get(spec, "model.classify.difference_module", "learnable") == "learnable"
    size = pixels / _REFERENCE
    per_pixel = at_224 + (at_448 - at_224) * (size - 1) / 3 if learnable else euclidean
    share = _HALF if "16" in str(get(spec, "train.precision", "")) else 1.0
    head = _LEARNABLE + _LEARNABLE_GROWS * size if learnable else _EUCLIDEAN
    frozen = facts.frozen or bool(get(spec, "model.backbone.freeze_backbone", False))
    weights = head * _TRAINED + millions * 1e6 * (_FROZEN if frozen else _TRAINED)
    return int(weights + batch * pictures * pixels * max(per_pixel, 1) * share + _RUNTIME)


def _pixels(spec: dict[str, Any]) -> int:
    """Of a picture with all its lightings."""
    sides = [int(get(spec, f"dataset.classify.image_{side}", 224)) for side in ("width", "height")]
    return sides[0] * sides[1] * int(get(spec, "dataset.classify.num_input", 1) or 1)
