# SPDX-License-Identifier: Apache-2.0
"""Chooses the thresholds of `router/thresholds.py` by requests of hands that the weights have not seen.

    python benchmarks/arbiter_thresholds.py [FILE …] [--to WEIGHTS]

Each file is asked of weights that were trained without it and without one or two others. Then each threshold in turn
takes the value with the fewest faults over all the files, twice; of values that are as good, or hardly worse, the one
next to the usual. A request that is planned and should not be counts as five. `--judge N` leaves each N-th part out in
turn, and tells its faults.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from unittest.mock import patch

import routing
import train_ranking

from router import ranking
from router.accounting import account
from router.arbitration import heard
from router.declarations import load_skill
from router.intent import find_intent
from router.reading import read
from router.thresholds import Thresholds, as_line
from router.values import read_values
from router.vocabulary import vocabulary_of
from router.weighed_case import Case

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from router.declarations import Skill

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "routing"
# Files whose misses few rules were made for: where rules know each request, no model needs to be heard.
HANDS = tuple(f"tuning{number}.jsonl" for number in range(62, 84))
SHARES, TIMES = tuple(n / 20 for n in range(2, 20)), (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 25.0)
_TRAININGS, _ROUNDS, _PLANNED, _HARDLY_WORSE, _TIGHT = 5, 2, 5, 2, 0.975


class _Noted(NamedTuple):
    """Thresholds that note which of them are read."""

    least: Thresholds
    names: set[str]

    def __getattr__(self, name: str) -> float:
        self.names.add(name)
        return float(getattr(self.least, name))


@dataclass(slots=True)
class Asked:
    """A labelled request, as rules read it and as a model ranks it that has not seen it; with the faults of answers."""

    row: dict[str, Any]
    case: Case
    faults: dict[str, int] = field(default_factory=dict)

    def reads(self, least: Thresholds) -> set[str]:
        """The thresholds that the answer depends on."""
        noted = _Noted(least, set())
        if not self.case.account.certain:
            heard(self.case._replace(least=cast("Thresholds", noted)))
        return noted.names

    def cost(self, least: Thresholds, skill: Skill) -> int:
        """The faults of the answer where the model is heard from these thresholds on."""
        settled = (self.case.intent, self.case.account)
        if not self.case.account.certain:
            settled = heard(self.case._replace(least=least))
        key = repr(settled)
        if key not in self.faults:
            with patch("router.words.settled", return_value=settled):
                wrong, planned = routing.faults(self.row, skill)
            self.faults[key] = wrong + (_PLANNED - 1) * planned
        return self.faults[key]


def asked(path: Path, skill: Skill) -> Iterator[Asked]:
    """The requests of a file, ranked by the weights in use."""
    vocabulary = vocabulary_of(skill)
    for row in routing.read_corpus([path]):
        reading = read(row["text"], skill)
        values = read_values(reading, vocabulary)
        names = [one.name for one in values.stated]
        intent = find_intent(reading, names, vocabulary.questions)
        judged = account(reading, intent, values, vocabulary)
        ranked = ranking.ranked(train_ranking.features_of(reading, vocabulary.questions))
        yield Asked(row, Case(reading, intent, judged, names, vocabulary, ranked, ranking.thresholds()))


def unseen(files: Sequence[str], skill: Skill) -> Iterator[tuple[str, list[Asked]]]:
    """The requests of each file, ranked by weights that were trained without it; a few files are left out together."""
    seen = {path.name: train_ranking.examples(path) for path in sorted(CORPUS.glob("*.jsonl"))}
    with TemporaryDirectory() as folder:
        for place in range(min(_TRAININGS, len(files))):
            left, weights = files[place::_TRAININGS], Path(folder) / f"{place}.tsv"
            fitted = train_ranking.fit([row for name, rows in seen.items() if name not in left for row in rows])
            train_ranking.write(*fitted, ranking.thresholds(), weights)
            ranking.WEIGHTS = weights
            yield from ((name, list(asked(CORPUS / name, skill))) for name in left)
    ranking.WEIGHTS = ROOT / "router" / "ranking.tsv"


def cost(requests: Iterable[Asked], least: Thresholds, skill: Skill) -> int:
    """The faults of all answers."""
    return sum(one.cost(least, skill) for one in requests)


def chosen(requests: Sequence[Asked], skill: Skill) -> Thresholds:
    """The thresholds with the fewest faults, one after the other from those in use."""
    found = Thresholds()
    for _ in range(_ROUNDS):
        for name in Thresholds._fields:
            values = TIMES if name.startswith("times") else (*SHARES, _TIGHT)
            theirs = [one for one in requests if name in one.reads(found)]
            costs = [cost(theirs, found._replace(**{name: value}), skill) for value in values]
            good = [value for value, one in zip(values, costs, strict=True) if one <= min(costs) + _HARDLY_WORSE]
            usual = getattr(Thresholds(), name)
            found = found._replace(**{name: min(good, key=lambda value: abs(value - usual))})
    return found


def main() -> None:
    """Train without each file, choose, and write the thresholds into the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", default=HANDS, help="files that are asked, by name")
    parser.add_argument("--judge", type=int, default=0, help="parts of the files that are left out of choosing in turn")
    parser.add_argument("--to", type=Path, default=ranking.WEIGHTS, help="the weights whose thresholds are written")
    options = parser.parse_args()
    skill = load_skill(ROOT)
    by_file = dict(unseen(options.files, skill))
    everything = [one for rows in by_file.values() for one in rows]
    print(f"{cost(everything, Thresholds(), skill)} faults in {len(everything)} requests before")
    for part in range(options.judge):
        left = [n for place, n in enumerate(options.files) if place % options.judge == part]
        least = chosen([one for name, rows in by_file.items() if name not in left for one in rows], skill)
        for name in left:
            was, now = (cost(by_file[name], one, skill) for one in (Thresholds(), least))
            print(f"{name}: {was} faults before, {now} by thresholds that were chosen without it", flush=True)
    least = chosen(everything, skill)
    print(f"{cost(everything, least, skill)} faults after: {as_line(least)}")
    labels, _, *lines = options.to.read_text(encoding="utf-8").splitlines()
    options.to.write_text("\n".join([labels, as_line(least), *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
