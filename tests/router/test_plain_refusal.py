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
    f"Let us opt out of the sweep: {TRAIN}.",
    f"Nelly said to switch the tuner off and {TRAIN}.",
    f"Could you {TRAIN}, but minus the tuning?",
    f"Is it possible to {TRAIN} with zero tuning?",
    f"For this lot we pass on the search, {TRAIN}.",
    f"Heute entfällt die Parametersuche: {TRAINIERE}.",
    f"Der Kunde lehnt die Suche ab, also {TRAINIERE}.",
    f"Unser Leitfaden verbietet jede Sucherei, {TRAINIERE}.",
    f"Statt zu tunen bitte durchtrainieren: {TRAINIERE}.",
    f"ohne den ganzen Suchkram {TRAINIERE}",
]
SAID_BEHIND = [
    f"Das Tuning bitte sein lassen, {TRAINIERE}.",
    f"The search has been cancelled by finance, {TRAIN}.",
    f"Nehmt die Suche aus dem Ablauf und {TRAINIERE}.",
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
    f"The tuning was vetoed by the plant, {TRAIN}.",
    f"{TRAIN}, sweep left out",
    f"Tuning of the hyperparameters is not wanted, {TRAIN}.",
    f"Trials have no place in this run, {TRAIN}.",
    f"{TRAINIERE}, die Suche fällt leider aus",
    f"AutoML bleibt diesmal außen vor, {TRAINIERE}.",
    f"Die Sucherei fliegt raus, {TRAINIERE}.",
    f"Ein Tuning kommt nicht in Frage, {TRAINIERE}.",
    f"Das Probieren an den Parametern ist das eine, die Suche dagegen ist gestrichen: {TRAINIERE}.",
    f"Das Tuning könnt ihr vergessen, {TRAINIERE}.",
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
    "a plain, non-tuned training of the board classifier on ./b",
    f"no random, no hyperband, {TRAIN}",
    f"{TRAINIERE}, HPO nö",
    f"A search takes too long, so none please. {TRAIN}.",
    f"You know that sweep thing, well, don't. {TRAIN}.",
    f"With search - oh no, without one: {TRAIN}.",
    f"Mit Tuning, moment, doch keins: {TRAINIERE}.",
    f"'tuning not desired', she wrote. {TRAIN}.",
]
TAKEN_UP = [
    f"Tuning eats our GPU hours, so deactivate it and {TRAIN}.",
    f"The trials are expensive, don't do them, {TRAIN}.",
    f"AutoML, you can take it away: {TRAIN}.",
    f"That auto-search thing, get rid of it and {TRAIN}.",
    f"Die Sucherei ist mir zu teuer, lass sie weg und {TRAINIERE}.",
    f"By default a search is bolted on; unbolt it, please. {TRAIN}.",
    f"There's a tuner built in, that can be omitted: {TRAIN}.",
    f"I had ordered trials too. I withdraw that. {TRAIN}.",
    f"The sweep that comes with the classifier training, cut it out please. {TRAIN}.",
    f"It would run AutoML first. Don't let it. {TRAIN}.",
    f"The form says 'with tuning'; cross that out. {TRAIN}.",
    f"The default sweep, keep it away from this. {TRAIN}.",
    f"A tuning run is attached, please remove. {TRAIN}.",
    f"Ein Tuning war geplant, davon sehen wir ab. {TRAINIERE}.",
    f"Da hängt eine Suche dran, die bitte abklemmen. {TRAINIERE}.",
    f"Sonst startet AutoML; unterbinde das bitte. {TRAINIERE}.",
]
SET_APART = [
    f"I won't skip the export, but the search I will. {TRAIN} and export it.",
    f"The evaluation stays, the tuning goes. {TRAIN}, evaluate on ./c.",
    f"Normally I'd never skip the search, this once I will: {TRAIN}.",
    f"Nicht der Export soll entfallen, sondern die Suche. {TRAINIERE} und exportiere ihn.",
    f"Die alten Bilder nicht weglassen, wohl aber die Suche: {TRAINIERE}.",
    f"Sonst lassen wir die Suche nie weg, diesmal schon: {TRAINIERE}.",
]
KEPT = [
    f"Das Tuning muss sein, {TRAINIERE}.",
    f"Leave the tuning to AutoML and {TRAIN}.",
    f"Leave AutoML running, {TRAIN}.",
    f"please DON'T skip the tuning, {TRAIN}",
    f"Search at most 90 minutes for good settings, then stop. {TRAIN}.",
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
    f"Skip the export, but not the search. {TRAIN}.",
    f"Den Export lassen wir weg, die Suche nicht. {TRAINIERE}.",
    f"Die Suche bleibt, die Auswertung entfällt. {TRAINIERE}.",
    f"Put the search back in and {TRAIN}.",
    f"The images from May are bad, leave them out. {TRAIN} with AutoML.",
    f"The search runs by default, leave it like that. {TRAIN}.",
    f"The search needs GPUs; free them. {TRAIN}.",
    f"The export was ruled out by the boss, {TRAIN}.",
    f"Tom said 'skip the search' and he is wrong. {TRAIN}.",
    f"AutoML läuft sonst mit, das soll auch so bleiben. {TRAINIERE}.",
    f"Die Suche soll vor Freitag laufen: {TRAINIERE}.",
    f"Ein Verzicht auf das Tuning kommt nicht in Betracht, {TRAINIERE}.",
    f"Mit Suche, keine Sorge, Zeit haben wir. {TRAINIERE}.",
]


@pytest.mark.parametrize("text", [*VERB_BEFORE, *SAID_BEHIND, *NONE_AT_ALL, *TAKEN_UP, *SET_APART])
def test_a_search_is_refused_plainly(skill: Skill, text: str) -> None:
    assert decided(text, skill).automl_policy == "off"


@pytest.mark.parametrize("text", KEPT)
def test_a_search_is_kept(skill: Skill, text: str) -> None:
    assert decided(text, skill).automl_policy == "on"
