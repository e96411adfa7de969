# SPDX-License-Identifier: Apache-2.0
"""The search is refused, or wanted, in words that do not name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

TRYING_REFUSED = [
    "Train the AOI classifier on /lab/fans, and please don't play around with the learning rate.",
    "I've no appetite for a contest of models: train the AOI classifier on /lab/fans.",
    "Train the segmentation of changes on /lab/fans with these numbers and don't experiment with others.",
    "Skip the exploring and train the AOI classifier on /lab/fans right away.",
    "I don't want a bunch of runs, train the AOI classifier on /lab/fans.",
    "Never mind whether better settings exist, train the AOI classifier on /lab/fans.",
    "Train the AOI classifier on /lab/fans without looking for something better.",
    "Trainiere die Änderungssegmentierung auf /lab/luefter und probier nicht herum.",
    "Für ein Turnier von Modellen fehlt die Zeit, keine Varianten, AOI-Klassifikator auf /lab/luefter trainieren.",
    "AOI-Klassifikator auf /lab/luefter trainieren, ohne dass an den Stellschrauben gedreht wird.",
]
VALUES_SETTLED = [
    "The recipe was validated by the authority and must not be altered; train the AOI classifier with 30 epochs.",
    "Train the AOI classifier on /lab/fans but leave the knobs where they are.",
    "The hyperparameters are carved in stone: lr 1e-4, batch 8. Train the AOI classifier.",
    "Train the AOI classifier from our config, unmodified.",
    "Die Werte stehen fest, Lernrate 1e-4 und 30 Epochen. PASS/NO_PASS trainieren.",
    "An den Werten wird nicht gerüttelt. PASS/NO_PASS mit 30 Epochen trainieren.",
    "PASS/NO_PASS trainieren, 30 Epochen, Batch 8 - so und nicht anders.",
]
ONE_RUN = [
    "One and done: AOI classifier, 40 epochs, /lab/fans.",
    "Kick off the training of the AOI classifier, just the one run please, on /lab/fans.",
    "A lone training of the AOI classifier on /lab/fans.",
    "AOI-Klassifikator auf /lab/luefter trainieren, einmal drüber und fertig.",
    "Bitte nichts weiter: ein Trainingslauf, AOI-Klassifikator, /lab/luefter.",
]
CHOSEN_ALREADY = [
    "We've already optimised everything, so just train the AOI classifier with lr 1e-4.",
    "Our engineer chooses the parameters, not the computer. Train the AOI classifier with 30 epochs.",
    "Picking the learning rate is my business; train the AOI classifier with 1e-4.",
    "We did the sweep in March; train the AOI classifier with lr 3e-4.",
    "Wir haben die Lernrate schon ermittelt, 1e-4; AOI-Klassifikator damit trainieren.",
    "Der Rechner soll sich bei den Parametern raushalten; AOI-Klassifikator mit Lernrate 1e-4 trainieren.",
]
SAID_OF_A_SEARCH = [
    "Pavel likes his sweeps, I don't. AOI classifier, train on /lab/fans.",
    "The search blocked our cluster, so this time spare us that and train the AOI classifier on /lab/fans.",
    "We tuned it in May; train the AOI classifier on /lab/fans this time without.",
    "Mit Suche, nein, halt, ohne: AOI-Klassifikator auf /lab/luefter trainieren.",
    "AOI-Klassifikator auf /lab/luefter trainieren, die Suche bitte abschalten.",
    "Train the AOI classifier on /lab/fans, none of that tuning business.",
    "no more tuning, train the AOI classifier on /lab/fans",
    "no sweep this time because the last one ate our budget, train the AOI classifier on /lab/fans",
    "action=train task=classify data=/lab/fans no_search=true",
    "train, task=classify, data=/lab/fans, mode=single-run",
]
REFUSED_LATER_OR_BY_A_HEADING = [
    "I had ordered AutoML, but we strike that again. Train the AOI classifier on /lab/fans.",
    "Erst wollte ich 20 Versuche, aber lass die Versuche weg und trainier den AOI-Klassifikator auf /lab/luefter.",
    "I had 20 trials in mind at first, but leave the trials out and train the AOI classifier on /lab/fans.",
    "Für den Dimmer reicht mir ein schlichter Einzellauf des AOI-Klassifikators auf /lab/luefter.",
    "Die Suche war bestellt, das stornieren wir. AOI-Klassifikator auf /lab/luefter trainieren.",
    "Optimised it three times in April, that will do, so no fourth search: train the AOI classifier on /lab/fans.",
    "Goal: train the AOI classifier. Data: /lab/fans. Prohibited: HPO.",
    "Ziel: AOI-Klassifikator auf /lab/luefter trainieren. Verboten: Suche.",
    "Do not search for something better, train the AOI classifier on /lab/fans.",
    "AOI-Klassifikator auf /lab/luefter trainieren, ohneee Suche",
    "train the classifier plain on /lab/fans, it compares boards with golden ones",
]
SEARCH_KEPT = [
    "Without tuning we do not train the AOI classifier on /lab/fans again.",
    "Ohne Suche fange ich mit dem AOI-Klassifikator auf /lab/luefter nicht noch einmal an, trainiere ihn.",
    "Batch 4 is fixed by the card. The rest is up to the search: AOI classifier on /lab/fans, train it.",
    "Die Lernrate 1e-4 steht fest, alles Übrige darf variieren: AOI-Klassifikator auf /lab/luefter trainieren.",
    "It is a myth that there is no time for a search. Train the AOI classifier on /lab/fans.",
    "Leave no stone unturned: AOI classifier on /lab/fans, 60 trials.",
    "Why wouldn't we use HPO? Train the AOI classifier on /lab/fans with it.",
    "Go crazy with the learning rates and settings, train the AOI classifier on /lab/fans.",
    "My boss thinks little of HPO, I do: AOI classifier on /lab/fans with search, please.",
    "Don't leave the AOI classifier at one run, give it ten trials.",
    "Ein einzelner Lauf reicht beim AOI-Klassifikator nicht, bitte mehrere Varianten durchspielen.",
    "AOI-Klassifikator auf /lab/luefter trainieren, vergiss die Suche nicht.",
    "Stop searching after 20 hours, and train the AOI classifier on /lab/fans.",
    "Our hand-set values were no good, have the machine look for better ones: AOI classifier, /lab/fans.",
]
NOTHING_SAID = [
    "Marta trained hers without AutoML last winter. Please train our AOI classifier on /lab/fans.",
    "The lens settings are final, so don't touch them. Train the AOI classifier on /lab/fans.",
    "Stop tuning the conveyors, they run well. Train the AOI classifier on /lab/fans.",
    "Brake levers: a missed board is no option here. Train the AOI classifier on /lab/fans.",
    "Train the AOI classifier on /lab/fans. Don't touch the images in the folder.",
    "The lamps are settled and the camera is fixed. Train the AOI classifier on /lab/fans.",
    "Train the AOI classifier on /lab/fans once the copy is done.",
    "One camera, one light, one product: train the AOI classifier on /lab/fans.",
    "Nobody found out which settings are right; train the AOI classifier on /lab/fans.",
    "I tried everything to get the lamp quiet. Train the AOI classifier on /lab/fans.",
    "Every fan passes the camera exactly once. Train the AOI classifier on /lab/fans.",
    "The seed is 12 so that Ana can reproduce it; train the AOI classifier on /lab/fans.",
    "Train the AOI classifier on /lab/fans, no more than 30 epochs.",
    "Die Werte sind noch nicht festgelegt, trainiere den AOI-Klassifikator auf /lab/luefter.",
    "Bitte einmal den AOI-Klassifikator auf /lab/luefter trainieren.",
    "Die Bilder haben sich nicht geändert. AOI-Klassifikator auf /lab/luefter trainieren.",
]


REFUSED = [*TRYING_REFUSED, *VALUES_SETTLED, *ONE_RUN, *CHOSEN_ALREADY, *SAID_OF_A_SEARCH]


@pytest.mark.parametrize("text", [*REFUSED, *REFUSED_LATER_OR_BY_A_HEADING])
def test_a_search_is_refused_in_other_words(skill: Skill, text: str) -> None:
    decision = decided(text, skill)
    assert (decision.automl_policy, decision.policy_source) == ("off", "phrase")


@pytest.mark.parametrize("text", [*SEARCH_KEPT, *NOTHING_SAID])
def test_a_search_stays_where_the_words_deny_something_else(skill: Skill, text: str) -> None:
    decision = decided(text, skill)
    assert decision.automl_policy == "on"
    assert not [question for question in decision.missing if question.slot == "automl_policy"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Train the AOI classifier on /lab/fans, no variants please.", "no variants"),
        ("The numbers are signed off by Ada; train the AOI classifier on /lab/fans.", "numbers are signed"),
        ("Train the AOI classifier on /lab/fans, one pass and done.", "one pass and done"),
        ("Es wurde schon alles ausprobiert, AOI-Klassifikator auf /lab/luefter trainieren.", "schon alles ausprobiert"),
        ("Pavel likes his sweeps, I don't. Train the AOI classifier on /lab/fans.", "sweeps, I don't"),
    ],
)
def test_the_reason_quotes_the_words_that_refuse(skill: Skill, text: str, words: str) -> None:
    reasons = [reason for reason in decided(text, skill).reasons if reason.startswith("AutoML is off")]
    assert len(reasons) == 1
    assert words in reasons[0]
