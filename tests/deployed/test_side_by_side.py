# SPDX-License-Identifier: Apache-2.0
"""Work cut into parts: for all cores where one caller has them, into larger ones where several share them."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import TYPE_CHECKING

from deployed.side_by_side import SideBySide

if TYPE_CHECKING:
    import pytest


def test_callers_side_by_side_cut_their_work_into_fewer_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    threads = SideBySide()
    assert threads.in_parts(4, lambda part, *, alone: (part.stop - part.start, alone)) == [(2, False), (2, False)]
    assert threads.in_parts(1, lambda part, *, alone: (part.stop - part.start, alone)) == [(1, True)]
    begun, ended = Barrier(2), Barrier(2)

    def hold(part: slice, *, alone: bool) -> int:
        begun.wait(20)
        ended.wait(20)
        return part.stop + alone

    other = Thread(target=threads.in_parts, args=(1, hold))
    other.start()
    begun.wait(20)
    found = threads.in_parts(6, lambda part, *, alone: (part.start, part.stop, alone))
    ended.wait(20)
    other.join()
    assert found == [(0, 4, False), (4, 8, False)]
