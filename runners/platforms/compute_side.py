# SPDX-License-Identifier: Apache-2.0
"""What the side that computes sees of the places that a job needs: asked by a small script that runs there itself.

The script takes a shell and `cat`, and leaves nothing but an answer in a folder that was made for it. An answer that
does not arrive here was written on another file system than the results root is on.
"""

from __future__ import annotations

import secrets
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

State = Literal["ok", "missing", "refused", "elsewhere", "silent"]
_TOKEN, _ANSWER = "token", "answer"
_SCRIPT = """
first() {
    for one in "$1"/*; do
        if [ -f "$one" ]; then echo "$one"; return 0; fi
        if [ -d "$one" ] && first "$one"; then return 0; fi
    done
    return 1
}
data() {
    [ -e "$1" ] || { echo missing; return; }
    [ -r "$1" ] && { [ -f "$1" ] || [ -x "$1" ]; } || { echo refused; return; }
    file=$1
    [ -f "$1" ] || file=$(first "$1") || { echo ok; return; }
    if (: <"$file") 2>/dev/null; then echo ok; else echo refused; fi
}
results() {
    [ -d "$1" ] || { echo missing; return; }
    if (cat "$1/token" >"$1/answer") 2>/dev/null; then echo ok; else echo refused; fi
}
[ -z "$1" ] || echo "data=$(data "$1")"
echo "results=$(results "$2")"
[ -z "$3" ] || { if [ -x "$3" ]; then echo engine=ok; else echo engine=missing; fi; }
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How the places are there; `silent`: nothing was said. `data` and `engine` are None where they were not asked for.

    `missing`: there is no such place; `refused`: it is there, and can't be used; `elsewhere`: it is there, and another.
    """

    results: State
    data: State | None = None
    engine: State | None = None


@contextmanager
def asking_folder(root: Path) -> Iterator[Path]:
    """A folder of its own in the results root, or in the nearest folder above it that exists, gone afterwards.

    Raises:
        OSError: nothing can be written there.
    """
    from runners.preflight import nearest_folder

    with tempfile.TemporaryDirectory(prefix=".changenet-doctor-", dir=nearest_folder(root)) as name:
        (Path(name) / _TOKEN).write_text(secrets.token_hex(8))
        yield Path(name)


def question(folder: str, data: str = "", engine: str = "") -> list[str]:
    """The words of the command that looks at the places, named as the side that computes names them."""
    return ["sh", "-c", _SCRIPT, "changenet", data, folder, engine]


def seen(said: str, folder: Path, *, data: bool = False, engine: bool = False) -> Seen:
    """What was found, of what the script printed and of what arrived in the folder here."""
    told = dict(line.strip().split("=", 1) for line in said.splitlines() if "=" in line)
    results = _state(told, "results")
    if results == "ok" and not _arrived(folder):
        results = "elsewhere"
    return Seen(results, _state(told, "data") if data else None, _state(told, "engine") if engine else None)


def _arrived(folder: Path) -> bool:
    with suppress(OSError):
        return (folder / _ANSWER).read_text() == (folder / _TOKEN).read_text()
    return False


def _state(told: dict[str, str], name: str) -> State:
    states: dict[str, State] = {"ok": "ok", "missing": "missing", "refused": "refused"}
    return states.get(told.get(name, ""), "silent")
