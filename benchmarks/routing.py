# SPDX-License-Identifier: Apache-2.0
"""How well requests in words are understood, measured on a labelled corpus.

    python benchmarks/routing.py [tests/routing/tuning.jsonl …] [--misses] [--weights FILE] [--policy-weights FILE]

Prints precision, recall and F1 per action and command, per task, policy and value; how often the router abstained, and
whether it planned anything that was not for it; and the time per request with the vocabulary loaded. `--misses` lists
every request that was not understood as labelled.

A line of the corpus is {"text", "kind", "expect": {"outcome": plan, steps, verb, ask or decline, …}}.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import ChangenetError
from router import policy_net, ranking
from router.decision import decide
from router.declarations import load_skill
from router.types import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from router.declarations import Skill
    from router.types import Decision

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "routing"
_NAMES = {"num_epochs": "epochs", "lr": "learning_rate", "eval_margin": "margin"}
_SPOKEN_KEYS = frozenset(
    [
        *_NAMES,
        "epochs",
        "batch_size",
        "learning_rate",
        "seed",
        "precision",
        "data_type",
        "validation_interval",
        "checkpoint_interval",
    ]
)
_NOT_LABELLED = frozenset({"task", "jobs", "images"})


class Score(NamedTuple):
    """Right, wrong and missed answers."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Right answers per answer."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Right answers per label."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


class Figures(NamedTuple):
    """What a corpus shows: scores by name, all together under an empty name; and requests by what went wrong."""

    actions: dict[str, Score]
    tasks: dict[str, Score]
    policies: dict[str, Score]
    values: dict[str, Score]
    abstained: int
    planned_negatives: list[str]
    misses: list[tuple[str, dict[str, Any], dict[str, Any]]]
    seconds: float
    requests: int


def answer(text: str, skill: Skill) -> dict[str, Any]:
    """What the router makes of a request, in the words of the labels."""
    try:
        decision = decide(Request(text=text), skill)
    except ChangenetError as problem:
        return {"outcome": "decline", "why": str(problem)}
    open_questions = [q for q in decision.missing if "blocked" not in q.text]
    vague = any("Which one is" in question.text for question in open_questions)
    if decision.command and not vague:
        found = {"outcome": "verb", "verb": decision.command.verb, "values": _labelled(decision.command.values)}
        return found | ({"asks": [question.text for question in open_questions]} if open_questions else {})
    if open_questions:
        return {"outcome": "ask", "why": [question.text for question in open_questions]}
    if decision.steps:
        return {"outcome": "steps", "steps": [_planned(step) for step in decision.steps]}
    return {"outcome": "plan", **_planned(decision)}


def _planned(decision: Decision) -> dict[str, Any]:
    """Action, task, policy and values of one decision; deploy actions go by their name without the task."""
    if decision.command:
        return {"action": decision.command.verb, "values": _labelled(decision.command.values)}
    action = str(decision.action)
    if action.startswith("deploy_"):
        verb = action.removeprefix("deploy_").partition("_")[2]
        action = verb if verb == "gen_trt_engine" else f"deploy_{verb}"
    said = {_NAMES.get(key, key): value for key, value in decision.request.overrides.items() if key in _SPOKEN_KEYS}
    found = {"action": action, "task": decision.task, "values": _labelled({**said, **decision.stated})}
    return found | ({"policy": decision.automl_policy} if action in {"train", "segment_train"} else {})


def _labelled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _NOT_LABELLED}


def measure(rows: Iterable[Mapping[str, Any]], skill: Skill) -> Figures:
    """The figures of labelled requests."""
    counts: dict[str, dict[str, Counter[str]]] = {
        part: defaultdict(Counter) for part in ("actions", "tasks", "policies", "values")
    }
    misses, planned, abstained, total, seconds = [], [], 0, 0, 0.0
    decide(Request(text="train"), skill)
    for row in rows:
        expected = dict(row["expect"])
        begin = time.perf_counter()
        found = answer(row["text"], skill)
        seconds += time.perf_counter() - begin
        total += 1
        abstained += found["outcome"] in {"ask", "decline"} or bool(found.get("asks"))
        if expected["outcome"] in {"ask", "decline"} and found["outcome"] in {"plan", "steps"}:
            planned.append(row["text"])
        if not _compare(expected, found, counts):
            misses.append((row["text"], expected, found))
    scores = {part: {name: _score(c) for name, c in by_name.items()} for part, by_name in counts.items()}
    return Figures(
        **scores, abstained=abstained, planned_negatives=planned, misses=misses, seconds=seconds, requests=total
    )


def faults(row: Mapping[str, Any], skill: Skill) -> tuple[int, bool]:
    """How many actions of the answer to a request are wrong or missed, and whether it is planned and should not be."""
    counts: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    found = answer(row["text"], skill)
    _compare(dict(row["expect"]), found, counts)
    planned = row["expect"]["outcome"] in {"ask", "decline"} and found["outcome"] in {"plan", "steps"}
    return counts["actions"][""]["wrong"] + counts["actions"][""]["missed"], planned


