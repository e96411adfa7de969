# SPDX-License-Identifier: Apache-2.0
"""A search that words turn off, forbid or let rest, whatever they call it; and what only sounds like that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

TRAIN, TRAINIERE = "train the board classifier on ./b", "trainiere den Klassifikator auf ./b"
VERB_BEFORE = [
    f"Switch off the automatic optimisation and {TRAIN}.",
    f"Switch the auto tuner off and {TRAIN}.",
    f"Deactivate that automatic hyperparameter stuff and {TRAIN}.",
    f"Please abstain from AutoML, {TRAIN}.",
    f"{TRAIN}, bypassing the parameter hunt",
    f"my boss has forbidden the search, {TRAIN}",
    f"don't wonder why I drop the tuning, {TRAIN}",
    f"{TRAIN} unter Umgehung der Suche",
    "Sparen wir uns die Suche und trainieren den Klassifikator auf ./b.",
    f"Nimm die Suche raus und {TRAINIERE}",
]
SAID_BEHIND = [
    f"The sweep you may leave out, {TRAIN}.",
    f"{TRAIN}; the optimiser has to stay quiet",
    f"AutoML must be out of action, {TRAIN}.",
    f"The search must not be started, {TRAIN}.",
    f"Hyperparameters must not be varied, {TRAIN}.",
    f"On the tuning I renounce, {TRAIN}.",
    f"If the AutoML could be cut for this one: {TRAIN}.",
    f"Can the tuner stay in the drawer for this one? {TRAIN}.",
    f"The golden pictures must not be left out, the search must be. {TRAIN}.",
    f"{TRAINIERE}, die Suchautomatik soll ruhen",
    f"Von einer Suche sehen wir ab, {TRAINIERE}.",
    f"AutoML hat Sendepause: {TRAINIERE}",
]
NONE_AT_ALL = [
    f"{TRAIN}, zero tuning",
    f"{TRAIN}, minus the search please",
    "a non-AutoML training of the board classifier on ./b",
    "an un-optimised training of the board classifier on ./b",
    "Ein tuningfreies Training des Klassifikators auf ./b bitte.",
    f"Search? Not needed. {TRAIN}.",
    f"Trials? None. {TRAIN}.",
    f"One sole execution, {TRAIN}",
]
TAKEN_UP = [
    f"Tuning eats our GPU hours, so deactivate it and {TRAIN}.",
    f"The trials are expensive, don't do them, {TRAIN}.",
    f"AutoML, you can take it away: {TRAIN}.",
    f"That auto-search thing, get rid of it and {TRAIN}.",
    f"Die Sucherei ist mir zu teuer, lass sie weg und {TRAINIERE}.",
]
KEPT = [
    "Turn off the ring light and tune the board classifier on ./b.",
    f"Close the gap to line 3: {TRAIN}.",
    f"We aim at zero defects, {TRAIN} with tuning.",
    "The rest of the boards lies in ./b, train the board classifier on it.",
    f"The camera tuning is cancelled, {TRAIN}.",
    f"cut the search at 10 trials, {TRAIN}",
    f"The search must not be left out, {TRAIN}.",
    f"The AutoML must not rest before it has found good values: {TRAIN}.",
    f"The search must not be done by hand, {TRAIN}.",
    f"The search for a new supplier was cancelled. {TRAIN}.",
    f"refrain from switching off the tuning, {TRAIN}",
    f"Forbid the search? Who would. {TRAIN}, search included.",
    f"The search is quiet at night, {TRAIN} with it.",
    f"Schalte das Ringlicht aus und {TRAINIERE} mit Tuning.",
    f"Die Suche darf nicht ausfallen, {TRAINIERE}.",
    f"Auf die Suche verzichten wir nicht, {TRAINIERE}.",
    f"{TRAINIERE}, die Suchautomatik soll laufen",
]


@pytest.mark.parametrize("text", [*VERB_BEFORE, *SAID_BEHIND, *NONE_AT_ALL, *TAKEN_UP])
def test_a_search_is_refused_plainly(skill: Skill, text: str) -> None:
    assert decided(text, skill).automl_policy == "off"


@pytest.mark.parametrize("text", KEPT)
def test_a_search_is_kept(skill: Skill, text: str) -> None:
    assert decided(text, skill).automl_policy == "on"
