# SPDX-License-Identifier: Apache-2.0
"""Ray's own job submission API, by HTTP: what is submitted, listed and stopped there needs no Ray on this machine.

https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html
"""

from __future__ import annotations

import json
import os
import shlex
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib import error, request

from core.errors import PlatformError, RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

ADDRESS_VARIABLE, HEADERS_VARIABLE, TOKEN_VARIABLE = "RAY_API_SERVER_ADDRESS", "RAY_JOB_HEADERS", "RAY_AUTH_TOKEN"
_DEFAULT = "http://127.0.0.1:8265"
_SECONDS = 30.0
_FRESH_SECONDS = 0.5
_PATIENT_SECONDS = 10.0
_ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})
_OWN_FAULT = 500  # from this HTTP status on


class RefusedError(PlatformError):
    """Ray answered, and refused; `passes` where the fault is its own, and need not last."""

    code = "ray.refused"
    passes = False


class SilentError(PlatformError):
    """Ray gave no answer; what it did is not known."""

    code = "ray.no_answer"


def address_of(named: str) -> str:
    """The address that is named, else Ray's own variable, else the dashboard of this machine."""
    return (named or os.environ.get(ADDRESS_VARIABLE) or _DEFAULT).rstrip("/")


@dataclass(slots=True)
class Cluster:
    """The jobs of one cluster; a look at a job is a look into the last answer, as long as that is fresh."""

    address: str
    _jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    _asked_at: float = float("-inf")

    def submit(self, document: dict[str, Any]) -> None:
        """Submit a job, named by its `submission_id`: one of that name that is there already stays.

        Raises:
            RefusedError: Ray does not take it, with its words.
            SilentError: whether it took the job is not known.
        """
        deadline = time.monotonic() + _PATIENT_SECONDS
        while True:
            try:
                self._call("POST", "/api/jobs/", document)
            except RefusedError as problem:
                if "already exists" not in problem.message:
                    # A head that has just begun has no agent yet that takes jobs.
                    if not problem.passes or time.monotonic() > deadline:
                        raise
                    time.sleep(1.0)
                    continue
            break
        self.forget()

    def find(self, submission_id: str) -> dict[str, Any] | None:
        """The job as Ray lists it, in the words of its API. Raises SilentError, RefusedError."""
        if time.monotonic() > self._asked_at + _FRESH_SECONDS:
            self.refresh()
        return self._jobs.get(submission_id)

    def find_now(self, submission_id: str) -> dict[str, Any] | None:
        """The same, asked anew. Raises SilentError, RefusedError."""
        self.forget()
        return self.find(submission_id)

    def refresh(self) -> None:
        """Ask for all jobs at once. Raises SilentError, RefusedError."""
        listed = self._call("GET", "/api/jobs/")
        rows = listed if isinstance(listed, list) else []
        self._jobs = {str(row["submission_id"]): row for row in rows if row.get("submission_id")}
        self._asked_at = time.monotonic()

    def version(self) -> str:
        """The version of Ray that answers. Raises SilentError, RefusedError."""
        told = self._call("GET", "/api/version")
        return str(told.get("ray_version", "")) if isinstance(told, dict) else ""

    def output_of(self, submission_id: str, argv: Sequence[str], seconds: float, poll_seconds: float) -> str:
        """What a short command prints on a node; it is waited for so long, and nothing of it stays.

        Raises:
            SilentError: it did not end in that time, or Ray gave no answer.
            RefusedError: Ray does not take it.
        """
        self.submit({"entrypoint": shlex.join(argv), "submission_id": submission_id, "entrypoint_num_cpus": 1})
        deadline = time.monotonic() + seconds
        while (self.find_now(submission_id) or {}).get("status") not in _ENDED:
            if time.monotonic() > deadline:
                self.stop(submission_id)
                remedy = "see `ray status` for what its nodes have free"
                raise SilentError(f"no node took a short job in {seconds:.0f} s", where=self.address, remedy=remedy)
            time.sleep(poll_seconds)
        told = self._call("GET", f"/api/jobs/{submission_id}/logs")
        with suppress(RefusedError):
            self._call("DELETE", f"/api/jobs/{submission_id}")
        self.forget()
        return str(told.get("logs", "")) if isinstance(told, dict) else ""

    def stop(self, submission_id: str) -> None:
        """Ask Ray to end a job: SIGTERM to its process group, SIGKILL some seconds later."""
        with suppress(RefusedError):  # one that has ended
            self._call("POST", f"/api/jobs/{submission_id}/stop")
        self.forget()

    def forget(self) -> None:
        """What was listed is no longer true."""
        self._asked_at = float("-inf")

    def _call(self, method: str, path: str, document: Any = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        asked = request.Request(self.address + path, body, _headers(), method=method)  # noqa: S310 - checked in RaySettings
        try:
            with request.urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310
                text = answer.read()
        except error.HTTPError as problem:
            said = problem.read().decode(errors="replace").strip().splitlines() or [problem.reason]
            remedy = "check what Ray says, or the address: --ray-address http://HOST:8265"
            refused = RefusedError(f"Ray refused: {said[-1]}", where=self.address, remedy=remedy)
            refused.passes = problem.code >= _OWN_FAULT
            raise refused from None
        except (OSError, ValueError, HTTPException) as problem:
            reason = getattr(problem, "reason", None) or problem
            remedy = f"start the cluster, or name its dashboard: --ray-address, or ${ADDRESS_VARIABLE}"
            raise SilentError(f"Ray gave no answer: {reason}", where=self.address, remedy=remedy) from None
        with suppress(ValueError):
            return json.loads(text or b"null")
        remedy = "check the address: --ray-address http://HOST:8265"
        raise RefusedError("what answers there is no Ray", where=self.address, remedy=remedy)


@cache
def cluster_of(address: str) -> Cluster:
    """The cluster at an address, the same for all who ask in this process."""
    return Cluster(address)


def _headers() -> dict[str, str]:
    """Ray's own variables say how its clients make themselves known."""
    found = {"Content-Type": "application/json"}
    if token := os.environ.get(TOKEN_VARIABLE):
        found["Authorization"] = f"Bearer {token}"
    if text := os.environ.get(HEADERS_VARIABLE):
        try:
            found |= {str(name): str(value) for name, value in json.loads(text).items()}
        except (ValueError, AttributeError):
            remedy = 'set it to {"NAME": "VALUE"}, or unset it'
            raise RequestError("is no JSON object", code="ray.headers", where=HEADERS_VARIABLE, remedy=remedy) from None
    return found
