# SPDX-License-Identifier: Apache-2.0
"""A search that is behind us or does not pay, values settled by where they stand, and one run by other words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

BEHIND_US = [
    "We're past the stage of trying combinations.",
    "We're beyond experimenting.",
    "We're done with tuning.",
    "Optuna has had its turn.",
    "The sweep had its chance.",
    "The last search taught us everything.",
    "We've tuned plenty.",
    "Another round of tuning won't bring anything.",
    "It was tuned twice already and a third time won't help.",
    "Hunting for the last tenth isn't worth the electricity.",
    "A grid search was run last month and gave lr 2e-4.",
    "Leave the searching to the university.",
    "Comparing configurations is for another day.",
    "The tool loves to tinker. This time it must not.",
    "Every extra attempt costs us 11 euros, spare us those.",
    "No further attempts after this one.",
    "Auto-anything stays out of this.",
    "Nobody is going to sweep anything on my watch.",
    "Über das Ausprobieren sind wir hinaus.",
    "Die Zeit des Tüftelns ist vorbei.",
    "Getüftelt haben wir genug.",
    "Die letzte Suche hat alles gezeigt.",
    "Die Suche hatte ihre Chance.",
    "Eine weitere Suche bringt nichts mehr.",
    "Zum Ausprobieren fehlt uns der Strom.",
    "Keine weiteren Durchgänge.",
    "Am Rezept wird nicht geschraubt.",
    "Das Werkzeug probiert gern herum. Heute soll es das nicht.",
]
SETTLED_OTHERWISE = [
    "The hyperparameters were pinned down by the lab.",
    "The settings are preregistered and then kept.",
    "Nothing in this configuration may budge.",
    "The values are part of the release and thus untouchable.",
    "The numbers in the config are not yours to move.",
    "The learning rate and batch size have been the same for years and they'll stay so.",
    "Treat the following as law: 30 epochs.",
    "Take what is on the sheet.",
    "The hyperparameters are what they are.",
    "Die Parameter sind ausgehandelt.",
    "Die Parameter hat das Labor festgezurrt.",
    "Gleiche Einstellungen, nichts neu ermittelt.",
    "Nimm, was im Protokoll steht.",
    "Bitte mit den Standardwerten.",
    "Von den Einstellungen lässt du bitte die Finger.",
]
ONE_ONLY = [
    "First and only attempt.",
    "You get one shot at this.",
    "One is what I can justify.",
    "Ich will nicht zwanzig Läufe, ich will einen.",
    "Erster und letzter Versuch.",
    "Wir haben genau einen Versuch.",
]

NOT_REFUSED = [
    "I'm done with labelling.",
    "We have searched enough drawers for the pictures.",
    "A third camera won't help, says the boss.",
    "The old classifier was tuned to green boards, every black one is rejected now.",
    "The lamp supplier had its chance last week.",
    "Once we're done with tuning the lamps we mount them.",
    "Eine zweite Kamera bringt nichts.",
    "Ich habe lange genug nach den Bildern gesucht.",
    "Mit der Sortierung sind wir durch.",
    "First I wanted only one run, but now make it a search.",
    "I'm tired of guessing learning rates by hand, let the tool pick them.",
    "Erst wollte ich nur einen Lauf, jetzt mach lieber eine Suche daraus.",
]


@pytest.mark.parametrize("words", [*BEHIND_US, *SETTLED_OTHERWISE, *ONE_ONLY])
def test_a_search_that_is_behind_us_is_refused(skill: Skill, words: str) -> None:
    assert decided(f"{words} Train the AOI classifier on /lab/fans.", skill).automl_policy == "off"


@pytest.mark.parametrize("words", NOT_REFUSED)
def test_what_only_sounds_like_it_refuses_nothing(skill: Skill, words: str) -> None:
    assert decided(f"{words} Train the AOI classifier on /lab/fans.", skill).automl_policy == "on"


def test_a_refusal_with_typing_errors_is_no_contradiction(skill: Skill) -> None:
    text = "Could you please trian the AOI classifer on /lab/fans, wihtout trying diffrent settings"

    assert decided(text, skill).automl_policy == "off"
