# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from core.errors import SpecError
from engine.classify.difference_heads import EuclideanHead, LearnableHead
from engine.classify.losses import ContrastiveLoss, WeightedCrossEntropy, build_loss
from engine.classify.network import ClassifyNetwork, build_network
from engine.classify.network_input import NetworkInput
from engine.classify.pooled_head import PooledHead
from engine.classify.scoring_loop import GoldenFeatures
from spec.experiment import Experiment

HEADS: dict[str, dict[str, Any]] = {
    "euclidean": {"difference_module": "euclidean"},
    "flatten": {"difference_module": "learnable"},
    "flatten2": {"difference_module": "learnable", "learnable_difference_modules": 2},
    "pooled": {"difference_module": "learnable", "difference_head": "pooled"},
}


def experiment(head: str, **classify: Any) -> Experiment:
    loss = {"loss": "contrastive" if head == "euclidean" else "ce"}
    return Experiment.model_validate(
        {
            "model": {
                "backbone": {"type": "timm/test_resnet"},
                "decode_head": {"decoder_params": {"embed_dim": 16}},
                "classify": HEADS[head],
            },
            "dataset": {"classify": classify},
            "train": {"classify": loss},
        }
    )


def network(head: str) -> ClassifyNetwork:
    torch.manual_seed(0)
    return build_network(experiment(head), (64, 32)).eval()


@pytest.fixture
def images() -> Tensor:
    return torch.randn(6, 3, 64, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("head", HEADS)
def test_every_head_scores_each_pair_by_itself(head: str, images: Tensor) -> None:
    model = network(head)
    tests, goldens = images[:3], images[3:].unsqueeze(1)
    with torch.inference_mode():
        output = model(tests, goldens)
        alone = torch.cat([model(tests[i : i + 1], goldens[i : i + 1]) for i in range(3)])
    assert output.shape == ((3,) if head == "euclidean" else (3, 2))
    assert torch.allclose(output, alone, atol=1e-4)
    assert model.score(output).shape == (3,)


@pytest.mark.parametrize("head", HEADS)
def test_every_parameter_that_matters_learns(head: str, images: Tensor) -> None:
    model = network(head).train()
    loss = build_loss(experiment(head))
    loss(model(images[:3], images[3:].unsqueeze(1)), torch.tensor([0, 1, 0])).backward()
    silent = {name.split(".")[1] for name, p in model.head.named_parameters() if p.grad is None}
    assert silent == ({"0", "1"} if head == "flatten2" else set())  # finer levels than asked for are not fused
    assert all(p.grad is not None for p in model.backbone.parameters())


@pytest.mark.parametrize("head", HEADS)
def test_shared_golden_features_give_the_same_scores(head: str, images: Tensor) -> None:
    model = network(head)
    goldens = images[4:].unsqueeze(1)
    inputs = NetworkInput(images[:4], goldens, torch.tensor([0, 1, 0, 0]), ("a", "b"))
    cache = GoldenFeatures()
    with torch.inference_mode():
        first, again = cache.output(model, inputs), cache.output(model, inputs)
        plain = model(inputs.tests, goldens[inputs.golden_of])
    assert torch.allclose(first, plain, atol=1e-4)
    assert torch.equal(first, again)


@pytest.mark.parametrize("head", ["flatten", "pooled", "euclidean"])
def test_of_several_golden_images_the_nearest_counts(head: str, images: Tensor) -> None:
    model = network(head)
    twice = images[3:].unsqueeze(1).repeat(1, 2, 1, 1, 1)
    with torch.inference_mode():
        single = model(images[:3], twice[:, :1])
        double = model(images[:3], twice)
        with_twin = model(images[:3], torch.stack([images[3:], images[:3]], dim=1))
    assert torch.allclose(single, double, atol=1e-4)
    if head == "euclidean":
        assert torch.allclose(with_twin, torch.zeros(3), atol=1e-3)


def test_heads_are_built_as_the_spec_says() -> None:
    assert isinstance(network("euclidean").head, EuclideanHead)
    flat = network("flatten").head
    assert isinstance(flat, LearnableHead)
    assert flat.classifier[0].in_features == 16 * (64 // 4) * (32 // 4)
    assert flat.classifier[0].out_features == 30
    assert network("flatten2").head.fuse[0].in_channels == 2 * 16  # type: ignore[union-attr, index]
    pooled = network("pooled").head
    assert isinstance(pooled, PooledHead)


def test_the_euclidean_embedding_has_the_contract_s_shape() -> None:
    head = network("euclidean").head
    assert isinstance(head, EuclideanHead)
    widths = [(m.in_features, m.out_features) for m in head.embedding if isinstance(m, torch.nn.Linear)]
    backbone = network("euclidean").backbone
    assert widths == [(backbone.embed_dim, 512), (512, 512), (512, 5)]


def test_a_pooled_network_takes_any_size_and_a_flattened_one_only_its_own() -> None:
    larger = torch.randn(2, 3, 96, 96)
    with torch.inference_mode():
        assert network("pooled")(larger, larger.unsqueeze(1)).shape == (2, 2)
        with pytest.raises(RuntimeError):
            network("flatten")(larger, larger.unsqueeze(1))


def test_equal_images_have_no_distance_and_a_finite_gradient(images: Tensor) -> None:
    model = network("euclidean")
    distance = model(images[:2], images[:2].unsqueeze(1))
    assert torch.allclose(distance, torch.zeros(2), atol=1e-4)
    distance.sum().backward()
    assert all(bool(p.grad.isfinite().all()) for p in model.parameters() if p.grad is not None)


def test_contrastive_loss_is_per_sample() -> None:
    loss = ContrastiveLoss(margin=2.0)
    distances = torch.tensor([0.5, 1.5, 3.0])
    got = loss(distances, torch.tensor([0, 1, 1]))
    assert float(got) == pytest.approx((0.5**2 + (2.0 - 1.5) ** 2 + 0.0) / 3)
    swapped = loss(distances, torch.tensor([1, 0, 1]))
    assert float(swapped) == pytest.approx((1.5**2 + 1.5**2 + 0.0) / 3)


@pytest.mark.parametrize("margin", [0.5, 2.0, 3.5])
def test_the_contrastive_loss_takes_the_margin_of_the_spec(margin: float) -> None:
    tree = experiment("euclidean").model_dump()
    tree["model"]["classify"] |= {"train_margin_euclid": margin, "eval_margin": 9.0}
    loss = build_loss(Experiment.model_validate(tree))
    got = loss(torch.tensor([0.2, 1.0]), torch.tensor([0, 1]))
    assert float(got) == pytest.approx((0.2**2 + max(0.0, margin - 1.0) ** 2) / 2)


def test_cross_entropy_weighs_classes() -> None:
    logits = torch.tensor([[2.0, 0.0], [2.0, 0.0]])
    labels = torch.tensor([0, 1])
    plain = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    got = WeightedCrossEntropy([1.0, 10.0])(logits, labels)
    assert float(got) == pytest.approx(float((plain[0] + 10 * plain[1]) / 11))


@pytest.mark.parametrize(("head", "loss"), [("pooled", "contrastive"), ("euclidean", "ce")])
def test_a_loss_of_the_other_module_is_refused(head: str, loss: str) -> None:
    wrong = experiment(head).model_dump()
    wrong["train"]["classify"]["loss"] = loss
    with pytest.raises(SpecError, match="needs the difference module"):
        build_loss(Experiment.model_validate(wrong))


def test_there_is_one_class_weight_per_class() -> None:
    with pytest.raises(SpecError, match="2 class weights for 3 classes"):
        build_loss(experiment("pooled", num_classes=3))
