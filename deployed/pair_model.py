# SPDX-License-Identifier: Apache-2.0
"""An exported classify model in use: from the pixels of pairs to scores and verdicts, without PyTorch."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core.dotted import get
from core.errors import CheckpointError
from core.verdicts import NO_PASS, PASS
from deployed.evidence import moved_back, on_test_pictures
from deployed.golden_memory import Golden, GoldenMemory
from deployed.golden_shares import halves_of
from deployed.layout import Tiling
from deployed.model_file import normalisation, read_model_for
from deployed.pixel_alignment import GoldenLook, best_shift, grey, moved
from deployed.second_look import seen, views_of
from deployed.sessions import Session
from deployed.siamese_graph import take_apart
from deployed.side_by_side import SideBySide

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from deployed.golden_shares import Halves
    from deployed.model_file import Settings
    from deployed.second_look import View

    Bytes = NDArray[np.uint8]
    Inputs = NDArray[np.float32]
    Features = list[NDArray[np.float32]]

_DATA, _MODEL = "dataset.classify", "model.classify"


class Pairs(NamedTuple):
    """B pairs that refer to U sets of N golden images, L lightings each, at the model's size.

    What a set's name stands for is described once, and remembered; a set without a name is not.
    """

    tests: Bytes  # (B, L, 3, H, W)
    goldens: Bytes  # (U, N, L, 3, H, W)
    golden_of: Sequence[int]  # B, the set of each pair
    golden_names: Sequence[str]  # U


class PairModel:
    """A classify model of one file; any number of threads may use it, and share its own.

    Args:
        settings: what stands in the file.
        halves: of its graph.
    """

    def __init__(self, settings: Settings, halves: Halves) -> None:
        config = settings["config"]
        self.settings = settings
        self.height, self.width = int(get(config, f"{_DATA}.image_height")), int(get(config, f"{_DATA}.image_width"))
        self.lights: tuple[str | None, ...] = tuple(settings["lights"])
        self.goldens = int(get(config, f"{_DATA}.num_golden", 1))
        self.white = int(settings["white_level"])
        self.threshold = float(settings.get("threshold", get(config, f"{_MODEL}.eval_margin")))
        self._reach = int(get(config, f"{_DATA}.align_pixels"))
        self._doubtful = float(get(config, f"{_MODEL}.second_look"))
        self._distances = get(config, f"{_MODEL}.difference_module") == "euclidean"
        self._tiling = Tiling(*settings["input"]["layout"])
        self._scale, self._offset = normalisation(settings)
        self._golden, self._judge = Session(halves.golden), Session(halves.judge)
        self._judge_alike = Session(halves.judge_alike) if halves.judge_alike else None
        self._explain = Session(halves.explain) if halves.explain else None
        self._threads = SideBySide()
        self._off_centre = {(int(h), int(w)): (float(d), float(r)) for h, w, d, r in settings.get("off_centre") or ()}
        self._known, self._remembering = GoldenMemory(), Lock()

    @classmethod
    def read(cls, path: Path) -> PairModel:
        """The model of a file.

        Raises:
            CheckpointError: see `read_model_for`.
        """
        model, settings = read_model_for("classify", path)
        return cls(settings, halves_of(take_apart(model)))

    def verdict(self, score: float) -> str:
        """NO_PASS above the threshold, as everywhere."""
        return NO_PASS if score > self.threshold else PASS

    def scores(self, pairs: Pairs) -> NDArray[np.float64]:
        """The score of each pair, (B,); the higher, the more likely a defect."""
        sets = self._sets(pairs)
        order = np.argsort(pairs.golden_of, kind="stable")  # those of one golden image are judged in one pass
        chosen = [sets[pairs.golden_of[pair]] for pair in order]

        def some(part: slice, *, alone: bool) -> tuple[Inputs, Inputs]:
            tests = pairs.tests[order[part]]
            laid = [self._laid(test, one.look) for test, one in zip(tests, chosen[part], strict=True)]
            inputs = self._finished(np.stack(laid))
            return inputs, self._output(inputs, [one.features for one in chosen[part]], alone=alone)

        inputs, outputs = zip(*self._threads.in_parts(len(order), some), strict=True)
        output = self._second_look(inputs, chosen, np.concatenate(outputs))
        return self._score(output)[np.argsort(order)]

    @property
    def explains(self) -> bool:
        """Whether the file holds what tells where the model sees a difference."""
        return self._explain is not None

    def evidence(self, pairs: Pairs) -> NDArray[np.float32]:
        """Where the model sees what speaks for a defect, (B, H, W) on the test pictures.

        Raises:
            CheckpointError: the file holds nothing that tells; see `explains`.
        """
        if self._explain is None:
            message, remedy = "the file does not tell where it sees a difference", "export the model again"
            raise CheckpointError(message, code="model.evidence", where="model", remedy=remedy)
        count = len(self._explain.inputs) // 2  # features, which come before the shares
        sets = self._sets(pairs)
        shifts = [self._shift(test, sets[i].look) for test, i in zip(pairs.tests, pairs.golden_of, strict=True)]
        inputs = self._finished(np.stack([moved(test, shift) for test, shift in zip(pairs.tests, shifts, strict=True)]))
        chosen = [sets[i].features[:count] for i in pairs.golden_of]
        together = [np.concatenate(levels) for levels in zip(*chosen, strict=True)]
        tests = self._described(inputs)[:count]
        feeds = dict(zip(self._explain.inputs, [*tests, *together], strict=True))
        _, *levels = self._explain.run(feeds)
        found = on_test_pictures(levels, (inputs.shape[-2], inputs.shape[-1]), self._tiling, self._off_centre)
        return np.stack([moved_back(one, shift) for one, shift in zip(found, shifts, strict=True)])

    def forget(self) -> None:
        """Forget all golden images."""
        self._known.forget()

    def _sets(self, pairs: Pairs) -> list[Golden]:
        with self._remembering:
            return self._remembered(pairs)

    def _remembered(self, pairs: Pairs) -> list[Golden]:
        names = pairs.golden_names
        found = {i: known for i, name in enumerate(names) if (known := self._known.get(name))}
        new = [i for i in range(len(names)) if i not in found]
        if new:
            count = pairs.goldens.shape[1]
            inputs = self._finished(pairs.goldens[new].reshape(-1, *pairs.goldens.shape[2:]))
            levels = self._described(inputs)
            for place, i in enumerate(new):
                part = slice(place * count, (place + 1) * count)
                # Of several golden images the test image is laid on the first: they are registered to each other.
                look = GoldenLook.of(grey(pairs.goldens[i, :1])[0], self._reach) if self._reach else None
                found[i] = Golden(inputs[part].copy(), [level[part].copy() for level in levels], look, {})
        for i, name in enumerate(names):
            self._known.keep(name, found[i])
        return [found[i] for i in range(len(names))]

    def _laid(self, test: Bytes, look: GoldenLook | None) -> Bytes:
        """A test picture (L, 3, H, W) on its golden image."""
        return moved(test, self._shift(test, look))

    def _shift(self, test: Bytes, look: GoldenLook | None) -> tuple[int, int]:
        return best_shift(grey(test[None])[0], look, self._reach) if look else (0, 0)

    def _finished(self, pictures: Bytes) -> Inputs:
        """Pictures (M, L, 3, H, W) as the network sees them, (M, 3, H, W)."""
        levels = pictures.astype(np.float32)
        levels *= self._scale
        levels += self._offset
        return np.ascontiguousarray(self._tiling.combine(levels))

    def _described(self, inputs: Inputs) -> Features:
        """All that is needed of golden pictures; of test ones the features, which come first, are of use."""

        def some(part: slice, *, alone: bool) -> Features:
            return self._golden.run({self._golden.inputs[0]: inputs[part]}, alone=alone)

        return [np.concatenate(levels) for levels in zip(*self._threads.in_parts(len(inputs), some), strict=True)]

    def _output(self, tests: Inputs, goldens: Sequence[Features], *, alone: bool) -> Inputs:
        judge, together = self._judge, goldens[0]
        if self._judge_alike and all(one is together for one in goldens):
            judge = self._judge_alike
        elif len(goldens) > 1:
            together = [np.concatenate(levels) for levels in zip(*goldens, strict=True)]
        return judge.run(dict(zip(judge.inputs, [tests, *together], strict=True)), alone=alone)[0]

    def _second_look(self, inputs: Sequence[Inputs], goldens: Sequence[Golden], output: Inputs) -> Inputs:
        """The output with that of doubtful pairs averaged over all views; `inputs` hold the test pictures, in parts."""
        if self._doubtful <= 0 or self._distances:
            return output
        doubtful = np.flatnonzero(np.abs(_margin(output)) < self._doubtful)
        if not len(doubtful):
            return output
        tests, views = np.concatenate(inputs), views_of(self.height, self.width)
        todo = [(int(pair), view) for view in views for pair in doubtful]
        turned = [self._turned(goldens[pair], view) for pair, view in todo]

        def some(part: slice, *, alone: bool) -> Inputs:
            pictures = [seen(tests[pair : pair + 1], view, self._tiling) for pair, view in todo[part]]
            return self._output(np.concatenate(pictures), turned[part], alone=alone)

        total = output.copy()
        np.add.at(total, [pair for pair, _ in todo], np.concatenate(self._threads.in_parts(len(todo), some)))
        total[doubtful] /= 1 + len(views)
        return total

    def _turned(self, golden: Golden, view: View) -> Features:
        if view not in golden.turned:
            golden.turned[view] = self._described(seen(golden.inputs, view, self._tiling))
        return golden.turned[view]

    def _score(self, output: Inputs) -> NDArray[np.float64]:
        if self._distances:
            return output.astype(np.float64)
        odds = np.exp(output - output.max(axis=1, keepdims=True))
        return np.asarray(odds[:, 1] / odds.sum(axis=1), np.float64)


def _margin(output: Inputs) -> Any:
    others = np.delete(output, 1, axis=1)
    return output[:, 1] - np.logaddexp.reduce(others, axis=1)
