# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from router.decision import decide
from router.evidence import evidence, of_words
from router.ranking import NOTHING, ranked
from router.reading import read
from router.types import Request

if TYPE_CHECKING:
    from router.declarations import Skill


def features(text: str, skill: Skill) -> list[str]:
    return list(evidence(read(text, skill), question=False))


def test_words_their_parts_and_neighbours_are_seen() -> None:
    seen = set(of_words(["export", "onnx"]))
    assert {"bias", "first export", "export", "onnx", "expo-", "c:port$", "export onnx"} <= seen


def test_what_the_rules_find_is_seen_wherever_it_stands(skill: Skill) -> None:
    seen = set(features("the oven is new. Please don't train, evaluate changenet on ./lot", skill))
    assert {"k:model", "t:path", "g:!action:train", "mood:asks action:evaluate", "paths:1"} <= seen


def test_a_request_is_ranked_by_all_that_is_said(skill: Skill) -> None:
    found = ranked(features("please export the last changenet model to onnx", skill))
    assert found.best == "export"
    assert 0.5 < found.shares["export"] <= 1
    assert abs(sum(found.shares.values()) - 1) < 1e-9
    assert any("export" in word or "onnx" in word for word in found.words)


def test_words_of_no_request_are_ranked_as_such(skill: Skill) -> None:
    assert ranked(features("book a table for two at the harbour restaurant", skill)).best in NOTHING


def test_what_all_words_together_settle_is_told_with_the_words_that_led_to_it(skill: Skill) -> None:
    text = "Moin, für meine Masterarbeit würde ich gern Visual ChangeNet (Klassifikation) auf /home/lena/pcb fitten"
    decision = decide(Request(text=text), skill)
    assert decision.action == "train"
    assert any("most likely" in reason and "first of all" in reason for reason in decision.reasons)


def test_it_never_takes_on_what_the_rules_decline(skill: Skill) -> None:
    with pytest.raises(RequestError):
        decide(Request(text="train the new operators on the golden rules of politeness"), skill)


def test_words_that_no_phrase_says_are_ranked_where_the_model_or_a_path_is_named(skill: Skill) -> None:
    named = decide(Request(text="Changenet classify, bf16, Seed 11, Bildgröße 448, Backbone nvdinov2"), skill)
    assert named.action == "train"
    placed = decide(Request(text="Datne pürfen in /mnt/linie7/boards"), skill)
    assert placed.command
    assert placed.command.verb == "data_check"
