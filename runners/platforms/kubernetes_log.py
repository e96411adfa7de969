# SPDX-License-Identifier: Apache-2.0
"""The log of a job's pods in the file of the job: what the cluster has got since the last look is added.

The cluster gives each line the moment at which it was said. The moment of the last line taken is kept beside the log,
for each pod: so nothing is taken twice, and nothing is lost when a node begins a new file for a long log.
"""

from __future__ import annotations

import fcntl
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.errors import InputError, PlatformError
from core.file_names import LOG_FILE
from core.files import write_json
from runners.platforms.kubernetes_listing import poll_seconds
from runners.platforms.kubernetes_manifest import ACTION, INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runners.platforms.kubernetes_api import Cluster

_TAKEN = "log_taken.json"
_SAID = "said"
_next_look: dict[Path, float] = {}


def add_logs(cluster: Cluster, pods: Sequence[dict[str, Any]], folder: Path, *, at_once: bool = False) -> None:
    """Bring the job's log up to what its pods have said; those of further nodes have a file of their own.

    When another process does so at this moment, or a look is not due yet, nothing is done, unless it must be `at_once`.
    """
    if not at_once and time.monotonic() < _next_look.get(folder, 0.0):
        return
    _next_look[folder] = time.monotonic() + poll_seconds()
    with (folder / LOG_FILE).open("ab") as log, suppress(BlockingIOError):
        fcntl.flock(log, fcntl.LOCK_EX | (0 if at_once else fcntl.LOCK_NB))
        taken = _read(folder)
        for pod in pods:
            name, index = pod["metadata"]["name"], (pod["metadata"].get("annotations") or {}).get(INDEX, "0")
            with suppress(PlatformError):  # a pod that has not begun, or is gone, says nothing
                after = taken.get(name, "")
                lines = list(_lines(_ask(cluster, name, after), after))
                if lines:
                    _append(log if index == "0" else folder / f"log-{index}.txt", lines)
                    write_json(folder / _TAKEN, taken := {**taken, name: lines[-1][0]})


@contextmanager
def last_words(cluster: Cluster, pod: dict[str, Any] | None, folder: Path, seconds: float) -> Iterator[None]:
    """Listen to a pod that is ended meanwhile, until it is, for as many seconds at most, and keep what it says."""
    answer, name = None, pod["metadata"]["name"] if pod else ""
    with suppress(PlatformError):
        answer = _ask(cluster, name, _read(folder).get(name, ""), follow=True, _request_timeout=(seconds, seconds))
    yield
    said = list(_lines(answer, "")) if answer is not None else []
    with (folder / LOG_FILE).open("ab") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        taken = _read(folder)
        if lines := [line for line in said if line[0] > taken.get(name, "")]:
            _append(log, lines)
            write_json(folder / _TAKEN, {**taken, name: lines[-1][0]})


def say_once(folder: Path, text: str) -> None:
    """Tell in the job's log what the cluster says of it, where that is news."""
    with (folder / LOG_FILE).open("ab") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        taken = _read(folder)
        if taken.get(_SAID) != text:
            log.write(f"kubernetes: {text}\n".encode())
            write_json(folder / _TAKEN, {**taken, _SAID: text})


def _read(folder: Path) -> dict[str, str]:
    with suppress(InputError):
        found = read_json(folder / _TAKEN)
        return found if isinstance(found, dict) else {}
    return {}


def _append(log: Any, lines: Iterable[tuple[str, bytes]]) -> None:
    text = b"".join(line for _, line in lines)
    if isinstance(log, Path):
        with log.open("ab") as file:
            file.write(text)
    else:
        log.write(text)
        log.flush()


def _ask(cluster: Cluster, pod: str, after: str, **options: Any) -> Any:
    """The answer with what a pod has said after a moment, or a little before. Errors: those of `Cluster.ask`."""
    if after:
        options["since_seconds"] = max(1, int((datetime.now(UTC) - _moment(after)).total_seconds()) + 2)
    read = cluster.core.read_namespaced_pod_log
    return cluster.ask(read, pod, cluster.namespace, container=ACTION, timestamps=True, **options)


def _lines(answer: Iterable[bytes], after: str) -> Iterator[tuple[str, bytes]]:
    """The lines of an answer from after a moment, each with its own."""
    from urllib3.exceptions import HTTPError

    with suppress(HTTPError, OSError):  # what came before the connection broke counts
        for line in answer:
            moment, _, text = line.partition(b" ")
            if (at := _whole(moment.decode(errors="replace"))) > after:
                yield at, text


def _whole(moment: str) -> str:
    """The moment with all nine digits, so that texts are in the order of time."""
    seconds, _, digits = moment.rstrip("Z").partition(".")
    return f"{seconds}.{digits:0<9}Z"


def _moment(text: str) -> datetime:
    """Nanoseconds are beyond what a datetime holds."""
    return datetime.fromisoformat(f"{text.partition('.')[0]}+00:00")
