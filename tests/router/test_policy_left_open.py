# SPDX-License-Identifier: Apache-2.0
"""What refuses no search though it denies something, what turns one at last, and what leaves one open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

EN, DE = "train the AOI classifier on /lab/fans", "trainiere PASS/NO_PASS auf /lab/luefter"

ON = [
    "We never got around to tuning the board classifier. Do it now, 90 minutes at most.",
    "Bisher sind wir nie zum Tunen gekommen. Trainiere den Platinenklassifikator auf ./b.",
    "Für die Suche bleibt genug Zeit, trainiere den Platinenklassifikator auf ./b",
    f"{EN}; I have no objection to AutoML",
    f"{EN}, AutoML isn't forbidden",
    f"{EN}, nothing against AutoML",
    f"{DE}, auf AutoML verzichte ich nicht",
    f"{DE}; AutoML ist nicht verboten",
    f"{DE}, gegen eine Suche habe ich keine Einwände",
    f"{EN}; without AutoML the result was bad",
    f"{DE}; ohne AutoML war das Ergebnis schlecht",
    f"{EN}, no search for missing files please",
    f"{DE}, keine Suche nach fehlenden Dateien",
    f"my boss said to turn AutoML off but I'd rather keep it; {EN}",
    f"unlike Tom, who never uses AutoML, I do: {EN}",
    f"anders als Tom, der nie AutoML nutzt, will ich es: {DE}",
    f"{EN} without AutoML. Oh wait, with.",
    f"{DE} ohne AutoML. Ach nein, doch mit.",
    f"{EN} with AutoML. No export.",
    f"{EN} with AutoML, no, with 20 epochs",
    f"AutoML is great but not cheap: {EN}",
    f"if you can, {EN} with AutoML",
    f"{EN}, AutoML: yes",
    f"{EN}; there's no reason to skip AutoML",
    f"{EN} with AutoML if possible",
]
OFF = [
    "Wir haben noch keine Zeit zum Tunen, trainiere den Platinenklassifikator auf ./b",
    "Für eine Suche ist keine Zeit, trainiere den Platinenklassifikator auf ./b",
    "Zum Tunen fehlt uns die Zeit, trainiere den Platinenklassifikator auf ./b",
    "Don't tune yet, train the board classifier on ./b",
    f"{EN}, AutoML is forbidden",
    f"{EN}, no AutoML, it is forbidden here",
    f"{EN}, AutoML is not necessary",
    f"{DE} und verzichte auf die Suche",
    f"AutoML isn't forbidden, but {EN} without it",
    f"without AutoML the results were good, so {EN} without it again",
    f"{EN}, no search for better values",
    f"{DE}, keine Suche nach besseren Werten",
    f"My boss said to turn AutoML off; {EN}",
    f"{EN} without AutoML. No export please.",
    f"AutoML is great but not today: {EN}",
    f"AutoML ist toll, aber nicht heute: {DE}",
    f"if AutoML is on by default, turn it off and {EN}",
    f"if possible {EN} without AutoML",
    f"{EN}, AutoML: 0",
    f"{EN}, I could use AutoML but won't",
    f"{EN}, AutoML can wait",
    f"{DE} ohne AutoML, wenn möglich",
    f"{EN}; no time: skip AutoML",
]
ASKED = [
    f"{EN}; AutoML not before Friday",
    f"{EN}; AutoML only after Monday",
    f"{EN}; AutoML: yes / no",
    f"{EN}, AutoML: on/off",
    f"{EN}, automl: maybe",
    f"{EN}, AutoML optional",
    f"{EN}, AutoML or not, you decide",
    f"{EN} with AutoML - no, scratch that",
    f"{EN} with AutoML only if needed",
    f"{EN} with AutoML if there is a GPU",
    f"{EN}, no AutoML unless I say so",
    f"{DE} ohne AutoML, falls keine GPU da ist",
    f"{DE} mit AutoML, wenn Zeit bleibt",
    f"{EN} with AutoML. Actually no.",
    f"Tom says no AutoML. Ignore Tom. {EN}.",
    f"if AutoML takes longer than 2 hours, {EN} without it",
    f"should AutoML fail, {EN} without it",
    f"wenn AutoML zu lange dauert, lass es weg; {DE}",
    f"{DE}, AutoML erst ab Montag",
    f"{DE}, AutoML: ja oder nein",
    f"{DE} mit AutoML. Lieber doch nicht.",
]


def policy_of(text: str, skill: Skill) -> tuple[str | None, str]:
    decision = decided(text, skill)
    if "automl_policy" in [one.slot for one in decision.missing]:
        return decision.action, "asked"
    assert not decision.missing
    return decision.action, decision.automl_policy


@pytest.mark.parametrize("text", ON)
def test_a_search_that_is_not_refused_is_on(text: str, skill: Skill) -> None:
    assert policy_of(text, skill) == ("train", "on")


@pytest.mark.parametrize("text", OFF)
def test_a_search_that_is_refused_is_off(text: str, skill: Skill) -> None:
    assert policy_of(text, skill) == ("train", "off")


@pytest.mark.parametrize("text", ASKED)
def test_what_leaves_it_open_is_asked_about(text: str, skill: Skill) -> None:
    assert policy_of(text, skill) == ("train", "asked")


def test_another_run_may_be_with_what_the_first_is_without(skill: Skill) -> None:
    text = "train on /lab/fans for 5 epochs without automl and another time for 10 epochs with it"
    assert [one.automl_policy for one in decided(text, skill).steps] == ["off", "on"]
