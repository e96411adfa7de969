# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from core.errors import CheckpointError
from runners.staging.weights import Published, record_of, stage_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PUBLISHED = Published("owner/name", "model.safetensors", None, "HF_TOKEN")


def weights(size: int = 8000) -> bytes:
    """A safetensors file of one tensor."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + b"w" * size


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """Weights that were staged from a file."""
    own, target = tmp_path / "usb.safetensors", tmp_path / "backbone" / "c_radio_v2_b.safetensors"
    own.write_bytes(weights())
    stage_weights(PUBLISHED, target, own)
    own.unlink()
    return target


def test_what_is_staged_is_taken_as_it_is_and_nobody_is_asked(staged: Path) -> None:
    before = staged.stat().st_mtime_ns

    again = stage_weights(PUBLISHED, staged, None)

    assert (again.size, again.revision) == (len(weights()), "unknown")
    assert staged.stat().st_mtime_ns == before


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "truncated": (lambda data: data[:-1], "has 8,0"),
    "longer": (lambda data: data + b"x", "has 8,0"),
    "altered": (lambda data: data[:-1] + b"x", "not what was staged"),
    "a web page": (lambda _: b"<html>sign in</html>", "no safetensors file"),
    "empty": (lambda _: b"", "is empty"),
    "a header that claims gigabytes": (lambda data: b"\xff" * 8 + data[8:], "no safetensors file"),
    "a header of lists": (lambda _: (9).to_bytes(8, "little") + b"[1, 2, 3]", "no safetensors file"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_staged_file_that_is_no_longer_what_it_was_is_found(staged: Path, damage: str) -> None:
    change, said = DAMAGES[damage]
    staged.write_bytes(change(weights()))

    with pytest.raises(CheckpointError) as error:
        stage_weights(PUBLISHED, staged, None)

    assert said in error.value.message
    assert (error.value.code, error.value.where) == ("stage.weights", str(staged))
    assert "stage again: changenet stage backbone" in error.value.remedy


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"sha256": 1}'])
def test_a_record_that_says_nothing_is_told_apart_from_the_file(staged: Path, text: str) -> None:
    record_of(staged).write_text(text)

    with pytest.raises(CheckpointError) as error:
        stage_weights(PUBLISHED, staged, None)

    assert error.value.where == str(record_of(staged))


def test_a_file_that_can_not_be_taken_leaves_what_was_there(staged: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="can't be read"):
        stage_weights(PUBLISHED, staged, tmp_path / "nothing.safetensors")
    assert staged.read_bytes() == weights()
