# SPDX-License-Identifier: Apache-2.0
"""What a cluster says of all our jobs in a namespace at once: two questions, whoever looks at however many jobs."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from runners.platforms.kubernetes_api import connect
from runners.platforms.kubernetes_manifest import JOB_LABEL, MANAGED, object_name

if TYPE_CHECKING:
    from runners.platforms.kubernetes_api import Cluster

POLL_VARIABLE = "CHANGENET_KUBERNETES_POLL_SECONDS"
_POLL_SECONDS = 2.0
_OURS = ",".join(f"{key}={value}" for key, value in MANAGED.items())


@dataclass(frozen=True, slots=True)
class Seen:
    """A Job of the cluster, with its pods from the oldest to the newest."""

    job: dict[str, Any]
    pods: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class Listing:
    """The jobs of one namespace, as the cluster listed them last."""

    cluster: Cluster
    _jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    _pods: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _events: dict[str, list[str]] = field(default_factory=dict)
    _asked_at: float = float("-inf")
    _events_at: float = float("-inf")

    def find(self, job_id: str, since: float = float("-inf")) -> Seen | None:
        """The Job of a record and its pods; an answer from before `since` (seconds of the epoch) does not count.

        Raises:
            PlatformError: nobody answered.
        """
        self._refresh(since)
        name = object_name(job_id)
        return Seen(self._jobs[name], tuple(self._pods.get(job_id, ()))) if name in self._jobs else None

    def warnings(self, *names: str) -> list[str]:
        """What the events of these objects warn of, the newest last. Errors: see `find`."""
        if self._events_at < time.time() - poll_seconds():
            found: dict[str, list[str]] = {}
            listed = self.cluster.listed(self.cluster.core.list_namespaced_event, field_selector="type=Warning")
            for event in sorted(listed, key=_when):
                text = f"{event.get('reason')}: {' '.join(str(event.get('message')).split())}"
                found.setdefault(event["involvedObject"].get("name", ""), []).append(text)
            self._events, self._events_at = found, time.time()
        return [text for name in names for text in self._events.get(name, ())]

    def forget(self) -> None:
        """What was listed is no longer true: something was made or ended."""
        self._asked_at = self._events_at = float("-inf")

    def _refresh(self, since: float) -> None:
        if self._asked_at >= max(time.time() - poll_seconds(), since):
            return
        asked_at, ask = time.time(), self.cluster.listed
        jobs = ask(self.cluster.batch.list_namespaced_job, label_selector=_OURS)
        self._jobs = {job["metadata"]["name"]: job for job in jobs}
        pods: dict[str, list[dict[str, Any]]] = {}
        for pod in sorted(ask(self.cluster.core.list_namespaced_pod, label_selector=_OURS), key=_made):
            pods.setdefault(pod["metadata"]["labels"].get(JOB_LABEL, ""), []).append(pod)
        self._pods, self._asked_at = pods, asked_at


@cache
def _listing(context: str, namespace: str, kubeconfig: str) -> Listing:
    del kubeconfig
    return Listing(connect(context, namespace))


def listing_of(context: str, namespace: str) -> Listing:
    """The listing of a namespace, the same for all who ask in this process. Errors: see `connect`."""
    return _listing(context, namespace, os.environ.get("KUBECONFIG", ""))


def poll_seconds() -> float:
    """How old an answer of the cluster may be: $CHANGENET_KUBERNETES_POLL_SECONDS, else 2 s."""
    with suppress(ValueError):
        return max(0.0, float(os.environ.get(POLL_VARIABLE, _POLL_SECONDS)))
    return _POLL_SECONDS


def _made(pod: dict[str, Any]) -> str:
    return str(pod["metadata"].get("creationTimestamp"))


def _when(event: dict[str, Any]) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp"))
