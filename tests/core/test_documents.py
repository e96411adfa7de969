# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import (
    canonical_json,
    dump_yaml,
    line_of,
    parse_json,
    parse_scalar,
    parse_yaml,
    read_json,
    read_yaml,
)
from core.errors import DeclarationError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

integers = st.integers(-(2**64) + 1, 2**64 - 1)
scalars = st.none() | st.booleans() | integers | st.floats(allow_nan=False, allow_infinity=False) | st.text()
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
# fmt: off
ODD_TEXTS = [
    "\u0085", "a\u0085b", "\u2028", "\u2029x", "\ufeff", "\u0000", "\u001b[31m", "\u007f", "\u009f", "\r", "a\r\nb",
    "\ufffe", "\U0001f600", "12\n", "1e5", "~", "<<", "=", "- a", "# a", "a: b", " a ", "\t", "'", '"', "%",
    "@a", "`", "null", ".inf", "x" * 200,
]
# fmt: on


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1e3", 1000.0),
        ("12", 12),
        ("007", "007"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("null", None),
        ("", ""),
        ("[1, 2.5]", [1, 2.5]),
        ("{SolderLight: 0}", {"SolderLight": 0}),
        ("2026-11-23", "2026-11-23"),
        ("12:30", "12:30"),
        ("0x10", "0x10"),
    ],
)
def test_override_values_are_read_as_yaml_1_2_scalars(text: str, value: Any) -> None:
    read = parse_scalar(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts_are_dumped_so_that_they_read_back_the_same(text: str) -> None:
    for tree in (text, [text], {text: text}, {"a": {text: [text]}}):
        assert parse_yaml(dump_yaml(tree)) == tree


@pytest.mark.parametrize("tree", ["\ud800", ["a\udcff"], {"\udc80": 1}])
def test_bytes_that_were_no_text_are_never_dumped(tree: Any) -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        dump_yaml(tree)


@given(trees)
def test_what_is_dumped_reads_back_the_same(tree: Any) -> None:
    assert parse_yaml(dump_yaml(tree)) == tree


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", 3),
        ("a: 1\nb: [\n", 3),
        ("a: !!python/object/apply:os.system [true]\n", 1),
        ("? [1, 2]\n: 3\n", 1),
        ("a: 1\nb: 1e999\n", 2),
        ("a: .nan\n", 1),
        ("a: -.inf\n", 1),
        ("a: 18446744073709551616\n", 1),
        ("a:\n- " + "9" * 5000, 2),
        ("a: !!binary aGk=\n", 1),
        ("a: !!set {x}\n", 1),
        ("a: !!timestamp 2026-01-01\n", 1),
        ("a: !!int x\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: &a {x: 1}\nb: {<<: *a}\n", 2),
        ("a: *b\n", 1),
        ("a: &a [*a]\n", 1),
        ("a: 1\nb: &b {c: {d: *b}}\n", 2),
    ],
)
def test_broken_or_unsafe_yaml_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    with pytest.raises(DeclarationError) as caught:
        read_yaml(path, DeclarationError)
    assert caught.value.where == f"{path}:{line}"


def test_a_missing_file_and_bytes_that_are_no_text_are_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_yaml(tmp_path / "none.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(InputError, match="UTF-8"):
        read_yaml(binary)


def bomb(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x]", *(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * width)}]" for n in range(levels))]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 40_000,
        "{a: " * 40_000,
        "- " * 40_000,
        "? " * 40_000,
        "[" * 65 + "]" * 65,
        bomb(9, 9),
        bomb(70, 1),
        bomb(2, 700),
        "a: &a " + "x" * 100_000 + "\nb: [" + "*a, " * 1000 + "]",
        "[" + "1, " * 300_000 + "]",
        "x" * 5_000_000,
    ],
    ids=lambda text: f"{text[:8]!r} of {len(text)}",
)
def test_documents_that_would_fill_memory_or_stack_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"too large|levels deep|MiB"):
        parse_yaml(text)


def test_aliases_are_copies_within_the_budget() -> None:
    tree = parse_yaml("a: &a {x: [1]}\nb: *a\nc: [*a, &n 7, *n]\n")
    assert tree == {"a": {"x": [1]}, "b": {"x": [1]}, "c": [{"x": [1]}, 7, 7]}
    tree["b"]["x"].append(2)
    assert tree["a"] == {"x": [1]}
    assert parse_yaml("[" * 64 + "]" * 64)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!str 12", "12"),
        ("!!int '3'", 3),
        ("!!float 3", 3.0),
        ("!!bool 'true'", True),
        ("! x", "x"),
        ("!!null ''", None),
    ],
)
def test_tags_with_a_counterpart_in_json_are_read(text: str, value: Any) -> None:
    read = parse_yaml(f"a: {text}")["a"]
    assert (read, type(read)) == (value, type(value))


ODD_JSON = ['{"a": NaN}', '{"a": [Infinity]}', '{"a": -1e999}', '{"a": 1, "a": 2}', '{"a": ', "[" * 100_000]
ODD_JSON += ["[" * 66 + "]" * 66, '{"a": 18446744073709551616}', "9" * 5000, '["\\ud800"]', '{"\\uDC80": 1}', "x", ""]


@pytest.mark.parametrize("text", ODD_JSON, ids=lambda text: text[:20])
def test_json_is_strict(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError, match="invalid JSON") as caught:
        read_json(path)
    assert caught.value.where.startswith(str(path))
    assert caught.value.remedy


def test_pairs_of_surrogates_are_one_character() -> None:
    assert parse_json('["\\ud83d\\ude00", 18446744073709551615, 1e308]') == ["\U0001f600", 2**64 - 1, 1e308]


@pytest.mark.parametrize("read", [read_yaml, read_json])
def test_pipes_devices_and_huge_files_are_refused_at_once(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as handle:
        handle.truncate(10**12)
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/tty"), tmp_path):
        with pytest.raises(InputError, match=r"this is (no ordinary file|a folder)"):
            read(path)
    with pytest.raises(InputError, match=r"more than (4|64) MiB"):
        read(tmp_path / "huge")
    with pytest.raises(InputError, match="can't be read"):
        read(Path("a\0b"))


def test_a_byte_order_mark_is_no_part_of_the_document(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(path) == {"a": 1}


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json({"b": 1, "a": [1, {"d": 1, "c": 2}]}) == canonical_json({"a": [1, {"c": 2, "d": 1}], "b": 1})
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))


def test_line_of_finds_the_key_that_a_path_leads_to(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a:\n  b: 1\n  c:\n  - x\n  - y: 2\n")
    assert line_of(path, ["a", "b"]) == 2
    assert line_of(path, ["a", "c", 1, "y"]) == 5
    assert line_of(path, ["a", "c", 1]) == 5
    assert line_of(path, ["a", "c", 7]) == line_of(path, ["a", "c"]) == 3
    assert line_of(path, ["a"]) == line_of(path, []) == 1


TYPED = """
    0 7 -3 123456789012345 00 -0 1e3 0x1f +5 1_000 true True FALSE null NULL nUlL yes on val_f1 a.b a. .5 /data/x.csv /
    nan .nan inf k8s timm/resnet18 2026-01-01 abc-def a:b a# - -x ~ ~x 1234567890123456789012345
"""


@pytest.mark.parametrize("text", TYPED.split())
def test_a_value_that_is_typed_is_read_as_in_a_file(text: str) -> None:
    try:
        wanted = parse_yaml(text)
    except InputError:
        with pytest.raises(InputError):
            parse_scalar(text)
        return
    found = parse_scalar(text)
    assert (found, type(found)) == (wanted, type(wanted))
