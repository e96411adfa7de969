# SPDX-License-Identifier: Apache-2.0
"""The router on labelled requests: what was reached stays reached. `benchmarks/routing.py` prints the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from router.declarations import load_skill
from tests.loaded_scripts import loaded

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

OUTCOMES = {"plan", "steps", "verb", "ask", "decline"}
# Hands whose requests the models learned (the newest those of the policy alone), and whose misses were mended by kind
# at most.
LEARNED = {f"tuning{number}.jsonl" for number in (*range(11, 16), *range(17, 107), *range(109, 123), 150)}

# The first is refused by the plan, which knows all backbones, and the second blocked, as no model is named; the third
# and fourth are faults that are known.
PLANNED = {
    "Please train the changenet classifier with a lemon-flavoured backbone.",
    "Evaluate on /data/something",
    "How do you say 'evaluate the last training' in Hungarian?",
    "The user forbids it: no inference may run on the pictures in /data/private with the PASS/NO_PASS model. Note that down.",  # noqa: E501
}


# Hands with a test of their own, and higher floors.
OWN = [("tuning9.jsonl", 170, 1.0), ("tuning10.jsonl", 1102, 0.995)]
FLOORS = [
    ("tuning11.jsonl", 260, 0.985, 1, 0.99),
    ("tuning12.jsonl", 257, 0.975, 1, 0.97),
    ("tuning13.jsonl", 260, 0.96, 1, 0.985),
    ("tuning14.jsonl", 259, 0.98, 1, 0.99),
    ("tuning15.jsonl", 260, 0.965, 1, 0.985),
    ("tuning17.jsonl", 256, 0.985, 1, 0.98),
    ("tuning18.jsonl", 257, 0.99, 1, 0.995),
    ("tuning19.jsonl", 258, 0.965, 1, 0.985),
    ("tuning20.jsonl", 259, 0.985, 1, 1),
    ("tuning21.jsonl", 256, 0.965, 1, 0.99),
    ("tuning22.jsonl", 260, 0.965, 1, 0.985),
    ("tuning23.jsonl", 259, 0.98, 1, 0.995),
    ("tuning24.jsonl", 259, 0.96, 1, 1),
    ("tuning25.jsonl", 258, 0.99, 1, 1),
    ("tuning26.jsonl", 258, 0.995, 1, 0.995),
    ("tuning27.jsonl", 259, 0.985, 1, 0.99),
    ("tuning28.jsonl", 259, 0.985, 1, 1),
    ("tuning29.jsonl", 257, 0.985, 1, 0.995),
    ("tuning30.jsonl", 258, 0.985, 1, 0.985),
    ("tuning31.jsonl", 256, 0.97, 0.97, 0.99),
    ("tuning32.jsonl", 259, 0.96, 1, 0.995),
    ("tuning33.jsonl", 258, 0.96, 1, 0.99),
    ("tuning34.jsonl", 256, 0.96, 0.98, 0.99),
    ("tuning35.jsonl", 259, 0.955, 0.975, 0.975),
    ("tuning36.jsonl", 258, 0.975, 1, 0.99),
    ("tuning38.jsonl", 257, 0.985, 1, 1),
    ("tuning39.jsonl", 259, 0.98, 1, 0.995),
    ("tuning40.jsonl", 250, 0.995, 1, 1),
    ("tuning41.jsonl", 260, 0.985, 1, 1),
    ("tuning42.jsonl", 255, 0.985, 1, 0.99),
    ("tuning43.jsonl", 256, 0.985, 1, 0.995),
    ("tuning44.jsonl", 255, 0.985, 1, 0.995),
    ("tuning45.jsonl", 251, 0.985, 1, 1),
    ("tuning46.jsonl", 257, 0.99, 1, 0.995),
    ("tuning47.jsonl", 254, 0.99, 1, 0.995),
    ("tuning48.jsonl", 255, 0.985, 1, 1),
    ("tuning49.jsonl", 257, 0.985, 1, 0.995),
    ("tuning50.jsonl", 256, 0.98, 1, 0.995),
    ("tuning51.jsonl", 252, 1, 1, 1),
    ("tuning52.jsonl", 253, 0.975, 1, 0.995),
    ("tuning53.jsonl", 253, 0.965, 1, 0.99),
    ("tuning54.jsonl", 259, 0.985, 1, 1),
    ("tuning55.jsonl", 252, 0.99, 1, 0.99),
    ("tuning56.jsonl", 253, 0.97, 1, 1),
    ("tuning57.jsonl", 254, 0.975, 1, 1),
    ("tuning58.jsonl", 255, 0.965, 1, 0.995),
    ("tuning59.jsonl", 252, 0.955, 1, 0.995),
    ("tuning60.jsonl", 251, 0.99, 0.98, 0.995),
    ("tuning61.jsonl", 146, 0.965, 0.965, 1),
    ("tuning62.jsonl", 175, 0.98, 1, 0.995),
    ("tuning63.jsonl", 178, 0.98, 1, 0.99),
    ("tuning64.jsonl", 251, 0.99, 1, 1),
    ("tuning65.jsonl", 254, 0.985, 1, 1),
    ("tuning66.jsonl", 257, 0.985, 1, 1),
    ("tuning67.jsonl", 260, 0.965, 1, 0.995),
    ("tuning68.jsonl", 256, 0.965, 1, 0.99),
    ("tuning69.jsonl", 258, 0.99, 1, 0.99),
    ("tuning70.jsonl", 256, 0.985, 1, 0.99),
    ("tuning71.jsonl", 255, 0.97, 0.98, 0.99),
    ("tuning72.jsonl", 259, 0.975, 0.9, 0.98),
    ("tuning73.jsonl", 263, 0.995, 0.99, 0.99),
    ("tuning74.jsonl", 249, 0.99, 1, 0.985),
    ("tuning75.jsonl", 254, 0.985, 1, 0.985),
    ("tuning76.jsonl", 275, 0.99, 1, 0.995),
    ("tuning77.jsonl", 259, 0.975, 1, 0.985),
    ("tuning78.jsonl", 244, 0.98, 1, 0.985),
    ("tuning79.jsonl", 251, 0.99, 1, 0.99),
    ("tuning80.jsonl", 255, 0.99, 1, 0.995),
    ("tuning81.jsonl", 252, 0.995, 1, 1),
    ("tuning82.jsonl", 260, 0.98, 1, 0.99),
    ("tuning83.jsonl", 250, 0.965, 0.985, 0.995),
    ("tuning84.jsonl", 280, 0.98, 0.975, 0.985),
    ("tuning85.jsonl", 280, 0.975, 0.99, 0.985),
    ("tuning86.jsonl", 240, 0.98, 0.995, 0.99),
    ("tuning87.jsonl", 258, 0.99, 1, 0.99),
    ("tuning88.jsonl", 260, 0.94, 1, 0.97),
    ("tuning89.jsonl", 255, 0.99, 1, 1),
    ("tuning90.jsonl", 252, 0.99, 1, 0.96),
    ("tuning91.jsonl", 200, 0.97, 0.975, 0.975),
    ("tuning92.jsonl", 260, 0.97, 1, 0.98),
    ("tuning93.jsonl", 259, 0.985, 0.995, 0.98),
    ("tuning94.jsonl", 255, 0.99, 1, 0.99),
    ("tuning95.jsonl", 254, 0.99, 1, 0.995),
    ("tuning96.jsonl", 257, 0.975, 1, 0.995),
    ("tuning97.jsonl", 255, 0.99, 1, 1),
    ("tuning98.jsonl", 130, 0.935, 1, 0.99),
    ("tuning99.jsonl", 127, 0.99, 1, 0.995),
    ("tuning100.jsonl", 130, 1, 1, 1),
    ("tuning101.jsonl", 130, 0.99, 1, 1),
    ("tuning102.jsonl", 129, 0.98, 1, 0.99),
    ("tuning103.jsonl", 129, 1, 1, 1),
    ("tuning104.jsonl", 129, 0.99, 0.985, 0.975),
    ("tuning105.jsonl", 130, 0.955, 0.96, 0.975),
    ("tuning106.jsonl", 130, 1, 1, 0.995),
    ("tuning107.jsonl", 130, 0.985, 1, 1),
    ("tuning108.jsonl", 130, 0.99, 1, 0.99),
    ("tuning109.jsonl", 220, 0.955, 1, 0.995),
    ("tuning110.jsonl", 220, 0.985, 0.995, 0.995),
    ("tuning111.jsonl", 220, 0.98, 1, 0.995),
    ("tuning112.jsonl", 220, 0.975, 0.995, 1),
    ("tuning113.jsonl", 220, 0.99, 1, 1),
    ("tuning114.jsonl", 220, 0.97, 0.995, 0.995),
    ("tuning115.jsonl", 220, 0.975, 0.995, 0.995),
    ("tuning116.jsonl", 199, 0.96, 1, 1),
    ("tuning117.jsonl", 220, 0.975, 1, 0.995),
    ("tuning118.jsonl", 240, 0.995, 1, 0.995),
    ("tuning119.jsonl", 200, 0.955, 0.97, 0.995),
    ("tuning120.jsonl", 300, 0.955, 0.995, 0.99),
    ("tuning121.jsonl", 197, 0.975, 1, 1),
    ("tuning122.jsonl", 240, 0.965, 0.99, 0.995),
    ("tuning150.jsonl", 179, 0.97, 1, 1),
]
# Hands that wrote of nothing but whether to search, four of which nothing has learned, and what rules are tested with.
OF_POLICIES = [
    ("cases.jsonl", 2205, 1),
    ("hand123.jsonl", 160, 0.965),
    ("hand124.jsonl", 160, 0.955),
    ("hand125.jsonl", 150, 1),
    ("hand126.jsonl", 150, 0.99),
    ("hand127.jsonl", 180, 1),
    ("hand130.jsonl", 240, 0.925),
    ("hand131.jsonl", 240, 0.98),
    ("hand132.jsonl", 240, 0.995),
    ("hand133.jsonl", 240, 0.975),
    ("hand135.jsonl", 240, 0.985),
    ("hand136.jsonl", 240, 0.98),
    ("hand140.jsonl", 300, 0.94),
    ("hand141.jsonl", 300, 0.96),
    ("hand142.jsonl", 300, 0.96),
    ("hand143.jsonl", 300, 0.97),
    ("hand144.jsonl", 300, 0.955),
    ("hand145.jsonl", 300, 0.945),
    ("hand146.jsonl", 300, 0.98),
    ("turns.jsonl", 1973, 0.98),
    ("unseen128.jsonl", 140, 0.92),
    ("unseen134.jsonl", 240, 0.88),
    ("unseen151.jsonl", 180, 0.96),
    ("unseen152.jsonl", 160, 0.985),
]
# All hands take minutes: those before the latest six are asked with the long tests.
_LATEST = {name for name, *_ in FLOORS[-6:]}


@pytest.fixture(scope="module")
def routing(project_root: Path) -> ModuleType:
    """The module of the benchmark."""
    return loaded(project_root / "benchmarks" / "routing.py")


@pytest.fixture(scope="module")
def figures(routing: ModuleType, project_root: Path) -> Any:
    others = LEARNED | {name for name, *_ in OWN}
    files = sorted(path for path in routing.CORPUS.glob("*.jsonl") if path.name not in others)
    return routing.measure(routing.read_corpus(files), load_skill(project_root))


def test_the_corpus_is_whole(routing: ModuleType) -> None:
    rows = routing.read_corpus(sorted(routing.CORPUS.glob("*.jsonl")))
    assert len({row["text"] for row in rows}) == len(rows) >= 18000
    assert {row["expect"]["outcome"] for row in rows} == OUTCOMES


def test_actions_policies_and_values_are_read_as_labelled(figures: Any) -> None:
    assert figures.actions[""].f1 >= 0.97
    assert figures.policies[""].f1 == 1.0
    assert figures.values[""].f1 >= 0.97


@pytest.mark.parametrize(("name", "count", "actions"), [OWN[0], pytest.param(*OWN[1], marks=pytest.mark.long)])
def test_a_hand_of_its_own_is_understood(
    routing: ModuleType, project_root: Path, name: str, count: int, actions: float
) -> None:
    found = routing.measure(routing.read_corpus([routing.CORPUS / name]), load_skill(project_root))
    assert (found.requests, found.planned_negatives) == (count, [])
    assert found.actions[""].f1 >= actions
    assert found.policies[""].f1 == 1.0
    assert found.values[""].f1 >= 0.995


@pytest.mark.parametrize(
    ("name", "count", "actions", "policies", "values"),
    [pytest.param(*floor, marks=() if floor[0] in _LATEST else pytest.mark.long) for floor in FLOORS],
)
def test_a_hand_that_the_model_learned_from_is_understood(
    routing: ModuleType, project_root: Path, name: str, count: int, actions: float, policies: float, values: float
) -> None:
    found = routing.measure(routing.read_corpus([routing.CORPUS / name]), load_skill(project_root))
    assert found.requests == count
    assert set(found.planned_negatives) <= PLANNED
    assert found.actions[""].f1 >= actions
    assert found.policies[""].f1 >= policies
    assert found.values[""].f1 >= values


@pytest.mark.parametrize(
    ("name", "count", "policies"),
    [pytest.param(*floor, marks=pytest.mark.long if floor[0].startswith("hand") else ()) for floor in OF_POLICIES],
)
def test_whether_a_search_is_wanted_is_read_as_labelled(
    routing: ModuleType, project_root: Path, name: str, count: int, policies: float
) -> None:
    found = routing.measure(routing.read_corpus([routing.CORPUS / "policies" / name]), load_skill(project_root))
    assert found.requests == count
    assert found.policies[""].f1 >= policies


def test_nothing_is_planned_that_should_not_be(figures: Any) -> None:
    assert figures.planned_negatives == []


@pytest.mark.parametrize(
    ("name", "count", "actions", "policies", "values", "planned"),
    [
        ("held_out.jsonl", 206, 0.97, 1, 0.985, 0),
        ("held_out2.jsonl", 240, 0.965, 1, 0.99, 0),
        ("held_out3.jsonl", 200, 0.935, 1, 0.99, 0),
        ("held_out4.jsonl", 233, 0.965, 1, 0.99, 0),
        ("held_out5.jsonl", 256, 0.98, 1, 0.99, 0),
        ("held_out6.jsonl", 288, 0.97, 1, 0.995, 0),
        ("held_out7.jsonl", 257, 0.97, 1, 0.995, 0),
        ("held_out8.jsonl", 316, 0.965, 1, 0.99, 0),
        ("held_out9.jsonl", 293, 0.975, 1, 0.99, 0),
        ("held_out10.jsonl", 296, 0.96, 1, 0.995, 0),
    ],
)
def test_requests_that_nobody_looked_at_are_understood_as_well_as_published(
    routing: ModuleType,
    project_root: Path,
    name: str,
    count: int,
    actions: float,
    policies: float,
    values: float,
    planned: int,
) -> None:
    rows = routing.read_corpus([routing.CORPUS / "held_out" / name])
    found = routing.measure(rows, load_skill(project_root))
    assert len(rows) == found.requests == count
    assert found.actions[""].f1 >= actions
    assert found.policies[""].f1 >= policies
    assert found.values[""].f1 >= values
    assert len(found.planned_negatives) <= planned
