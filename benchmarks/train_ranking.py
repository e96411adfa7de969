# SPDX-License-Identifier: Apache-2.0
"""Trains the linear model of `router/ranking.py` on the labelled requests that the rules are tuned on.

    python benchmarks/train_ranking.py [--check]

Softmax regression with a squared penalty, by full gradient steps with momentum from zero: the same weights each time.
`--check` writes nothing; it trains on all files but one, and prints how well that one is ranked, for each file.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from router.declarations import load_skill
from router.ranking import NOTHING, SEVERAL, WEIGHTS, features
from router.reading import read

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
_STEPS, _RATE, _MOMENTUM, _PENALTY, _RAREST, _SMALLEST = 250, 8.0, 0.9, 1e-5, 2, 0.15
_SEGMENT = "segment_"


def label_of(expect: dict[str, Any]) -> str:
    """What the model is to say of a labelled request: the verb of its action, its command, several, or nothing."""
    if expect["outcome"] == "plan":
        return str(expect["action"]).removeprefix(_SEGMENT).removeprefix("deploy_")
    return str(expect.get("verb") or (SEVERAL if expect["outcome"] == "steps" else NOTHING))


def examples(path: Path) -> list[tuple[list[str], str]]:
    """The features and the label of each request of a file."""
    skill = load_skill(ROOT)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    words = (read(row["text"], skill).asking_words() for row in rows)
    return [(list(dict.fromkeys(features(w))), label_of(row["expect"])) for w, row in zip(words, rows, strict=True)]


def fit(rows: Sequence[tuple[list[str], str]]) -> tuple[list[str], dict[str, dict[str, float]]]:
    """Labels, and feature to the weights of the labels by their place."""
    counts = Counter(name for names, _ in rows for name in names)
    known = {name: place for place, name in enumerate(sorted(n for n, c in counts.items() if c >= _RAREST))}
    labels = sorted({label for _, label in rows})
    x = np.zeros((len(rows), len(known)), dtype=np.float32)
    for row, (names, _) in enumerate(rows):
        here = [known[name] for name in names if name in known]
        x[row, here] = len(here) ** -0.5
    y = np.eye(len(labels), dtype=np.float32)[[labels.index(label) for _, label in rows]]
    w, v = np.zeros((len(known), len(labels)), dtype=np.float32), 0.0
    for _ in range(_STEPS):
        scores = x @ w
        parts = np.exp(scores - scores.max(axis=1, keepdims=True))
        parts /= parts.sum(axis=1, keepdims=True)
        v = _MOMENTUM * v - _RATE * (x.T @ (parts - y) / len(rows) + _PENALTY * w)
        w = w + v
    names = list(known)
    return labels, {
        names[n]: {str(k): round(float(w[n, k]), 2) for k in np.flatnonzero(np.abs(w[n]) >= _SMALLEST)}
        for n in range(len(names))
        if (np.abs(w[n]) >= _SMALLEST).any()
    }


def _rank(names: list[str], labels: list[str], weights: dict[str, dict[str, float]]) -> tuple[str, float]:
    scores = np.zeros(len(labels))
    seen = [weights[name] for name in names if name in weights]
    for one in seen:
        for place, weight in one.items():
            scores[int(place)] += weight
    parts = np.exp((scores - scores.max()) / max(len(seen), 1) ** 0.5)
    return labels[int(parts.argmax())], float(parts.max() / parts.sum())


def check(files: Sequence[Path]) -> None:
    """Print, for each file, how well a model of the others ranks it, and how many negatives it takes for requests."""
    sets = [examples(path) for path in files]
    for place, path in enumerate(files):
        labels, weights = fit([row for n, rows in enumerate(sets) if n != place for row in rows])
        found = [(*_rank(names, labels, weights), label) for names, label in sets[place]]
        print(f"{path.name}: {np.mean([best == label for best, _, label in found]):.3f} right")
        for least in (0.4, 0.5, 0.6, 0.7, 0.8):
            sure = [(best, label) for best, share, label in found if share >= least and best not in {NOTHING, SEVERAL}]
            wrong = sum(label == NOTHING for _, label in sure)
            right = np.mean([best == label for best, label in sure] or [1])
            print(f"  {least}: {len(sure)} of {len(found)}, {right:.3f} right, {wrong} negatives")


def main() -> None:
    """Train and write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="leave one file out, and write nothing")
    files = sorted((ROOT / "tests" / "routing").glob("*.jsonl"))
    if parser.parse_args().check:
        check(files)
        return
    labels, weights = fit([row for path in files for row in examples(path)])
    document = json.dumps({"labels": labels, "weights": weights}, ensure_ascii=False, separators=(",", ":"))
    WEIGHTS.write_text(document.replace("},", "},\n") + "\n", encoding="utf-8")
    print(f"{len(weights)} features of {len(labels)} labels: {WEIGHTS.stat().st_size} bytes")


if __name__ == "__main__":
    main()
