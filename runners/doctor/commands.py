# SPDX-License-Identifier: Apache-2.0
"""Other programs, asked in bounded time; what they print comes back with secrets masked."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import NamedTuple

from core.redaction import redact_text

_SECONDS = 20.0
_LONGEST = 64 * 1024


class Answer(NamedTuple):
    """What a program said: `text` of standard output or, where it failed, the last line of all that it said."""

    worked: bool
    text: str


def ask(*argv: str, seconds: float = _SECONDS) -> Answer | None:
    """Run a program to its end; None where there is none of this name."""
    program = shutil.which(argv[0])
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *argv[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        return Answer(worked=False, text=f"it gave no answer in {seconds:.0f} s")
    except OSError as problem:
        return Answer(worked=False, text=problem.strerror or str(problem))
    out, errors = (redact_text(said[:_LONGEST].decode(errors="replace")).strip() for said in (done.stdout, done.stderr))
    if done.returncode == 0:
        return Answer(worked=True, text=out)
    lines = (errors or out).splitlines() or [f"exit code {done.returncode}"]
    return Answer(worked=False, text=lines[-1])
