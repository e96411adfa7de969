# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.augmentation import Change, Window, apply_change, apply_change_to_labels
from engine.segment.losses import SegmentLoss, cross_entropy, focal, mean_iou
from spec.load import parse_experiment

LOSSES = (cross_entropy, focal, mean_iou)


def logits_of(labels: torch.Tensor, strength: float) -> torch.Tensor:
    return strength * torch.nn.functional.one_hot(labels, 2).movedim(-1, 1).float()


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_fall_with_better_masks_and_leave_out_what_is_not_labelled(loss: Any) -> None:
    labels = torch.tensor([[[0, 1], [1, 0]]])
    values = [float(loss(logits_of(labels, strength), labels)) for strength in (-3.0, 0.0, 3.0, 30.0)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 1e-3
    holed = labels.clone()
    holed[0, 0, 0] = 255
    wrong_there = logits_of(labels, 30.0)
    wrong_there[0, :, 0, 0] = wrong_there[0, :, 0, 0].flip(0)
    assert float(loss(wrong_there, holed)) < 1e-3
    assert float(loss(wrong_there, labels)) > 0.5
    nothing = torch.full_like(labels, 255)
    assert float(loss(logits_of(labels, 1.0), nothing)) == 0.0


def test_focal_loss_is_the_cross_entropy_of_what_is_wrong() -> None:
    labels = torch.tensor([[[1]]])
    logits = torch.tensor([0.0, 1.0]).view(1, 2, 1, 1)
    right = float(torch.softmax(logits, dim=1)[0, 1, 0, 0])
    assert float(focal(logits, labels)) == pytest.approx((1 - right) ** 2 * float(cross_entropy(logits, labels)))


def test_all_scales_take_part_with_their_weights_or_the_last_alone() -> None:
    labels = torch.zeros(1, 8, 8, dtype=torch.uint8)
    labels[:, :4] = 1
    sizes = (1, 2, 4, 8, 8)
    predictions = [torch.full((1, 2, size, size), 0.0) + torch.tensor([0.0, 1.0]).view(1, 2, 1, 1) for size in sizes]
    weights = [0.1, 0.2, 0.3, 0.4, 2.0]

    def total(*, all_scales: bool) -> float:
        tree = {
            "task": "segment",
            "dataset": {"segment": {"multi_scale_train": all_scales}},
            "train": {"segment": {"weights": weights}},
        }
        return float(SegmentLoss(parse_experiment(tree, "train"))(predictions, labels))

    each = []
    for logits in predictions:
        size = logits.shape[-1]
        small = torch.nn.functional.interpolate(labels.unsqueeze(1).float(), (size, size)).squeeze(1).long()
        each.append(float(cross_entropy(logits, small)))
    assert total(all_scales=True) == pytest.approx(sum(w * one for w, one in zip(weights, each, strict=True)))
    assert total(all_scales=False) == pytest.approx(each[-1])


@pytest.mark.parametrize(
    "change",
    [
        Change(flip_left_right=True),
        Change(flip_up_down=True, angle=90.0),
        Change(angle=30.0),
        Change(crop=Window(3, 5, 30, 30)),
        Change(zoom=Window(0, 8, 20, 20), flip_left_right=True),
    ],
)
def test_labels_move_with_their_pictures(change: Change) -> None:
    label = torch.zeros(40, 40, dtype=torch.uint8)
    label[8:20, 12:30] = 1
    picture = label.float().expand(3, 40, 40)
    moved = apply_change(picture.unsqueeze(0), change)[0, 0]
    ids = apply_change_to_labels(label.unsqueeze(0), change, 255)[0]
    assert ids.dtype == torch.uint8
    assert set(ids.unique().tolist()) <= {0, 1, 255}
    known = ids != 255
    assert known.float().mean() > 0.7
    assert (ids[known].float() - moved[known]).abs().mean() < 0.05
    assert bool((ids == 255).any()) == (change.angle == 30.0)