def _score(counts: Counter[str]) -> Score:
    return Score(counts["right"], counts["wrong"], counts["missed"])


def _compare(expected: dict[str, Any], found: dict[str, Any], counts: dict[str, dict[str, Counter[str]]]) -> bool:
    """Count what is right; whether all of it is."""
    wanted, got = _name(expected), _name(found)
    if expected["outcome"] == "ask" and found.get("asks"):
        return True  # a command that asks which job is meant
    if wanted is None:
        if got is not None:
            counts["actions"][""]["wrong"] += 1
            counts["actions"][got]["wrong"] += 1
        return expected["outcome"] == found["outcome"]
    _count(counts["actions"], wanted, got)
    if wanted != got:
        return False
    labels, answers = expected.get("steps", [expected]), found.get("steps", [found])
    compared = [
        _compare_step(label, _without_handed_on(label, step, answers[:place]), counts)
        for place, (label, step) in enumerate(zip(labels, answers, strict=True))
    ]
    return all(compared)


def _without_handed_on(
    label: Mapping[str, Any], step: dict[str, Any], before: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """A later step without the parent and the data that it takes over, which its own words do not state."""
    stated, left = label.get("values") or {}, [one.get("values", {}) for one in before]
    values = {
        name: value
        for name, value in step.get("values", {}).items()
        if name in stated or name not in {"parent", "data", "job"} or all(value != one.get(name) for one in left)
    }
    return {**step, "values": values}


def _name(outcome: Mapping[str, Any]) -> str | None:
    if "steps" in outcome:
        return " > ".join(step["action"] for step in outcome["steps"])
    return outcome.get("action") or outcome.get("verb")


def _count(by_name: dict[str, Counter[str]], wanted: str, got: str | None) -> bool:
    names = ("", wanted)
    if wanted == got:
        for name in names:
            by_name[name]["right"] += 1
        return True
    for name in names:
        by_name[name]["missed"] += 1
    if got is not None:
        for name in ("", got):
            by_name[name]["wrong"] += 1
    return False


def _compare_step(label: dict[str, Any], step: dict[str, Any], counts: dict[str, dict[str, Counter[str]]]) -> bool:
    right = True
    for part, key in (("tasks", "task"), ("policies", "policy")):
        if label.get(key):
            right &= _count(counts[part], label[key], step.get(key))
    wanted, got = label.get("values") or {}, step.get("values", {})
    for name in wanted.keys() | got.keys():
        if name in wanted and name in got and _same(wanted[name], got[name]):
            outcome = ["right"]
        else:
            outcome = (["missed"] if name in wanted else []) + (["wrong"] if name in got else [])
            right = False
        for kind in outcome:
            counts["values"][name][kind] += 1
            counts["values"][""][kind] += 1
    return right


def _same(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, list) and len(set(wanted)) == 1 and not isinstance(got, list):
        wanted = wanted[0]
    if isinstance(wanted, dict) and isinstance(got, dict):
        return wanted.keys() == got.keys() and all(_same(wanted[key], got[key]) for key in wanted)
    if isinstance(wanted, int | float) and isinstance(got, int | float):
        return abs(wanted - got) < 1e-9
    return str(wanted) == str(got)


def read_corpus(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """The labelled requests of the files."""
    return [
        json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=sorted(CORPUS.glob("*.jsonl")))
    parser.add_argument("--misses", action="store_true", help="list what was not understood as labelled")
    parser.add_argument("--weights", type=Path, default=ranking.WEIGHTS, help="weights of the linear model")
    parser.add_argument("--policy-weights", type=Path, default=policy_net.WEIGHTS, help="those of the train policy")
    options = parser.parse_args()
    ranking.WEIGHTS, policy_net.WEIGHTS = options.weights, options.policy_weights
    found = measure(read_corpus(options.files), load_skill(ROOT))
    for part in ("actions", "tasks", "policies", "values"):
        print(f"\n{part:<40} precision  recall    F1  labels")
        for name, score in sorted(getattr(found, part).items()):
            labels = score.right + score.missed
            print(f"  {name or 'all':<38} {score.precision:9.3f} {score.recall:7.3f} {score.f1:5.3f} {labels:7}")
    print(f"\n{found.requests} requests, {found.abstained} asked about or declined")
    print(f"{len(found.planned_negatives)} planned that should not be", *found.planned_negatives, sep="\n  ")
    print(f"{1000 * found.seconds / max(found.requests, 1):.1f} ms a request")
    if options.misses:
        for text, expected, got in found.misses:
            label, seen = (json.dumps(one, ensure_ascii=False) for one in (expected, got))
            print(f"\n{text}\n  label {label}\n  found {seen}")


if __name__ == "__main__":
    sys.exit(main())
