# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents import canonical_json, dump_yaml, line_of, parse_scalar, parse_yaml, read_json, read_yaml
from core.errors import DeclarationError, InputError

if TYPE_CHECKING:
    from pathlib import Path

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
printable = st.text(st.characters(blacklist_categories=["Cs", "Cc"]))
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(printable, inner, max_size=3), max_leaves=8
)


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
    with pytest.raises(InputError, match="can't be read"):
        read_yaml(tmp_path)


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": Infinity}', '{"a": 1, "a": 2}', '{"a": ', "[" * 100_000])
def test_json_is_strict(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InputError):
        read_json(path)


def test_a_byte_order_mark_is_no_part_of_the_document(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(path) == {"a": 1}


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical_json({"b": 1, "a": [1, {"d": 1, "c": 2}]}) == canonical_json({"a": [1, {"c": 2, "d": 1}], "b": 1})
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))


def test_line_of_finds_the_value_of_a_key_path(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a:\n  b: 1\n  c:\n  - x\n  - y: 2\n")
    assert line_of(path, ["a", "b"]) == 2
    assert line_of(path, ["a", "c", 1, "y"]) == 5
    assert line_of(path, ["a", "c", 7]) == 4
