# SPDX-License-Identifier: Apache-2.0
"""Runs one command as a process of its own within limits of time and memory, and judges how it ended.

The process is forked from one that has imported the program already: hundreds of cases take minutes, not hours.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 20.0
"""Longer is a hang; on a machine that has more to do than processors, as much longer."""
MEGABYTES = 1024
_POLL_SECONDS = 0.02
_FACES = {"changenet": "interfaces.cli", "visual_changenet": "engine.cli"}
_PRELOADED = {
    "changenet": ("runners.api", "runners.planning.prepare", "pairs.doctor", "jsonschema_rs", "PIL.Image"),
    "visual_changenet": (
        "engine.settings",
        "spec.load",
        "engine.classify.training",
        "engine.classify.evaluation",
        "timm",
    ),
}
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_DEFECTS = ("Traceback (most recent call last)", "a defect of this program", "ERROR [internal]", '"code": "defect"')


@dataclass(frozen=True, slots=True)
class Case:
    """One command line in a folder whose files were prepared for it; `what` names the mutation.

    What never ends by itself is asked to, by SIGTERM, after `asked_to_end` seconds.
    """

    group: str
    what: str
    program: str
    argv: tuple[str, ...]
    asked_to_end: float | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended. A negative exit code is the signal that ended it; memory is the peak in MB."""

    exit_code: int
    seconds: float
    megabytes: float
    stdout: str
    stderr: str
    late: bool


def preload(programs: Sequence[str]) -> None:
    """Import what the programs need, so that their processes begin with it."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if "visual_changenet" in programs:
        importlib.import_module("engine.torch_setup").prepare_torch(1)
    for program in programs:
        for module in (_FACES[program], *_PRELOADED[program]):
            importlib.import_module(module)


def run(case: Case, folder: Path) -> Ending:
    """Run the case in `folder`; it is ended when it takes too long or too much memory."""
    streams = [folder / ".stdout", folder / ".stderr"]
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(case, folder, streams)
    late, peak, asked = False, 0.0, case.asked_to_end is None
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid:
            break
        late = late or time.monotonic() - begun > SECONDS * busy()
        if not asked and time.monotonic() - begun > (case.asked_to_end or 0):
            asked = True
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
        peak = max(peak, _resident(child))
        if late or peak > 2 * MEGABYTES:
            _end_session(child)
        time.sleep(_POLL_SECONDS)
    _end_session(child)
    texts = [path.read_bytes().decode("utf-8", "surrogateescape") for path in streams]
    seconds, megabytes = time.monotonic() - begun, max(peak, usage.ru_maxrss / 1024)
    return Ending(os.waitstatus_to_exitcode(status), seconds, megabytes, *texts, late=late)


def _become(case: Case, folder: Path, streams: list[Path]) -> NoReturn:
    """Turn this fork into the case's process."""
    code = 1
    try:
        os.setsid()
        os.chdir(folder)
        for descriptor, path in zip((1, 2), streams, strict=True):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        # As a process that was started has them; the parent's may be redirected by a test runner.
        sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="strict")
        sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace")
        sys.argv = [case.program, *case.argv]
        code = importlib.import_module(_FACES[case.program]).main(list(case.argv))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - it is what is looked for
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(code & 0xFF)


def busy() -> float:
    """How many times longer a process takes because of others, at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _resident(pid: int) -> float:
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return 0.0


def _end_session(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def judge(case: Case, ending: Ending) -> list[str]:
    """What is wrong with how a case ended; empty when nothing is."""
    said = ending.stdout + ending.stderr
    found = []
    if ending.late:
        found.append(f"hang: over {SECONDS:.0f} s")
    elif ending.exit_code < 0 and not (case.asked_to_end and ending.exit_code == -signal.SIGTERM):
        found.append(f"crash: {signal.Signals(-ending.exit_code).name}")
    if ending.megabytes > MEGABYTES:
        found.append(f"memory: {ending.megabytes:.0f} MB")
    if any(mark in said for mark in _DEFECTS):
        found.append(f"traceback: {_last_words(said)}")
    if ending.exit_code > 0 and not said.strip():
        found.append(f"silence: exit {ending.exit_code} without a word")
    if ending.exit_code > 0 and ending.exit_code not in (
        {1} if case.program == "visual_changenet" else {2, 3, 4, 5, 130}
    ):
        found.append(f"exit code {ending.exit_code}")
    if control := _CONTROLS.search(said):
        found.append(f"terminal: {control[0]!r} reaches it")
    if not found and case.program == "visual_changenet" and "Execution status: " not in said and "-h" not in case.argv:
        found.append("verdict: none")
    if not found and "--json" in case.argv and ending.stdout.strip() and not _is_json(ending.stdout):
        found.append("json: not one document")
    return found


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if re.match(r"\s*\S*(Error|Exception|defect|internal)\b", line)]
    marked = [line.strip() for line in text.splitlines() if any(mark in line for mark in _DEFECTS[1:])]
    places = re.findall(r'File "[^"]*?((?:\w+/)?\w+\.py)", line (\d+)', text)
    place = f" at {':'.join(places[-1])}" if places else ""
    return f"{(lines or marked or ['?'])[-1][:110]}{place}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
