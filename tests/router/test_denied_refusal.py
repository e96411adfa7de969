# SPDX-License-Identifier: Apache-2.0
"""Refusals of a search that are denied, and so none, and those that are turned once more, and so hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

EN, DE = "train the AOI classifier on /lab/fans", "trainiere PASS/NO_PASS auf /lab/luefter"

DENIED = [
    f"make sure AutoML isn't off, {EN}",
    f"{EN}; without AutoML it never gets there",
    f"Ohne AutoML brauchst du gar nicht anzufangen: {DE}",
    f"I'm not content with fixed settings, {EN}",
    f"{EN}; the sweep must under no circumstances be switched off",
    f"{EN}, hyperparameter tuning isn't optional at our site",
    f"{EN} without leaving the search out",
    f"I see no reason to drop the tuning: {EN}",
    f"nobody may disable AutoML, so {EN}",
    f"I never said no tuning. {EN}",
    f"it's not true that we want no tuning: {EN}",
    f"leaving out the sweep isn't an option: {EN}",
    f"it would be wrong to omit the search; {EN}",
    f"why would we skip the tuning? {EN}",
    f"{EN}, no limit on the search",
    f"not tuning is not acceptable here: {EN}",
    f"no setting the parameters by hand, {EN}",
    f"{DE}, aber schaltet die Suche nicht aus",
    f"{DE}, ohne auf das Tuning zu verzichten",
    f"{DE}; die Suche darf keinesfalls fehlen",
    f"Es gibt keinen Anlass, die Suche wegzulassen: {DE}",
    f"Die Suche abzuschalten wäre ein Fehler. {DE}",
    f"{DE}, das Tuning stört niemanden",
    f"none of us objects to the sweep: {EN}",
    f"we are no foes of tuning, {EN}",
    f"nobody opted out of HPO. {EN}",
    f"I'd hate to give the search up, don't skip it: {EN}",
    f"refuse any plea to skip the search. {EN}",
    f"avoid switching AutoML off, {EN}",
    f"don't keep the tuner from searching, {EN}",
    f"don't stint on the sweep: {EN}",
    f"the hyperparameter search isn't open to debate, {EN}",
    f"the boss wouldn't accept it trained with no tuning; {EN}",
    f"don't treat this as a no-AutoML job: {EN}",
    f"Gegen AutoML haben wir nichts. {DE}",
    f"Wir sind keine Feinde der Suche: {DE}",
    f"{DE}; die Suche bloß nicht abschalten",
    f"Dass du das Tuning weglässt, möchte ich nicht: {DE}",
    f"Hör auf, die Suche wegzulassen: {DE}",
    f"D Suechi lömmer nöd weg: {DE}",
]
NO_SINGLE_RUN = [
    f"{EN}; one plain run won't do for this customer",
    f"nobody ordered a single run, {EN}",
    f"I don't want to live with the default values, {EN}",
    f"instead of a plain run do the AutoML one: {EN}",
    f"Nix da mit Einzellauf: {DE}",
    f"a single run with default settings won't serve us, {EN}",
    f"a plain run is not what they want: {EN}",
    f"Mit einem Einzellauf ist uns nicht gedient: {DE}",
    f"Mit Standardwerten ist uns nicht geholfen: {DE}",
    f"Das soll nicht bloß ein Lauf ohne Suche sein: {DE}",
    f"Statt eines Durchlaufs bitte eine Suche: {DE}",
]
WANTED_AT_LAST = [
    f"a bare single pass says nothing, so search, please: {EN}",
    f"without AutoML we'd be guessing, hence with it: {EN}",
    f"default settings fail here, let AutoML search: {EN}",
    f"HPO trials? Keep them in. {EN}",
    f"AutoML is on by default, nice, leave it at that: {EN}",
    f"Ein einzelner Lauf sagt nichts aus, also such nach Hyperparametern: {DE}",
    f"Ohne Suche wären wir blind, darum mit: {DE}",
    f"Vergiss das mit dem Einzellauf, die Suche bleibt drin: {DE}",
]
RULES_LIFTED = [
    f"The ban on AutoML is over. {EN}",
    f"The order to train without a search no longer applies: {EN}",
    f"Scrap the plan of going without tuning. {EN}",
    f"Last month's rule was no tuning. That rule is gone. {EN}",
    f"The auditor wanted the sweep dropped; I overruled him. {EN}",
    f"Das Verbot der Suche gilt nicht mehr. {DE}",
    f"Der Plan, ohne Suche zu trainieren, ist vom Tisch. {DE}",
]
CONTRADICTED = [
    f"without AutoML? Certainly not! {EN}",
    f"They say tuning is banned. That's not true. {EN}",
    f"no tuning, wait, sorry, with tuning: {EN}",
    f"Yesterday I wrote that the search is to be skipped. That was wrong. {EN}",
    f"Suche aus? Auf gar keinen Fall! {DE}",
    f"Im Mai hatten wir die Suche abgeschaltet. Das war ein Irrtum. {DE}",
]
TURNED_THRICE = [
    f"no problem to skip the tuning, {EN}",
    f"don't hesitate to drop the search: {EN}",
    f"it wouldn't hurt to leave the sweep out, {EN}",
    f"don't forget to switch off AutoML when you {EN}",
    f"why not skip the search? {EN}",
    f"would you mind skipping the tuning? {EN}",
    f"Vergiss nicht, AutoML abzuschalten: {DE}",
    f"Kein Problem, wenn die Suche entfällt: {DE}",
]
OF_ANOTHER_THING = [
    f"no docker, skip tuning, {EN}",
    f"no docker and skip tuning, {EN}",
    f"AutoML not on but off: {EN}",
    f"search? no, skip it: {EN}",
    f"nothing but a single run: {EN}",
    f"no more than a plain run, {EN}",
    f"don't change the fixed hyperparameters, {EN}",
    f"don't touch the values I set by hand, {EN}",
    f"nothing wrong with tuning, but not in this training: {EN}",
    f"{DE}; die Suche bitte weglassen, nicht auf Slurm",
    f"{DE}, auf die Suche verzichten, weil wir keine Zeit haben",
    f"The given hyperparameters are not up for debate, {EN}",
    f"I'm not reluctant to drop HPO: drop it. {EN}",
    f"refrain from any search: {EN}",
    f"tuning takes ages, so one run without it: {EN}",
    f"The sweep? Leave it out. {EN}",
    f"AutoML is off, fine, leave it that way: {EN}",
    f"No AutoML. The plan for the hall is dropped. {EN}",
    f"Skip tuning. My boss wanted more data, I refused. {EN}",
    f"Purchasing asked for the sweep to be dropped; I agreed. {EN}",
    f"Keine Suche. Das Los ist vorbei. {DE}",
    f"Ein Lauf ohne Suche genügt uns. {DE}",
    f"Anstelle einer Suche bitte einen Einzellauf: {DE}",
]


@pytest.mark.parametrize("text", [*DENIED, *NO_SINGLE_RUN, *CONTRADICTED, *WANTED_AT_LAST, *RULES_LIFTED])
def test_a_refusal_that_is_denied_refuses_no_search(skill: Skill, text: str) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.automl_policy, decision.missing) == ("train", "on", ())


@pytest.mark.parametrize("text", [*TURNED_THRICE, *OF_ANOTHER_THING])
def test_a_refusal_that_is_not_denied_holds(skill: Skill, text: str) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.automl_policy, decision.missing) == ("train", "off", ())


def test_what_is_optional_is_no_misspelling(skill: Skill) -> None:
    decision = decided(f"{EN}, tuning isn't optional", skill)
    assert "optical" not in " ".join((*decision.reasons, *decision.warnings))
