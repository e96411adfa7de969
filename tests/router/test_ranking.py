# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from router.decision import decide
from router.ranking import features, ranked
from router.types import Request

if TYPE_CHECKING:
    from router.declarations import Skill


def test_words_their_beginnings_and_neighbours_are_seen() -> None:
    seen = set(features(["export", "onnx"]))
    assert {"bias", "first export", "export", "onnx", "expo-", "export onnx"} <= seen


def test_a_request_is_ranked_by_all_its_words() -> None:
    label, share = ranked(["please", "export", "the", "last", "changenet", "model", "to", "onnx"])
    assert label == "export"
    assert 0.5 < share <= 1


def test_what_no_phrase_says_is_told_as_the_most_likely(skill: Skill) -> None:
    decision = decide(Request(text="here is the path: /data/train_me_first. the model: PASS/NO_PASS. go."), skill)
    assert decision.action in {None, "train"}
    assert bool(decision.missing) != any("most likely" in reason for reason in decision.reasons)


def test_it_never_takes_on_what_the_rules_decline(skill: Skill) -> None:
    with pytest.raises(RequestError):
        decide(Request(text="train the new operators on the golden rules of politeness"), skill)


def test_words_that_no_phrase_says_are_ranked_where_the_model_or_a_path_is_named(skill: Skill) -> None:
    named = decide(Request(text="Changenet classify, bf16, Seed 11, Bildgröße 448, Backbone nvdinov2"), skill)
    assert named.action == "train"
    placed = decide(Request(text="Datne pürfen in /mnt/linie7/boards"), skill)
    assert placed.command
    assert placed.command.verb == "data_check"
