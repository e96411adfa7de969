# SPDX-License-Identifier: Apache-2.0
"""A stop whose exception was raised where it goes nowhere."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest

from engine.lifecycle import ActionStopped, stop_if_asked, stoppable


def test_a_stop_that_something_swallowed_is_raised_again_between_batches() -> None:
    with stoppable():
        stop_if_asked()
        with suppress(ActionStopped):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(ActionStopped, match="stopped by SIGTERM"):
            stop_if_asked()
    stop_if_asked()
