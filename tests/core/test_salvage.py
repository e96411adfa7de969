# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.salvage import LINE_BYTES, salvage, salvage_json, salvage_lines

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"kpi": {"a": {"b": NaN}, "c": 1}}', {"kpi": {"a": {"b": None}, "c": 1}}),
        ("[Infinity, -Infinity, 1e999, 5]", [None, None, None, 5]),
        ('{"epoch": 1180591620717411303424, "n": 9223372036854775807}', {"epoch": None, "n": 2**63 - 1}),
        ('{"epoch": 9223372036854775808, "n": 3}', {"epoch": None, "n": 3}),
        ("9" * 5000, None),
        ('{"m": "\\udc80x"}', {"m": "\\udc80x"}),
        ('{"\\ud800": 1}', {"\\ud800": 1}),
        ("[" * 80 + "]" * 80, None),
        ("[" * 20_000, None),
        ("no JSON", None),
    ],
)
def test_what_can_not_be_kept_is_dropped_and_told(text: str, kept: Any) -> None:
    salvaged = salvage_json(text)
    if kept is not None:
        assert salvaged.value == kept
    assert salvaged.dropped
    json.dumps(salvaged.value, allow_nan=False).encode()


def test_a_sound_record_is_kept_whole() -> None:
    record = {"a": [1, -2.5, None, True, "x"], "b": {"c": {}}}
    assert salvage_json(json.dumps(record).encode()) == salvage(record)
    assert salvage(record).value == record
    assert salvage(record).dropped == ()


def test_the_places_of_what_was_dropped_are_named() -> None:
    salvaged = salvage({"a": [1, float("nan")], "b": {"c": object()}, "d": "\udcff"})
    assert salvaged.value == {"a": [1, None], "b": {"c": None}, "d": "\\udcff"}
    assert [told.split()[0] for told in salvaged.dropped] == ["a[1]", "b.c", "d"]


@given(st.binary() | st.text().map(lambda text: json.dumps(text).encode()))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    salvaged = salvage_json(data)
    assert json.loads(json.dumps(salvaged.value, allow_nan=False)) == salvaged.value


def test_lines_that_are_too_long_are_skipped_and_told_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    long = b'{"m": "' + b"x" * 2 * LINE_BYTES + b'"}\n'
    path.write_bytes(b'{"n": 1}\n' + long + b"\n" + b"[" * 20_000 + b"\n\xff\n" + b'{"n": 2}\n{"n": 3')
    lines = salvage_lines(path)
    assert [line.value for line in lines] == [{"n": 1}, None, None, None, {"n": 2}]
    assert [bool(line.dropped) for line in lines] == [False, True, True, True, False]


def test_a_pipe_or_no_file_has_no_lines(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert salvage_lines(tmp_path / "pipe") == salvage_lines(tmp_path / "none") == []
