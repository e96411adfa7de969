# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.terminal import printable, printable_json

ODD = ["\x1b", "\x07", "\x00", "\x08", "\r", "\x7f", "\x85", "\x9b", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff"]
ODD += ["\u2028", "\u00ad", "\u061c", "\U000e0041", "\udcff", "\x0b", "\x0c"]


@pytest.mark.parametrize("odd", ODD)
def test_what_is_not_seen_is_shown_as_an_escape(odd: str) -> None:
    shown = printable(f"a{odd}b")
    assert odd not in shown
    assert shown.startswith("a\\")
    assert shown.encode("ascii")


def test_the_escapes_name_the_characters() -> None:
    assert printable("\x1b[31m\x9b1m\u202e.\U000e0041") == "\\x1b[31m\\x9b1m\\u202e.\\U000e0041"


@pytest.mark.parametrize("text", ["", "a b\tc\nd", "Bestückung 部品 données ✓ 😀 █▌", "C:\\boards", "50 % “x”…"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable(text) == text
    assert printable_json(json.dumps(text, ensure_ascii=False)) == json.dumps(text, ensure_ascii=False)


def test_line_ends_of_windows_are_line_ends() -> None:
    assert printable("a\r\nb\r") == "a\nb\\x0d"


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_printed_controls_a_terminal(text: str) -> None:
    allowed = {"\n", "\t"}
    for shown in (printable(text), printable_json(json.dumps(text, ensure_ascii=False))):
        kinds = {unicodedata.category(c) for c in shown if c not in allowed} - {"Cf"}
        assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
        assert not {unicodedata.bidirectional(c) for c in shown} & {
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        }
    assert json.loads(printable_json(json.dumps(text, ensure_ascii=False))) == text


def test_json_names_what_lies_beyond_16_bits_by_two_escapes() -> None:
    assert printable_json('"\U000e0041\u202e"') == '"\\udb40\\udc41\\u202e"'
