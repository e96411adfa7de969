# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from engine.classify.network import build_network
from engine.classify.network_input import Layout, NetworkInput
from engine.classify.preparation import Preparation
from engine.classify.test_time_augmentation import doubtful_pairs, mean_of_views
from spec.experiment import Experiment

if TYPE_CHECKING:
    from torch import Tensor

    from engine.classify.network import ClassifyNetwork

EVERYTHING = 1e9  # every pair is doubtful
ONE = Layout(1, 1)


def network_of(height: int, width: int, module: str = "learnable") -> ClassifyNetwork:
    torch.manual_seed(0)
    head = {"difference_module": module, "difference_head": "pooled"}
    model = {
        "backbone": {"type": "timm/test_resnet"},
        "classify": head if module == "learnable" else {"difference_module": module},
    }
    return build_network(Experiment.model_validate({"model": model}), (height, width)).eval()


def inputs_of(height: int, width: int, pairs: int = 3) -> NetworkInput:
    generator = torch.Generator().manual_seed(1)
    tests = torch.randn(pairs, 3, height, width, generator=generator)
    goldens = torch.randn(2, 1, 3, height, width, generator=generator)
    return NetworkInput(tests, goldens, torch.arange(pairs) % 2, ("a", "b"))


def scored(network: ClassifyNetwork, inputs: NetworkInput) -> Tensor:
    with torch.no_grad():
        output: Tensor = network(inputs.tests, inputs.goldens[inputs.golden_of])
    return output


def turned(inputs: NetworkInput, turns: int, *, mirrored: bool) -> NetworkInput:
    def turn(pictures: Tensor) -> Tensor:
        pictures = torch.rot90(pictures, turns, (-2, -1))
        return pictures.flip(-1) if mirrored else pictures

    return inputs._replace(tests=turn(inputs.tests), goldens=turn(inputs.goldens))


def test_a_doubtful_pair_gets_the_mean_of_all_eight_views() -> None:
    network, inputs = network_of(64, 64), inputs_of(64, 64)
    first = scored(network, inputs)
    views = [scored(network, turned(inputs, k, mirrored=mirrored)) for k in range(4) for mirrored in (False, True)]
    assert float((views[1] - first).abs().max()) > 1e-4  # else the test could not fail
    again = mean_of_views(network, inputs, first, ONE, EVERYTHING)
    assert torch.allclose(again, torch.stack(views).mean(dim=0), atol=1e-4)


def test_an_oblong_picture_is_turned_only_where_it_keeps_its_size() -> None:
    network, inputs = network_of(64, 96), inputs_of(64, 96)
    first = scored(network, inputs)
    views = [scored(network, turned(inputs, k, mirrored=mirrored)) for k in (0, 2) for mirrored in (False, True)]
    again = mean_of_views(network, inputs, first, ONE, EVERYTHING)
    assert torch.allclose(again, torch.stack(views).mean(dim=0), atol=1e-4)


def test_clear_pairs_keep_their_output_to_the_bit() -> None:
    network, inputs = network_of(64, 64), inputs_of(64, 64)
    first = scored(network, inputs)
    margins = network.head.margin(first).abs()
    reach = float(margins.sort().values[:2].mean())  # one pair lies nearer
    again = mean_of_views(network, inputs, first, ONE, reach)
    clear = margins >= reach
    assert int(clear.sum()) == 2
    assert torch.equal(again[clear], first[clear])
    assert not torch.equal(again[~clear], first[~clear])


def test_each_lighting_is_turned_in_its_place() -> None:
    network, inputs = network_of(128, 64), inputs_of(128, 64)
    first = scored(network, inputs)
    halves = [inputs.tests[..., :64, :], inputs.tests[..., 64:, :]]
    golden_halves = [inputs.goldens[..., :64, :], inputs.goldens[..., 64:, :]]
    quarter = inputs._replace(
        tests=torch.cat([torch.rot90(half, 1, (-2, -1)) for half in halves], dim=-2),
        goldens=torch.cat([torch.rot90(half, 1, (-2, -1)) for half in golden_halves], dim=-2),
    )
    seen: list[Tensor] = []
    network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    mean_of_views(network, inputs, first, Layout(2, 1), EVERYTHING)
    assert any(torch.equal(one, quarter.tests[0]) for batch in seen for one in batch)


@pytest.mark.parametrize("module", ["learnable", "euclidean"])
def test_without_doubt_and_for_distances_nothing_is_seen_again(module: str) -> None:
    network, inputs = network_of(64, 64, module), inputs_of(64, 64)
    first = scored(network, inputs)
    assert mean_of_views(network, inputs, first, ONE, 0.0) is first
    if module == "euclidean":
        assert mean_of_views(network, inputs, first, ONE, EVERYTHING) is first


def preparation_of(scale: float, lights: int = 1) -> Preparation:
    tree = {
        "model": {
            "backbone": {"type": "timm/test_resnet"},
            "classify": {"second_look": 50.0, "second_look_scale": scale},
        },
        "dataset": {"classify": {"image_height": 64, "image_width": 64, "num_input": lights, "input_map": None}},
    }
    return Preparation(Experiment.model_validate(tree))


def test_a_look_at_enlarged_pictures_counts_twice_as_much_as_all_views_together() -> None:
    network, inputs = network_of(64, 64), inputs_of(64, 64, pairs=11)  # more than are looked at in one pass
    first = scored(network, inputs)
    views = mean_of_views(network, inputs, first, ONE, 50.0)

    def larger(pictures: Tensor) -> Tensor:
        flat = torch.nn.functional.interpolate(pictures.flatten(0, -4), (96, 96), mode="bilinear", align_corners=False)
        return flat.unflatten(0, pictures.shape[:-3])

    look = scored(network, inputs._replace(tests=larger(inputs.tests), goldens=larger(inputs.goldens)))
    found = preparation_of(1.5).augmented(network, inputs, first)
    assert float((look - views).abs().max()) > 1e-4
    assert torch.allclose(found, (views + 2 * look) / 3, atol=1e-4)
    assert torch.equal(preparation_of(1.0).augmented(network, inputs, first), views)


def test_lightings_are_enlarged_each_by_itself_to_a_size_that_the_network_takes() -> None:
    side = torch.full((1, 3, 64, 64), 1.0)
    inputs = NetworkInput(torch.cat([side, -side], dim=-2), torch.zeros(1, 1, 3, 128, 64), torch.tensor([0]), ("a",))
    larger = preparation_of(1.4, lights=2).enlarged(inputs)
    assert larger.tests.shape == (1, 3, 192, 96)  # 64 times 1.4, rounded to a multiple of 32
    assert larger.goldens.shape == (1, 1, 3, 192, 96)
    assert torch.equal(larger.tests[..., :96, :], torch.ones(1, 3, 96, 96))  # no blend with the lighting below


def test_clear_pairs_are_not_enlarged() -> None:
    network, inputs = network_of(64, 64), inputs_of(64, 64)
    first = scored(network, inputs)
    assert len(doubtful_pairs(network, first, 0.0)) == 0
    seen: list[Tensor] = []
    network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    sure = first + torch.tensor([0.0, 100.0])
    assert torch.equal(preparation_of(1.5).augmented(network, inputs, sure), sure)
    assert seen == []
