# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from core.problem import ROWS_NAMED, Problem

ALL_ROWS = tuple(range(2, 2 + ROWS_NAMED))


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ((), "a.csv"),
        ((7,), "a.csv row 7"),
        (ALL_ROWS[:-1], f"a.csv row {', '.join(map(str, ALL_ROWS[:-1]))}"),
        (ALL_ROWS, f"a.csv row {', '.join(map(str, ALL_ROWS))}, …"),
    ],
)
def test_rows_that_may_go_on_are_told_as_such(rows: tuple[int, ...], where: str) -> None:
    assert Problem("data.x", "a.csv", "it is wrong", rows=rows).where == where


def test_a_problem_of_no_counted_rows_counts_none() -> None:
    assert (Problem("x", "a", "b").count, Problem("x", "a", "b").rows) == (0, ())


def test_a_sentence_ends_with_the_remedy_where_there_is_one() -> None:
    assert Problem("x", "a", "b\nc").sentence == "a: b c"
    assert Problem("x", "a", "b", "do d").sentence == "a: b (do d)"
