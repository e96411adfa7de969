# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C is held for a moment, and lost by nobody."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from runners.platforms.interrupts import interrupts_held


def test_what_comes_in_the_meantime_is_raised_afterwards() -> None:
    done: list[str] = []

    def work() -> None:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["the rest"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_whoever_takes_it_otherwise_gets_it() -> None:
    taken: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: taken.append(number))
    try:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            assert taken == []
        assert taken == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_changes_nothing() -> None:
    found: list[object] = []

    def look() -> None:
        with interrupts_held():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]
