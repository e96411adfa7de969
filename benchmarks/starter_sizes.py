# SPDX-License-Identifier: Apache-2.0
"""Trains the classify starter on crops of several sizes at once: each batch has one, in turns that a seed draws.

The engine trains on pictures of one size. Here its parts (network, preparation, draws, optimiser) see crops as they
were drawn, made smaller as a profile's size makes them, and enlarged as a second look does. A share of the draws goes
to the pairs of which the model that the training starts from is least sure.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from starter_crop_set import ENDINGS, set_of

from core.documents import read_yaml
from core.dotted import nest, put
from engine.batch_samplers import HARD, DeviceShare, EpochBatches, derived_seed
from engine.checkpoints import WHITE_LEVEL
from engine.classify.hard_pairs import certainty_of
from engine.classify.losses import build_loss
from engine.classify.network import build_network, start_weights
from engine.classify.pair_images import files_of_some, pair_loader
from engine.classify.pair_table import read_table
from engine.classify.preparation import Preparation
from engine.file_names import periodic_checkpoint
from engine.image_store import ImageStore
from engine.loading import Source, checked
from engine.network_setup import start_from_model
from engine.optimization import build_optimizer, learning_rate_factor
from engine.settings import Run
from pairs.trained_on import TRAINED_ON, look_at_pictures
from spec.load import parse_experiment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from engine.classify.network_input import NetworkInput
    from engine.classify.pair_images import PairBatch
    from engine.classify.pair_table import PairTable
    from pairs.trained_on import TrainedOn
    from spec.experiment import Experiment

    Weights = dict[str, Tensor]

ROOT = Path(__file__).resolve().parent.parent
BATCH = 12
RATE, WARMUP = 0.001, 0.03  # the highest rate, and the share of the steps until it is reached
HARD_SHARE = 0.6  # of the draws
AVERAGED = 0.3  # the share of the steps, at the end, whose weights the mean is of
WRITTEN_EVERY, TOLD_EVERY = 250, 50  # steps
STORE_MB = 6000


@dataclass(frozen=True, slots=True)
class Look:
    """Crops that were drawn at one size as the network sees them, and their share of the batches."""

    drawn: int
    side: int  # pixels to which they are made smaller, if at all
    share: float
    scale: float = 1.0  # by which they are enlarged after that
    shift: float = 6.0  # pixels: the largest shift of the test picture
    blur: float = 1.2


LOOKS = (
    Look(256, 256, 0.24, shift=8.5, blur=1.6),
    Look(256, 192, 0.12, shift=7.0),
    Look(256, 128, 0.04),
    Look(192, 192, 0.10, shift=7.0),
    Look(128, 128, 0.30),
    Look(128, 128, 0.20, scale=1.5),
)
PLAIN = Look(128, 128, 1.0)  # what the checkpoint says that it was trained with


class WeightedDraws(EpochBatches):
    """Batches of draws with replacement by the weights of pairs (N,)."""

    def __init__(self, weights: Tensor, seed: int) -> None:
        super().__init__(len(weights), BATCH, seed=seed, device=DeviceShare())
        self._weights = weights

    def pairs(self, random: torch.Generator) -> list[int]:
        """Drawn by weight."""
        found: list[int] = torch.multinomial(self._weights, self._count, replacement=True, generator=random).tolist()
        return found


def mean_file(work: Path) -> Path:
    """Where a training leaves the mean of its last weights."""
    return work / "classify_model" / "train" / "mean.pth"


def train_at_sizes(work: Path, seed: int, start: str | None, steps: int) -> None:
    """Train, and write checkpoints every so often: the weights as they are, and the mean of the last steps'."""
    torch.manual_seed(seed)
    experiment = _run(work, PLAIN, seed, start).experiment
    network = build_network(experiment, (PLAIN.side, PLAIN.side))
    start_weights(network, experiment)
    known = start_from_model(network, start, "classify", None)
    tables = {side: read_table(_run(work, Look(side, side, 1.0), seed, start).experiment.dataset.classify, "train")
              for side in ENDINGS}  # fmt: skip
    told = _seen(tables[PLAIN.drawn]).after(known).to_json()
    optim = experiment.train.optim.model_copy(update={"warmup_epochs": WARMUP})
    optimizer = build_optimizer(optim, network.backbone, network.head)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, learning_rate_factor(optim, 1, steps))
    loss_of, mean, progress = build_loss(experiment), _Mean(), _Progress(steps)
    mean_file(work).parent.mkdir(parents=True, exist_ok=True)
    network.train()
    for step, (turn, inputs, labels) in enumerate(_inputs(work, tables, (seed, steps), start), start=1):
        torch.manual_seed(derived_seed(seed, step))
        loss = loss_of(network(inputs.tests, inputs.goldens), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        progress.add(step, turn, loss.item())
        if step > (1 - AVERAGED) * steps:
            mean.add(network.state_dict())
        if step % WRITTEN_EVERY == 0 or step == steps:
            path = mean_file(work).with_name(periodic_checkpoint(0, step))
            _write(path, network.state_dict(), (experiment, step, told))
            if mean.weights:
                _write(mean_file(work), mean.weights, (experiment, step, told))


def _inputs(
    work: Path, tables: dict[int, PairTable], drawn: tuple[int, int], start: str | None
) -> Iterator[tuple[int, NetworkInput, Tensor]]:
    """For each step the number of its look, what the network sees, and the labels."""
    seed, steps = drawn
    sure = {side: _certainty(work, side, table, start) for side, table in tables.items()} if start else {}
    runs = [_run(work, look, seed, start) for look in LOOKS]
    batches = [_batches(run, tables[look.drawn], sure.get(look.drawn), (seed, number))
               for number, (look, run) in enumerate(zip(LOOKS, runs, strict=True))]  # fmt: skip
    prepared = [Preparation(run.experiment) for run in runs]
    turns = np.random.default_rng((seed, 17)).choice(len(LOOKS), steps, p=[look.share for look in LOOKS])
    for turn in turns.tolist():
        batch = next(batches[turn])
        inputs = prepared[turn].for_training(batch)
        yield turn, prepared[turn].enlarged(inputs) if LOOKS[turn].scale > 1 else inputs, batch.labels


class _Mean:
    """The mean of the weights of many steps."""

    def __init__(self) -> None:
        self.weights: Weights = {}
        self._count = 0

    def add(self, weights: Weights) -> None:
        """Take in those of one step."""
        self._count += 1
        before = self.weights or weights
        self.weights = {
            name: before[name] + (value - before[name]) / self._count if value.is_floating_point() else value.clone()
            for name, value in weights.items()
        }


class _Progress:
    """Tells the mean loss of each look, and the processor time."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._losses: list[list[float]] = [[] for _ in LOOKS]

    def add(self, step: int, turn: int, loss: float) -> None:
        """Take in the loss of one step."""
        self._losses[turn].append(loss)
        if step % TOLD_EVERY == 0:
            shown = " ".join(f"{sum(some) / max(1, len(some)):.4f}" for some in self._losses)
            print(f"step {step} of {self._steps}, losses {shown}, {sum(os.times()[:2]):.0f} s of CPU", flush=True)
            self._losses = [[] for _ in LOOKS]


def _run(work: Path, look: Look, seed: int, start: str | None) -> Run:
    """The laptop profile as one look needs it."""
    tree: dict[str, Any] = nest(read_yaml(ROOT / "skill_info.yaml")["profiles"]["laptop"]["spec"]["classify"])
    place = {"csv_path": str(set_of(work, look.drawn) / "train" / "dataset.csv"),
             "images_dir": str(set_of(work, look.drawn) / "images")}  # fmt: skip
    nuisance = "dataset.classify.augmentation_config.nuisance"
    values: dict[str, Any] = {
        "task": "classify", "results_dir": str(work / "classify_model"), "train.seed": seed, "train.num_epochs": 1,
        "train.pretrained_model_path": start, "train.optim.lr": RATE, "dataset.classify.batch_size": BATCH,
        "dataset.classify.train_dataset": place, "dataset.classify.validation_dataset": place,
        "dataset.classify.image_ext": ENDINGS[look.drawn], "dataset.classify.image_width": look.side,
        "dataset.classify.image_height": look.side, "model.classify.second_look_scale": look.scale,
        "model.classify.second_look": 0.0 if look.scale == 1 else 5.0,
        f"{nuisance}.shift_pixels": look.shift, f"{nuisance}.blur_sigma": look.blur,
    }  # fmt: skip
    for key, value in values.items():
        put(tree, key, value)
    return Run("train", parse_experiment(tree, "train"), work / "classify_model" / "train")


def _certainty(work: Path, side: int, table: PairTable, start: str | None) -> Tensor:
    """How sure the start is of each pair, made smaller to 128 px; kept in a file, as it takes a while."""
    kept = set_of(work, side) / "train" / "certainty.pt"
    if not kept.is_file():
        run = _run(work, replace(PLAIN, drawn=side), 0, start)
        torch.save(certainty_of(run, table, _source(run.experiment), Preparation(run.experiment)), kept)
    return torch.load(kept, weights_only=True)  # type: ignore[no-any-return]


def _source(experiment: Experiment) -> Source:
    data = experiment.dataset.classify
    return Source(ImageStore(data.image_height, data.image_width, STORE_MB), 0, in_memory=True)


def _batches(run: Run, table: PairTable, sure: Tensor | None, seed: tuple[int, int]) -> Iterator[PairBatch]:
    """Batches of one look without an end."""
    draws = WeightedDraws(_weights(torch.tensor(table.labels), sure), derived_seed(*seed))
    loader = pair_loader(table, _source(run.experiment), draws)
    for epoch in itertools.count():
        draws.set_epoch(epoch)
        yield from map(checked, loader)


def _weights(labels: Tensor, sure: Tensor | None) -> Tensor:
    """As often defects as good pairs, and of either the least sure ones more often."""
    weights = torch.ones(len(labels), dtype=torch.float64)
    for label in (0, 1):
        (mine,) = torch.where(labels == label)
        if sure is not None:
            hard = mine[sure[mine].argsort(stable=True)[: max(1, int(HARD * len(mine)))]]
            weights[mine] = (1 - HARD_SHARE) / (1 - HARD)
            weights[hard] = HARD_SHARE / HARD
        weights[mine] /= weights[mine].sum()
    return weights


def _seen(table: PairTable) -> TrainedOn:
    """What the pictures are like of the size that the checkpoint is said to be trained with."""
    store = ImageStore(PLAIN.side, PLAIN.side, 0)
    return look_at_pictures(files_of_some(table), lambda path: store.read(path).numpy())


def _write(path: Path, weights: Weights, of: tuple[Experiment, int, dict[str, Any]]) -> None:
    """A checkpoint as the engine reads it."""
    experiment, step, told = of
    content = {
        "state_dict": {f"model.{name}": value.clone() for name, value in weights.items()}, "epoch": 0,
        "global_step": step, "task": "classify", "config": experiment.model_dump(mode="json"), "threshold": 0.5,
        "threshold_source": "not chosen yet", WHITE_LEVEL: 65535, TRAINED_ON: told,
    }  # fmt: skip
    temporary = path.with_suffix(".part")
    torch.save(content, temporary)
    temporary.replace(path)
