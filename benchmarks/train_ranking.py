# SPDX-License-Identifier: Apache-2.0
"""Trains the linear model of `router/ranking.py` on the labelled requests that the rules are tuned on.

    python benchmarks/train_ranking.py [--leave FILE …] [--to WEIGHTS]

Softmax regression with a squared penalty, by full gradient steps with momentum from zero: the same weights each time.
`--leave` trains without some files, so that `routing.py --weights` can ask these of a model that has not seen them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix

from router.declarations import load_skill
from router.evidence import evidence
from router.questions import is_question
from router.ranking import LETTERS, SEVERAL, WEIGHTS
from router.reading import read
from router.vocabulary import vocabulary_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading

ROOT = Path(__file__).resolve().parents[1]
_STEPS, _RATE, _MOMENTUM, _PENALTY, _RAREST, _SMALLEST = 300, 8.0, 0.9, 1e-5, 2, 0.1
_SEGMENT = "segment_"


def label_of(expect: dict[str, Any]) -> str:
    """What the model is to say of a labelled request: the verb of its action, its command, several, ask or decline."""
    if expect["outcome"] == "plan":
        return str(expect["action"]).removeprefix(_SEGMENT).removeprefix("deploy_")
    return str(expect.get("verb") or (SEVERAL if expect["outcome"] == "steps" else expect["outcome"]))


def examples(path: Path) -> list[tuple[list[str], str]]:
    """The features and the label of each request of a file."""
    skill = load_skill(ROOT)
    questions = vocabulary_of(skill).questions
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = []
    for row in rows:
        reading = read(row["text"], skill)
        found.append((features_of(reading, questions), label_of(row["expect"])))
    return found


def features_of(reading: Reading, questions: frozenset[str]) -> list[str]:
    """What the model sees of a request, without repetition."""
    return list(dict.fromkeys(evidence(reading, question=is_question(reading, questions))))


def fit(rows: Sequence[tuple[list[str], str]]) -> tuple[list[str], dict[str, np.ndarray]]:
    """Labels, and feature to its weight for each of them."""
    counts = Counter(name for names, _ in rows for name in names)
    known = {name: place for place, name in enumerate(sorted(n for n, c in counts.items() if c >= _RAREST))}
    labels = sorted({label for _, label in rows})
    x = _matrix([names for names, _ in rows], known)
    y = np.eye(len(labels), dtype=np.float32)[[labels.index(label) for _, label in rows]]
    w, v, transposed = np.zeros((len(known), len(labels)), dtype=np.float32), 0.0, x.T.tocsr()
    for _ in range(_STEPS):
        scores = x @ w
        parts = np.exp(scores - scores.max(axis=1, keepdims=True))
        parts /= parts.sum(axis=1, keepdims=True)
        v = _MOMENTUM * v - _RATE * (transposed @ (parts - y) / len(rows) + _PENALTY * w)
        w = w + v
    return labels, {name: w[place] for name, place in known.items() if (np.abs(w[place]) >= _SMALLEST).any()}


def _matrix(rows: Sequence[Sequence[str]], known: dict[str, int]) -> Any:
    """A row of features for each request, of length one."""
    places = [[known[name] for name in names if name in known] for names in rows]
    ends = np.cumsum([0, *(len(one) for one in places)])
    values = np.concatenate([np.full(len(one), max(len(one), 1) ** -0.5, dtype=np.float32) for one in places])
    return csr_matrix((values, np.concatenate(places), ends), shape=(len(rows), len(known)))


def write(labels: Sequence[str], weights: dict[str, np.ndarray], to: Path) -> None:
    """The weights as `router/ranking.py` reads them."""
    lines = [" ".join(labels)]
    for name, row in weights.items():
        kept = np.flatnonzero(np.abs(row) >= _SMALLEST)
        lines.append(f"{name}\t{' '.join(f'{LETTERS[k]}{round(100 * float(row[k]))}' for k in kept)}")
    to.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leave", nargs="*", default=[], help="files to leave out, by name")
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="where the weights are written")
    options = parser.parse_args()
    files = sorted((ROOT / "tests" / "routing").glob("*.jsonl"))
    labels, weights = fit([row for path in files if path.name not in options.leave for row in examples(path)])
    write(labels, weights, options.to)
    print(f"{len(weights)} features of {len(labels)} labels: {options.to.stat().st_size} bytes")


if __name__ == "__main__":
    main()
