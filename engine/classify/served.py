# SPDX-License-Identifier: Apache-2.0
"""A classify model that judges pairs as they are sent, by the code that scores a table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.cores import usable_cores
from core.errors import ChangenetError, JobFailedError
from core.verdicts import NO_PASS, PASS
from engine.classify.evidence import to_grey
from engine.classify.pair_images import PairBatch
from engine.classify.scoring_loop import GoldenFeatures, score_pairs
from engine.classify.task import CLASSIFY
from engine.classify.trained_model import load_model, with_model_settings
from engine.devices import Devices, scoring_device, share_cores
from engine.serving.overlay import laid_over, strong_places
from engine.serving.pictures import KeptPixels, lightings, require_count
from engine.serving.scorer import Judged
from pairs.classify_csv import light_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from engine.checkpoints import Content
    from engine.classify.trained_model import TrainedModel
    from engine.serving.scorer import Asked, GoldenSent
    from engine.settings import Run

    Pixels = NDArray[np.uint8]
    Ready = tuple[Pixels, tuple[int, int], Pixels]  # test (L, 3, H, W), its size as sent, goldens (N, L, 3, H, W)

_KEPT_BYTES = 256 << 20


def open_scorer(run: Run, content: Content, most_pixels: int) -> ClassifyScorer:
    """The model of `inference.checkpoint`, ready; `content` is what its file says of its training.

    Raises:
        CheckpointError: it can't be used.
    """
    path = Path(run.experiment.inference.checkpoint)
    settled = run.adopting(content.get("config") or {}, CLASSIFY.travelling_keys)
    settled = with_model_settings(settled, path)
    model = load_model(settled)
    device = scoring_device(settled.experiment.inference, settled.command)
    share_cores(Devices("cpu"))
    model.network.to(device)
    return ClassifyScorer(settled, model, most_pixels)


class ClassifyScorer:
    """See `engine.serving.scorer.Scorer`."""

    def __init__(self, run: Run, model: TrainedModel, most_pixels: int) -> None:
        data = run.experiment.dataset.classify
        self._model, self._most_pixels = model, most_pixels
        self._size = (data.image_height, data.image_width)
        self._lights, self._goldens = data.num_input, data.num_golden
        self._names = list(light_names(data.input_map))
        self._features = GoldenFeatures()
        self._kept = KeptPixels(_KEPT_BYTES)
        self._pool = ThreadPoolExecutor(usable_cores())

    @property
    def facts(self) -> dict[str, Any]:
        """See `Scorer`."""
        return {
            "task": CLASSIFY.name,
            "lightings": self._lights,
            "lighting_names": self._names if self._lights > 1 else [],
            "height": self._size[0],
            "width": self._size[1],
            "golden_images": self._goldens,
            "threshold": self._model.threshold.value,
            "threshold_source": self._model.threshold.source,
            "explains": self._model.can_explain,
        }

    def check(self, golden: GoldenSent) -> None:
        """See `Scorer`."""
        self._golden(golden)

    def judge(self, pairs: Sequence[Asked]) -> list[Judged | ChangenetError]:
        """See `Scorer`."""
        answers: list[Judged | ChangenetError] = []
        ready: list[tuple[int, Ready]] = []
        for place, found in enumerate(self._pool.map(self._ready, pairs)):
            answers.append(found if isinstance(found, ChangenetError) else _unscored())
            if not isinstance(found, ChangenetError):
                ready.append((place, found))
        for explained in (False, True):
            some = [(place, one) for place, one in ready if self._explains(pairs[place]) is explained]
            if some:
                names = [pairs[place].golden.name for place, _ in some]
                for (place, _), answer in zip(
                    some, self._judged([one for _, one in some], names, explained), strict=True
                ):
                    answers[place] = answer
        return answers

    def _explains(self, pair: Asked) -> bool:
        return pair.overlay and self._model.can_explain

    def _ready(self, pair: Asked) -> Ready | ChangenetError:
        """A pair's pixels; in a thread of its own."""
        try:
            require_count(len(pair.test), self._lights, self._names, "test")
            test, size = lightings(pair.test, self._size, self._model.white, self._most_pixels, "test")
            return test, size, self._golden(pair.golden)
        except ChangenetError as error:
            return error

    def _golden(self, golden: GoldenSent) -> Pixels:
        """Its pixels (N, L, 3, H, W); where fewer were sent than the model takes, they are repeated."""
        known = self._kept.get(golden.name)
        if known is not None:
            return known
        require_count(len(golden.pictures), self._lights, self._names, "golden")
        found, _ = lightings(golden.pictures, self._size, self._model.white, self._most_pixels, "golden")
        images = found.reshape(-1, self._lights, *found.shape[1:])
        pixels = images[np.arange(self._goldens) % len(images)]
        self._kept.keep(golden.name, pixels)
        return pixels

    def _judged(self, ready: Sequence[Ready], names: Sequence[str], explained: bool) -> list[Judged | ChangenetError]:
        batch = _batch(ready, names)
        threshold = self._model.threshold.value
        grey: list[Pixels] = []

        def keep(_: list[int], scores: Tensor, evidence: Tensor) -> None:
            grey.extend(to_grey(evidence, scores, threshold))

        network = self._model.network
        on_evidence = keep if explained else None
        _, output = score_pairs(
            network, self._model.preparation, [batch], on_evidence=on_evidence, goldens=self._features
        )
        scores: list[float] = network.score(output).tolist()
        return [
            self._answer(score, *one[:2], grey[i] if explained else None)
            for i, (score, one) in enumerate(zip(scores, ready, strict=True))
        ]

    def _answer(
        self, score: float, test: Pixels, size: tuple[int, int], grey: Pixels | None
    ) -> Judged | ChangenetError:
        if not np.isfinite(score):
            return JobFailedError("the model gives no finite score", code="scores", where="test picture")
        threshold = self._model.threshold.value
        verdict = NO_PASS if score > threshold else PASS
        if grey is None:
            return Judged(verdict, score, threshold, size)
        regions = strong_places(grey, size) if verdict == NO_PASS else []
        return Judged(verdict, score, threshold, size, regions, laid_over(test[0], grey))


def _batch(ready: Sequence[Ready], names: Sequence[str]) -> PairBatch:
    order = list(dict.fromkeys(names))
    first = {name: ready[names.index(name)][2] for name in order}
    return PairBatch(
        tests=torch.from_numpy(np.stack([test for test, _, _ in ready])),
        goldens=torch.from_numpy(np.stack([first[name] for name in order])),
        golden_of=torch.tensor([order.index(name) for name in names]),
        golden_names=tuple(order),
        labels=torch.zeros(len(ready), dtype=torch.int64),
        indices=torch.arange(len(ready)),
        seeds=(None,) * len(ready),
    )


def _unscored() -> ChangenetError:
    return JobFailedError("the pair was not scored", code="scores")
