# SPDX-License-Identifier: Apache-2.0
"""A sample of the random kills; `python tests/attack/kills.py` does many more."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.attack.kills import kill_a_job

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", range(4))
def test_a_job_of_which_any_process_was_killed_ends_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("CHANGENET_GRACE_SECONDS", "3")
    assert kill_a_job(tmp_path, random.Random(seed)).wrong == ()
