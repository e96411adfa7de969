# SPDX-License-Identifier: Apache-2.0
"""Servers of tests that run at once stand on ports of their own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ASK = """
from tests.conftest import free_ports
print(free_ports(5), flush=True)
input()
"""


def test_processes_that_look_for_ports_at_once_are_given_different_ones(project_root: Path) -> None:
    argv = [sys.executable, "-c", ASK]
    asking = [
        subprocess.Popen(argv, cwd=project_root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    firsts = [int(process.stdout.readline()) for process in asking if process.stdout]
    for process in asking:
        process.communicate("\n", timeout=30)

    given = [port for first in firsts for port in range(first, first + 5)]
    assert len(firsts) == 4
    assert len(set(given)) == len(given)
