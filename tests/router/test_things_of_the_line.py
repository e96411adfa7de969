# SPDX-License-Identifier: Apache-2.0
"""What belongs to the line, the camera or the contract says nothing of the search: settings, runs, experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

OF_OTHERS = [
    "Train the AOI classifier on /lab/fans; the pictures stem from a single run of the conveyor.",
    "The gripper gets one shot per part. Train the AOI classifier on /lab/fans.",
    "The conveyor runs only once a day, so train the AOI classifier on /lab/fans.",
    "A single pass of the squeegee leaves smears; train the AOI classifier on /lab/fans.",
    "It's a one-off product for a ferry, and I'd like the AOI classifier trained on /lab/fans.",
    "The oven settings are frozen since March. Train the AOI classifier on /lab/fans.",
    "The lens's settings must stay; train the AOI classifier on /lab/fans.",
    "At the printer nothing may be tweaked. Train the AOI classifier on /lab/fans.",
    "There will be no experiments on the production line. Train the AOI classifier on /lab/fans.",
    "The contract permits no deviation from the drawing; train the AOI classifier on /lab/fans.",
    "I tried everything with the lamps already; train the AOI classifier on /lab/fans.",
    "We tried Cognex already and it failed. Train the AOI classifier on /lab/fans.",
    "We don't search for scratches, train the AOI classifier on /lab/fans for missing parts.",
    "A Mr. Obermeier signed that, so train the AOI classifier on /lab/fans with 2 GPUs.",
    "AOI-Klassifikator auf /lab/luefter trainieren, die Bilder sind aus einem einzigen Durchlauf der Anlage.",
    "Die Linie 2 läuft nur dieses eine Mal an, AOI-Klassifikator auf /lab/luefter trainieren.",
    "Keine Versuche an der laufenden Linie. AOI-Klassifikator auf /lab/luefter trainieren.",
    "Die Kameraeinstellungen bleiben wie sie sind, AOI-Klassifikator auf /lab/luefter trainieren.",
    "Am Vertrag gibt es nichts zu optimieren, AOI-Klassifikator auf /lab/luefter trainieren.",
    "Wir suchen nicht nach Kratzern. AOI-Klassifikator auf /lab/luefter trainieren.",
    "Wir haben Keyence schon ausprobiert. AOI-Klassifikator auf /lab/luefter trainieren.",
    "No endless search, six trials are enough: AOI classifier, /lab/fans.",
]
OURS = [
    "Train the AOI classifier on /lab/fans, a single run of the classifier will do.",
    "Train the AOI classifier on /lab/fans with no tuning for the new boards.",
    "No experiments for line 3: train the AOI classifier on /lab/fans.",
    "No experiments on the line computer: train the AOI classifier on /lab/fans.",
    "Train the AOI classifier of the line just once on /lab/fans.",
    "No experiments with the learning rate of the classifier, train it on /lab/fans: AOI classifier.",
    "No deviation from the recipe: train the AOI classifier on /lab/fans.",
    "We tried it already, so train the AOI classifier on /lab/fans with lr 1e-4.",
    "No endless search, please: AOI classifier, /lab/fans.",
]


@pytest.mark.parametrize("text", OF_OTHERS)
def test_what_belongs_to_the_line_says_nothing_of_the_search(skill: Skill, text: str) -> None:
    assert decided(text, skill).automl_policy == "on"


@pytest.mark.parametrize("text", OURS)
def test_what_is_ours_still_refuses_the_search(skill: Skill, text: str) -> None:
    assert decided(text, skill).automl_policy == "off"
