# SPDX-License-Identifier: Apache-2.0
"""How a search goes about its work, as words set it; what no setting says is asked about, and none refuses a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from automl.algorithms import ALGORITHMS
from router import search_settings
from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision

EN, DE = "train the AOI classifier on /lab/fans", "trainiere PASS/NO_PASS auf /lab/luefter"
RATE, DECAY = "train.optim.lr", "train.optim.weight_decay"

SET: list[tuple[str, dict[str, Any]]] = [
    (f"{EN} with random search instead of bayesian optimisation", {"algorithm": "random"}),
    (f"{EN} with random search: no, asha", {"algorithm": "asha"}),
    (f"{EN} with AutoML: bayesian? no, random, 6 trials", {"algorithm": "random", "trials": 6}),
    (f"{EN} using hyperband, 27 trials", {"algorithm": "hyperband", "trials": 27}),
    (f"{EN} with CMA-ES", {"algorithm": "cmaes"}),
    (f"{EN}, tuned by population based training", {"algorithm": "pbt"}),
    (f"{DE} mit Zufallssuche", {"algorithm": "random"}),
    (f"{DE} mit zufälliger Suche statt Bayes'scher Optimierung", {"algorithm": "random"}),
    (f"{DE} mit BOHB, nicht mit Hyperband", {"algorithm": "bohb"}),
    ("changenet run train --data /lab/fans --trials 3 --algorithm random", {"algorithm": "random", "trials": 3}),
    (f"{EN}, tune everything except the learning rate", {"remove": [RATE]}),
    (f"{EN}, tune all but weight decay", {"remove": [DECAY]}),
    (f"{EN} and search everything apart from the learning rate and the weight decay", {"remove": [RATE, DECAY]}),
    (f"{EN} but don't search the learning rate", {"remove": [RATE]}),
    (f"{EN}, but leave the learning rate out of the search", {"remove": [RATE]}),
    (f"{EN} without tuning the batch size", {"remove": ["batch_size"]}),
    (f"{DE}, die Lernrate bitte nicht tunen", {"remove": [RATE]}),
    (f"{DE}, suche alles außer der Lernrate", {"remove": [RATE]}),
    (f"{DE} ohne Suche nach der Lernrate", {"remove": [RATE]}),
    (f"{EN}, optimise val_f1, not the loss", {"objectives": ["val_f1:maximize"]}),
    (f"{DE}, minimiere val_far", {"objectives": ["val_far:minimize"]}),
    (f"{EN} without a final test", {"test": False}),
    (f"{EN} without the closing evaluation on the test split", {"test": False}),
    (f"{EN}, don't test the winner at the end", {"test": False}),
    (f"{DE} ohne abschließende Auswertung", {"test": False}),
    (
        "changenet run train --data /lab/fans --algorithm random --no-search lr",
        {"algorithm": "random", "remove": [RATE]},
    ),
    (f"{EN}, search randomly", {"algorithm": "random"}),
    (f"{EN}, the learning rate must not be tuned", {"remove": [RATE]}),
    (f"{EN}, every parameter but the learning rate may be searched", {"remove": [RATE]}),
    (f"{DE}, alle Parameter außer der Lernrate dürfen gesucht werden", {"remove": [RATE]}),
    (f"{EN}, judge the trials by val_f1", {"objectives": ["val_f1:maximize"]}),
    (f"{EN}, skip the test split", {"test": False}),
    (f"{DE} ohne Abschlusstest", {"test": False}),
    (f"{DE}, den abschließenden Test lassen wir weg", {"test": False}),
]
ASKED = [
    f"{EN}, tune only lr",
    f"{EN}, search lr and weight decay only",
    f"only tune the learning rate, {EN}",
    f"{EN} with the search limited to the learning rate",
    f"{DE} und suche nur die Lernrate",
    f"{EN}, optimise for recall",
    f"{EN}, objective accuracy",
    f"{EN}, maximise val_loss",
    f"{DE}, optimiere auf Trefferquote",
    f"{EN}, pick the winner by f1",
    f"{EN}, use accuracy as the objective",
    f"{EN}, objectives: val_f1 and val_loss",
    f"{EN}, search just two keys: lr and weight decay",
    f"{EN}, keep the checkpoint of trial 3",
    f"{EN} with pbt, population 8",
    f"{EN} --range lr=1e-4..1e-2",
    f"{DE}, wähle den besten Versuch nach F1",
    f"{EN} with a grid search",
    f"{DE} mit einer Rastersuche",
    f"{EN} with hyperband or asha",
    f"{EN} without tuning the momentum",
]
UNTOUCHED = [
    (f"{EN} with bayesian optimisation", "on", {}),
    (f"{EN} with a random seed of 7", "on", {"seed": 7}),
    (f"{EN} and tune the learning rate", "on", {}),
    (f"{EN}, minimise the validation loss", "on", {}),
    (f"{EN}, objective recall >= 99% at false alarms <= 2%", "on", {}),
    (f"{EN}, this is no test run", "on", {}),
    (f"{EN} without bayesian optimisation", "off", {}),
    (f"{EN} without a grid search", "off", {}),
    (f"{EN} without AutoML and without a final test", "off", {}),
    (f"{EN}, don't tune anything, learning rate 1e-4", "off", {}),
    (f"{EN}, don't tune the hyperparameters", "off", {}),
    (f"{DE} ohne Suche, Lernrate 2e-4", "off", {}),
]


def open_of(decision: Decision) -> list[str]:
    return [one.slot for one in decision.missing]


@pytest.mark.parametrize(("text", "expected"), SET)
def test_what_words_set_about_a_search_goes_to_it(text: str, expected: dict[str, Any], skill: Skill) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.automl_policy, open_of(decision)) == ("train", "on", [])
    assert decision.request.search == expected


@pytest.mark.parametrize("text", ASKED)
def test_what_no_setting_says_is_asked_about(text: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert decision.action == "train"
    assert open_of(decision)


@pytest.mark.parametrize(("text", "policy", "search"), UNTOUCHED)
def test_what_sets_nothing_about_a_search_stays_as_it_is(
    text: str, policy: str, search: dict[str, Any], skill: Skill
) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.automl_policy, open_of(decision)) == ("train", policy, [])
    assert decision.request.search == search


def test_the_algorithms_that_words_name_are_those_that_a_search_has() -> None:
    assert set(ALGORITHMS) == set(search_settings.ALGORITHMS)
