# SPDX-License-Identifier: Apache-2.0
"""Whose word on a search counts: views, the past and the practice of others give way; what is no search is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

AOI, PASS = "the AOI classifier on /lab/fans", "PASS/NO_PASS auf /lab/luefter"

VIEWS_DISPUTED = [
    f"Our consultant claims that tuning brings nothing, I'd like it all the same: train {AOI} with 12 trials.",
    f"My boss calls the search a waste of power. I see it differently: train {AOI} with a search.",
    f"The vendor considers a sweep overkill, but I want one: train {AOI}, 10 trials.",
    f"Some say a search is pointless; still, train {AOI} with 8 trials.",
    f"Frau Kern hält die Suche für Zeitverschwendung, ich sehe das anders: {PASS} mit Suche trainieren.",
    f"Der Lieferant behauptet, Tuning sei überflüssig, trotzdem bitte mit 12 Versuchen: {PASS} trainieren.",
    f"Mein Chef findet die Suche unnötig, ich aber nicht: {PASS} mit 10 Versuchen trainieren.",
    f"Peter reckons one run is plenty. He's mistaken, so train {AOI} with 12 trials.",
    f"According to the vendor no search is needed. We'd like one nonetheless: train {AOI}.",
    f"Laut Lieferant braucht es keine Suche, wir möchten aber eine: {PASS} trainieren.",
    f"Der Berater hielt eine Suche für unnötig, wir hätten aber gern eine: {PASS} trainieren.",
]
FORMERLY = [
    f"Yesterday I told you no search; today I want one: train {AOI} with 20 trials.",
    f"Last week we trained without tuning. This time please search, 15 trials, {AOI}.",
    f"Until now we skipped the search, but now we have GPUs: train {AOI} with 20 trials.",
    f"So far we only worked with the defaults. Therefore please train {AOI} with 24 trials.",
    f"Previously we froze all settings. From now on let the search vary them: train {AOI}.",
    f"Erst wollte ich keine Suche, jetzt doch: {PASS} mit 12 Versuchen trainieren.",
    f"Zuerst wollte ich nur einen Lauf, mittlerweile hätte ich aber gern eine Suche: {PASS} trainieren.",
    f"Bisher liefen alle Trainings ohne Suche. Ab jetzt bitte mit: {PASS} trainieren, 12 Versuche.",
    f"Letzten Monat sollte die Suche noch entfallen, diesen Monat bitte suchen: {PASS}, 30 Versuche.",
]
OTHERS_DO = [
    "The plant in Brno trains its classifiers without a search. Ours, the AOI classifier on /lab/fans, is to be tuned.",
    f"Our predecessors never searched for settings. I want {AOI} to be tuned.",
    f"The competitor trains without any tuning and fails. We tune: {AOI}, 20 trials.",
    f"Andere Werke verzichten auf die Suche, wir nicht: {PASS} trainieren.",
    "While the vendor never tuned anything, I want the AOI classifier optimised over learning rate and batch size.",
    f"Die Kollegen in Graz trainieren ohne Suche. Wir wollen {PASS} mit Suche trainieren.",
]
WISHED_BACK = [
    f"Somebody had disabled the search for all our trainings; please bring it back: train {AOI}.",
    f"The search was switched off last year, we'd like to have it again: train {AOI}.",
    f"The consultant told us to switch the search off. We'd rather have it on: train {AOI}.",
    f"Mein Vorgänger hatte die Suche überall abgeschaltet; wir wollen sie wieder haben: {PASS} trainieren.",
    f"Die Suche war bei uns abgeschaltet, wir hätten sie gern zurück: {PASS} trainieren.",
]
NOT_THE_SEARCH = [
    f"Don't tune the decision threshold, I'll do that: train {AOI} with 10 trials.",
    f"Train {AOI}; don't optimise the engine afterwards.",
    f"No tuning of the threshold please, just train {AOI}.",
    f"Don't change the search budget: 14 trials, {AOI}.",
    f"Mir wäre eine Suche genauso recht wie ein einzelner Lauf: {PASS} trainieren.",
    f"{PASS} trainieren, sechs Stunden Suche sind drin, mehr nicht.",
    f"The threshold must not be tuned; train {AOI}.",
    f"Train {AOI}. The search space stays as it is, 14 trials.",
    f"Der Suchraum kann bleiben, wie er ist, nur bei 14 Versuchen Schluss machen: {PASS} trainieren.",
    f"I don't mind whether you search or not, just train {AOI}.",
    f"With or without a search, I don't care: train {AOI}.",
    f"I have no opinion on the search, do as you usually do: train {AOI}.",
    f"Ob du nach Einstellungen suchst oder nicht, ist mir egal: {PASS} trainieren.",
    f"You may try various values, only the epochs stay at 20: train {AOI}.",
    f"The training is allowed to play with the settings, only the batch size is fixed at 8: {AOI}.",
    f"Meinetwegen kann das Training verschiedene Einstellungen testen, {PASS}.",
    f"Nur die Epochenzahl bleibt bei 20, {PASS} trainieren.",
    'train(task="classify", search=True, data="/lab/fans")',
    'train(task="classify", no_search=False, data="/lab/fans")',
]
REFUSED = [
    f"My supervisor says a search is a waste of electricity and I agree. Train {AOI}.",
    f"My boss calls the search a waste, but I don't want one either: train {AOI}.",
    f"She thinks a search is pointless, but I'd like the result by Monday: train {AOI}.",
    f"Mein Chef nennt die Suche Verschwendung, ich auch: {PASS} trainieren.",
    f"Yesterday I said no search, and that still holds: train {AOI}.",
    f"So far every training went without a search, and it stays that way: train {AOI}.",
    f"Bisher lief alles ohne Suche, und so soll es bleiben: {PASS} trainieren.",
    f"Letzte Woche haben wir lange gesucht, jetzt nicht mehr: {PASS} trainieren.",
    f"First I wanted a search, now I don't: train {AOI}.",
    f"Last month I asked for a search with 30 trials; this month skip it: train {AOI}.",
    f"First I wanted 20 trials, but forget the trials: one run of {AOI} with 30 epochs.",
    "Colleagues in Gdansk train with tuning. We want ours, the AOI classifier on /lab/fans, plain.",
    f"Our colleagues tune their classifiers for weeks. We don't: train {AOI}.",
    f"Andere Werke suchen ausgiebig, wir nicht: {PASS} trainieren.",
    f"Früher haben wir gesucht, das lassen wir jetzt: {PASS} trainieren.",
    f"According to the vendor no search is needed, and we believe them: train {AOI}.",
    f"My boss says no search. That's wrong in general, but today we follow: train {AOI}.",
    f"No tuning of the learning rate please, just train {AOI}.",
    f"Our lab trains without a search. Train {AOI}.",
    "Train the AOI comparison classifier on /d/panels, ten epochs, no wait, make that twelve. Oh and skip the sweep.",
    f"The customer wants no search, so train {AOI}.",
    f"Our engineer says no tuning. Train {AOI}.",
    f"The consultant had turned the search off everywhere and we don't want it back: train {AOI}.",
    f"Mein Vorgänger hatte die Suche abgeschaltet, wir wollen sie auch nicht zurück: {PASS} trainieren.",
    f"Don't tune the threshold or the learning rate: train {AOI}.",
    f"You may not try various values: train {AOI}.",
    f"Das Training darf keine verschiedenen Werte durchprobieren: {PASS}.",
    f"Train {AOI} in plain mode.",
    f"{PASS} im einfachen Modus trainieren.",
    "Die Werte sind freigegeben und werden nicht mehr optimiert: PASS/NO_PASS-Klassifikator, 24 Epochen, /lab/luefter.",
    'train(task="segment", tune=False, data="/lab/fans")',
    'train(task="classify", use_search=False, data="/lab/fans")',
    'train(task="classify", tuning=0, data="/lab/fans")',
    '{"action": "train", "task": "classify", "search": false, "data": "/lab/fans"}',
]


@pytest.mark.parametrize(
    "text", [*VIEWS_DISPUTED, *FORMERLY, *OTHERS_DO, *WISHED_BACK, *NOT_THE_SEARCH], ids=lambda text: text[:60]
)
def test_a_search_that_nobody_refuses_now_is_on(text: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert (decision.automl_policy, decision.missing) == ("on", ())


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:60])
def test_what_is_refused_now_stays_refused(text: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert (decision.automl_policy, decision.missing) == ("off", ())
    assert "trials" not in decision.stated


def test_one_value_that_stays_is_read(skill: Skill) -> None:
    assert decided(f"Nur die Epochenzahl bleibt bei 20, {PASS} trainieren.", skill).stated["epochs"] == 20
    assert decided(f"Only the batch size is fixed at 8, train {AOI}.", skill).stated["batch_size"] == 8


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("In one go, please: first train the change segmentation on /lab/tiles, then evaluate it.", "on"),
        ("In einem Rutsch: AOI-Klassifikator auf /lab/luefter trainieren und danach als ONNX exportieren.", "on"),
        (f"In one go and without a search: train {AOI} and export it.", "off"),
        ("Run a single plain PASS/NO_PASS training, 20 epochs, evaluate the result and export it.", "off"),
        (f"Train {AOI} in a single run, then export it.", "off"),
    ],
)
def test_several_steps_in_one_go_refuse_no_search(text: str, policy: str, skill: Skill) -> None:
    assert decided(text, skill).steps[0].automl_policy == policy


@pytest.mark.parametrize(
    "text",
    [f"Avoid this: train {AOI}.", f"Never do this: train {AOI}.", f"We do not want that: train {AOI}."],
)
def test_a_pronoun_before_a_colon_is_what_stands_behind_it(text: str, skill: Skill) -> None:
    with pytest.raises(RequestError):
        decided(text, skill)


def test_how_many_trials_are_done_asks_for_the_status(skill: Skill) -> None:
    assert asked("How many of the trials in automl-20260402-191500-7be1c2 are through by now?", skill) == ["status"]
    assert asked("Wie viele Versuche von automl-20260402-191500-7be1c2 sind schon durch?", skill) == ["status"]


def test_what_somebody_compares_with_another_model_is_no_other_request(skill: Skill) -> None:
    text = "One plain run for the change segmentation on /lab/tiles. My supervisor compares it with her own U-Net."
    decision = decided(text, skill)
    assert (decision.action, decision.automl_policy) == ("segment_train", "off")
