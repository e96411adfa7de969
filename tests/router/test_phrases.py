# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from router.phrases import Negation, find_mentions, normalise


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("build model", ["build model"]),
        ("build a model", ["build a model"]),
        ("build me a very small model", ["build me a very small model"]),
        ("build me a very very small model", []),
        ("build a wall, then show the model", []),
        ("build a wall", []),
        ("rebuild a model", []),
        ("build a modelling room", []),
    ],
)
def test_a_gap_is_at_most_four_words_of_one_clause(text: str, found: list[str]) -> None:
    mentions = find_mentions(normalise(text), {"train": ["build * model"]}, Negation((), (), ()))
    assert [mention.phrase for mention in mentions] == found
