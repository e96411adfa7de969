# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from router.lexer import Hooks, tokenize
from router.patterns import Patterns


def found(pattern: str, text: str) -> list[str]:
    patterns = Patterns({"boards": ("board", "boards")})
    patterns.add("group", [pattern])
    uses = dict.fromkeys(("before_data", "before_quoted", "naming", "no_path"), frozenset[str]())
    tokens = tokenize(text, Hooks(lambda _: False, lambda _: False, lambda _: False, uses))
    return [" ".join(tokens[place].word for place in mention.places) for mention in patterns.find(tokens)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("build model", ["build model"]),
        ("build a model", ["build model"]),
        ("build me a very small model", ["build model"]),
        ("build me a very very small model", []),
        ("build a wall, then show the model", []),
        ("build a wall", []),
        ("rebuild a model", []),
        ("build a modelling room", []),
    ],
)
def test_a_gap_is_at_most_four_words_of_one_clause(text: str, said: list[str]) -> None:
    assert found("build * model", text) == said


@pytest.mark.parametrize(
    ("pattern", "text", "said"),
    [
        ("stop|halt the? job", "halt job", ["halt job"]),
        ("stop|halt the? job", "stop the job", ["stop the job"]),
        ("stop|halt the? job", "stop a job", []),
        ("check @boards", "check boards", ["check boards"]),
        ("on <path>", "on ./x", ["on <path>"]),
        ("the? <number> epochs", "for 5 epochs", ["<number> epochs"]),
        ("all ** done", "all of these seven or eight things are done", ["all done"]),
        ("done <break> what", "done, what", ["done <break> what"]),
    ],
)
def test_parts_of_a_pattern(pattern: str, text: str, said: list[str]) -> None:
    assert found(pattern, text) == said
