# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from core.errors import DataError
from runners.staging.blobs import Blob, Blobs
from runners.staging.trees import tree

if TYPE_CHECKING:
    from pathlib import Path


def made(cache: Path, *names: str) -> tuple[Blobs, dict[str, Blob]]:
    blobs, contents = Blobs(cache), {}
    for name in names:
        key = f"{len(contents):064d}"
        with blobs.writing(key) as part:
            part.write(name.encode())
            contents[name] = blobs.adopt(part, key)
    return blobs, contents


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "a//b", "./a", "x" * 1025, "a\0b"])
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    blobs, contents = made(tmp_path, "good", "other")
    with pytest.raises(DataError) as error:
        tree({"good": contents["good"], name: contents["other"]}, blobs, tmp_path, "s3://b/x")
    assert (error.value.code, error.value.where) == ("stage.names", "s3://b/x")
    assert not list(tmp_path.rglob("evil"))


def test_a_name_of_a_file_and_a_folder_is_refused(tmp_path: Path) -> None:
    blobs, contents = made(tmp_path, "a", "a/b")
    with pytest.raises(DataError, match="'a' is a file and a folder"):
        tree(contents, blobs, tmp_path, "s3://b/x")


def test_files_are_links_to_blobs_and_copies_where_there_are_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, contents = made(tmp_path, "a", "b")
    linked = tree({"a": contents["a"]}, blobs, tmp_path, "s3://b/x")
    assert (linked / "a").samefile(contents["a"].path)

    def no_links(*_: object) -> None:
        raise OSError(errno.EMLINK, "Too many links")

    monkeypatch.setattr(os, "link", no_links)
    copied = tree({"b": contents["b"]}, blobs, tmp_path, "s3://b/x")
    assert (copied / "b").read_bytes() == b"b"
    assert not (copied / "b").samefile(contents["b"].path)
