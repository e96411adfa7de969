# SPDX-License-Identifier: Apache-2.0
"""Trains the linear model of `router/ranking.py` on the labelled requests that the rules are tuned on.

    python benchmarks/train_ranking.py [--leave FILE …] [--to WEIGHTS]

Softmax regression with a squared penalty, by L-BFGS from zero: the same weights each time.
`--leave` trains without some files, so that `routing.py --weights` can ask these of a model that has not seen them.
The thresholds stay those of the weights in use: `arbiter_thresholds.py` chooses them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import fmin_l_bfgs_b
from scipy.sparse import csr_matrix

from router.declarations import load_skill
from router.evidence import evidence
from router.questions import is_question
from router.ranking import LETTERS, SEVERAL, WEIGHTS, thresholds
from router.reading import read
from router.thresholds import as_line
from router.vocabulary import vocabulary_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading
    from router.thresholds import Thresholds

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "routing"
_STEPS, _PAIRS, _RAREST, _SMALLEST = 80, 6, 2, 0.2
_PENALTY = 3e-7
_SEGMENT = "segment_"


def label_of(expect: dict[str, Any]) -> str:
    """What the model is to say of a labelled request: the verb of its action, its command, several, ask or decline."""
    if expect["outcome"] == "plan":
        return str(expect["action"]).removeprefix(_SEGMENT).removeprefix("deploy_")
    return str(expect.get("verb") or (SEVERAL if expect["outcome"] == "steps" else expect["outcome"]))


def _which_job(reading: Reading, expect: dict[str, Any]) -> str:
    """The command of a request that only lacks its job, which the command itself asks for; else nothing."""
    commands = reading.names("verb")
    return commands[0] if "job" in str(expect.get("about")) and len(commands) == 1 else ""


def examples(path: Path) -> list[tuple[list[str], str]]:
    """The features and the label of each request of a file."""
    skill = load_skill(ROOT)
    questions = vocabulary_of(skill).questions
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = []
    for row in rows:
        reading = read(row["text"], skill)
        label = _which_job(reading, row["expect"]) or label_of(row["expect"])
        found.append((features_of(reading, questions), label))
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
    w = _least(x, y, _PENALTY)
    return labels, {name: w[place] for name, place in known.items() if (np.abs(w[place]) >= _SMALLEST).any()}


def _least(x: Any, y: np.ndarray, penalty: float) -> np.ndarray:
    """The weights of the least loss: cross entropy, and the squared penalty."""
    transposed, shape = x.T.tocsr(), (x.shape[1], y.shape[1])

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w = flat.reshape(shape).astype(np.float32)
        scores = x @ w
        scores -= scores.max(axis=1, keepdims=True)
        parts = np.exp(scores)
        sums = parts.sum(axis=1, keepdims=True)
        slope = transposed @ ((parts / sums - y) / len(y)) + penalty * w
        entropy = float((np.log(sums[:, 0]) - (scores * y).sum(axis=1)).mean())
        return entropy + penalty / 2 * float(flat @ flat), slope.ravel().astype(np.float64)

    found, _, _ = fmin_l_bfgs_b(loss, np.zeros(shape[0] * shape[1]), m=_PAIRS, maxiter=_STEPS)
    return np.asarray(found.reshape(shape), dtype=np.float32)


def _matrix(rows: Sequence[Sequence[str]], known: dict[str, int]) -> Any:
    """A row of features for each request, of length one."""
    places = [[known[name] for name in names if name in known] for names in rows]
    ends = np.cumsum([0, *(len(one) for one in places)])
    values = np.concatenate([np.full(len(one), max(len(one), 1) ** -0.5, dtype=np.float32) for one in places])
    return csr_matrix((values, np.concatenate(places), ends), shape=(len(rows), len(known)))


def write(labels: Sequence[str], weights: dict[str, np.ndarray], least: Thresholds, to: Path) -> None:
    """The weights as `router/ranking.py` reads them."""
    lines = [" ".join(labels), as_line(least)]
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
    files = sorted(CORPUS.glob("*.jsonl"))
    seen = [path for path in files if path.name not in options.leave]
    labels, weights = fit([row for path in seen for row in examples(path)])
    write(labels, weights, thresholds(), options.to)
    print(f"{options.to.name}: {len(weights)} features of {len(labels)} labels, {options.to.stat().st_size} bytes")


if __name__ == "__main__":
    main()
