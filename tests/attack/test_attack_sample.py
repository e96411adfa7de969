# SPDX-License-Identifier: Apache-2.0
"""A small sample of each attack, with a fixed seed; README.md says how to run the whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        ("attack_inputs.py", "--program", "changenet", "--count", "25", "--seed", "sample"),
        ("kill_runs.py", "--jobs", "4", "--searches", "0", "--seed", "sample"),
    ],
    ids=lambda words: words[0],
)
def test_a_sample_of_the_attack_finds_nothing(words: tuple[str, ...]) -> None:
    argv = [sys.executable, str(HERE / words[0]), *words[1:]]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_change_that_no_test_holds_is_told(tmp_path: Path) -> None:
    room = tmp_path / "core"
    room.mkdir()
    (room / "bounds.py").write_text("def inside(x: int) -> bool:\n    return x > 3 and not x == 9\n")
    code = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); from pathlib import Path; from mutate_sources import mutants\n"
        f"print(*[told for _, _, told, _ in mutants(Path({str(room)!r}))], sep='\\n')"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "x > 3  ->  x >= 3" in told
    assert "3  ->  4" in told
    assert "x > 3 and (not x == 9)  ->  x > 3 or not x == 9" in told
    assert told.count("->") == 7
