# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pairs.copying import Copier

if TYPE_CHECKING:
    from pathlib import Path

MANY = 4200  # more than may wait at once


def test_many_files_of_all_sizes_are_copied_whole(tmp_path: Path) -> None:
    sizes = [0, 1, 4096, 1024 * 1024, 3 * 1024 * 1024 + 1]
    sources = [tmp_path / f"source-{size}" for size in sizes]
    for source, size in zip(sources, sizes, strict=True):
        source.write_bytes(bytes(n % 251 for n in range(min(size, 1000))) * (size // 1000) + b"z" * (size % 1000))
    out = tmp_path / "out"
    out.mkdir()
    with Copier() as copier:
        for number in range(MANY):
            copier.copy(str(sources[2]), str(out / f"{number}"))
        for source in sources:
            copier.copy(str(source), str(out / source.name))
    assert sum(place.stat().st_size == 4096 for place in out.iterdir()) == MANY + 1
    assert all((out / source.name).read_bytes() == source.read_bytes() for source in sources)


def test_a_copy_that_is_waited_for_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"picture")
    with Copier() as copier:
        for number in range(70):
            place = tmp_path / f"b{number}"
            copier.copy(str(tmp_path / "a"), str(place))
            if number % 23 == 0:
                copier.wait_for(str(place))
                assert place.read_bytes() == b"picture"


@pytest.mark.parametrize("before", [0, 500])
def test_a_copy_that_fails_is_told(tmp_path: Path, before: int) -> None:
    (tmp_path / "a").write_bytes(b"picture")

    def work() -> None:
        with Copier() as copier:
            copier.copy(str(tmp_path / "absent"), str(tmp_path / "x"))
            for number in range(before):
                copier.copy(str(tmp_path / "a"), str(tmp_path / f"b{number}"))

    with pytest.raises(FileNotFoundError, match="absent"):
        work()


def test_what_stops_the_work_stops_the_copies(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"picture")

    def work() -> None:
        with Copier() as copier:
            copier.copy(str(tmp_path / "a"), str(tmp_path / "b"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert not (tmp_path / "b").exists()
