# SPDX-License-Identifier: Apache-2.0
"""Denials of things, single values, other actions, models, times and views say nothing of this training's search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

OF_THINGS = [
    "The conveyor speed is not to be altered, it is set by production. Train the AOI classifier on /lab/fans.",
    "Do not fiddle with the lamp settings, train the AOI classifier on /lab/fans.",
    "The threshold stays where it is, don't tune that. Train the AOI classifier on /lab/fans.",
    "The vendor's archive has no search function. Train the AOI classifier on /lab/fans.",
    "We need no tuning report this time; train the AOI classifier on /lab/fans.",
    "There's no need to search for the photos, they lie in /lab/fans. Train the AOI classifier with them.",
    "Die Aufnahmen entstanden ohne Automatik. AOI-Klassifikator auf /lab/luefter trainieren.",
    "Nach den Bildern brauchst du nicht zu suchen. AOI-Klassifikator auf /lab/luefter trainieren.",
    "Am Ofenprofil tunen wir nicht. AOI-Klassifikator auf /lab/luefter trainieren.",
    "Bei den Fotos wurde nichts optimiert. AOI-Klassifikator auf /lab/luefter trainieren.",
    "The mirrors are adjusted by hand and need no tuning any more. Train the AOI classifier on /lab/fans.",
    "Don't readjust the lights, their settings stay as they are. Train the AOI classifier on /lab/fans.",
    "The threshold is not to be searched for, it stays as it is. Train the AOI classifier on /lab/fans.",
    "Den Blitz nicht nachjustieren, seine Werte bleiben, wie sie sind. AOI-Klassifikator auf /lab/luefter trainieren.",
    "Plain English, as our portal is down: train the AOI classifier on /lab/fans.",
    "Have candidates compete against each other and keep the best: train the AOI classifier on /lab/fans.",
]
OF_ONE_VALUE = [
    "Train the AOI classifier on /lab/fans, and don't change my learning rate.",
    "The seed is not to be touched. Train the AOI classifier on /lab/fans.",
    "AOI-Klassifikator auf /lab/luefter trainieren, die Lernrate nicht verstellen.",
]
OF_OTHER_RUNS = [
    "Our YOLO was trained without any search. Now train the AOI classifier on /lab/fans.",
    "At the other plant they go without AutoML. Train the AOI classifier on /lab/fans.",
    "Next month we may want one run without a search. Now train the AOI classifier on /lab/fans.",
    "Line 4 wants no tuning. Train the AOI classifier for line 5 on /lab/fans.",
    "The rival's software needs no tuning. Train the AOI classifier on /lab/fans.",
    "The pallet model needs no search. The AOI classifier does: train it on /lab/fans.",
    "Der Relaisdetektor braucht keine Suche. Der AOI-Klassifikator schon: auf /lab/luefter trainieren.",
    "Kein AutoML bei der anderen Linie. Hier bitte den AOI-Klassifikator auf /lab/luefter trainieren.",
]
TOLD_OTHERWISE = [
    "We haven't tuned it yet, so train the AOI classifier on /lab/fans.",
    "Bisher hat niemand etwas getunt. AOI-Klassifikator auf /lab/luefter trainieren.",
    "Paula turned AutoML off last time, don't do that again. Train the AOI classifier on /lab/fans.",
    "Somebody said AutoML is not working. It is working, so train the AOI classifier on /lab/fans.",
    "Ignore the note that says no HPO. Train the AOI classifier on /lab/fans.",
    "Ich hatte geschrieben, man solle auf AutoML verzichten. Das nehme ich zurück: AOI-Klassifikator auf /lab/luefter.",
]
LEFT_TO_THE_MACHINE = [
    "Nobody need choose values by hand, the computer chooses. Train the AOI classifier on /lab/fans.",
    "I have no preference for the hyperparameters, so optimise them. Train the AOI classifier on /lab/fans.",
    "Ich will keine Werte von Hand wählen. AOI-Klassifikator auf /lab/luefter trainieren.",
    "Nicht manuell einstellen, sondern automatisch suchen: AOI-Klassifikator auf /lab/luefter trainieren.",
]
OF_OTHER_ACTIONS = [
    "Train the AOI classifier on /lab/fans and afterwards export it directly.",
    "Train the AOI classifier on /lab/fans, then export it, the export only once please.",
]
OF_ANOTHER_PLACE = ["Don't run on slurm, run a normal training of the AOI classifier here on /lab/fans."]
STILL_REFUSED = [
    "The supplier says that the AOI classifier needs no tuning, and he's right: train it on /lab/fans.",
    "The AOI classifier needs no search. Train it on /lab/fans.",
    "The hyperparameters are set by hand and need no tuning. Train the AOI classifier on /lab/fans.",
    "Die Werte bleiben, wie sie sind, es wird nicht gesucht. AOI-Klassifikator auf /lab/luefter trainieren.",
    "The lamps stay as they are and so do the hyperparameters, no tuning: train the AOI classifier on /lab/fans.",
    "The camera is fixed, no search please, train the AOI classifier on /lab/fans.",
    "As last week: without AutoML. Train the AOI classifier on /lab/fans.",
    "As on the other line, no AutoML for us: train the AOI classifier on /lab/fans.",
    "Other lines use AutoML, we don't. Train the AOI classifier on /lab/fans.",
    "The learning rate, batch size and epochs are not to be changed. Train the AOI classifier on /lab/fans.",
    "Next month we search; for now train the AOI classifier on /lab/fans without AutoML.",
    "My colleague said no AutoML, so train the AOI classifier on /lab/fans without it.",
    "The computer must not choose the values, our engineer does. Train the AOI classifier on /lab/fans.",
    "Train the AOI classifier on /lab/fans without AutoML, then evaluate it on /lab/fans_test.",
    "Auf Linie 3 keine Suche: AOI-Klassifikator auf /lab/luefter trainieren.",
    "Bisher ohne AutoML, und das bleibt so: AOI-Klassifikator auf /lab/luefter trainieren.",
    "Für die Bilder in /lab/luefter bitte keine Suche, AOI-Klassifikator trainieren.",
    "Keine Automatik, ich setze die Werte von Hand: AOI-Klassifikator auf /lab/luefter trainieren.",
]


def policy_of(text: str, skill: Skill) -> str | None:
    """The policy of a training, or of the step that is one."""
    decision = decided(text, skill)
    steps = [step.automl_policy for step in decision.steps if step.automl_policy]
    return decision.automl_policy or next(iter(steps), None)


@pytest.mark.parametrize(
    "text",
    [
        *OF_THINGS,
        *OF_ONE_VALUE,
        *OF_OTHER_RUNS,
        *TOLD_OTHERWISE,
        *LEFT_TO_THE_MACHINE,
        *OF_OTHER_ACTIONS,
        *OF_ANOTHER_PLACE,
    ],
)
def test_what_is_of_other_matters_leaves_the_search_on(skill: Skill, text: str) -> None:
    assert policy_of(text, skill) == "on"


@pytest.mark.parametrize("text", STILL_REFUSED)
def test_what_is_of_this_training_refuses_its_search(skill: Skill, text: str) -> None:
    assert policy_of(text, skill) == "off"


def test_a_phrase_that_all_words_speak_against_refuses_nothing_and_is_told(skill: Skill) -> None:
    found = decided(
        "One time by month we do this: train the PASS/NO_PASS classifier on /lab/fans with new photos.", skill
    )
    assert (found.automl_policy, found.missing) == ("on", ())
    assert any("all of them but 'One time'" in reason for reason in found.reasons)


def test_a_phrase_that_all_words_are_likely_to_speak_against_is_asked_about(skill: Skill) -> None:
    found = decided("train the AOI classifier on /lab/fans, I would mind if you leave the search out", skill)
    assert {question.slot for question in found.missing} == {"automl_policy"}


def test_a_training_that_is_repeated_is_a_single_one_whatever_all_words_say(skill: Skill) -> None:
    order = "Do the same training in the TAO container on our GPU machine, 2 GPUs, data on s3://factory/boards"
    found = decided(order, skill)
    assert (found.automl_policy, found.missing) == ("off", ())
