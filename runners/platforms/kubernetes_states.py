# SPDX-License-Identifier: Apache-2.0
"""What a cluster says of a Job and its pods, as a sight of ours; why a pod waits, or ended, in readable words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.problem import Problem
from runners.jobs.job import JobState
from runners.platforms.container_end import end_of
from runners.platforms.docker_engine import refused
from runners.platforms.kubernetes_manifest import ACTION, INDEX
from runners.platforms.platform import Sight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runners.jobs.job import Job
    from runners.platforms.kubernetes_listing import Seen

_NO_IMAGE = frozenset({"InvalidImageName", "ErrImageNeverPull"})
_PULL_FAILS = frozenset({"ErrImagePull", "ImagePullBackOff"})
_FOR_GOOD = ("not found", "denied", "unauthorized", "authentication required", "manifest unknown")
_NOT_STARTED = frozenset({"StartError", "ContainerCannotRun", "CreateContainerError", "RunContainerError"})
_STARTING = frozenset({"ContainerCreating", "PodInitializing"})
# What ended a pod from outside, by its own reason or that of its condition DisruptionTarget.
_DISRUPTIONS = {
    "PreemptionByScheduler": ("job.preempted", "a pod of higher priority took its place"),
    "PreemptionByKubeScheduler": ("job.preempted", "a pod of higher priority took its place"),
    "DeletionByTaintManager": ("node.lost", "its node was given up"),
    "DeletionByPodGC": ("node.lost", "its node is gone"),
    "NodeLost": ("node.lost", "its node is gone"),
    "EvictionByEvictionAPI": ("job.preempted", "it was evicted"),
    "TerminationByKubelet": ("node.lost", "its node ended it"),
    "Evicted": ("node.lost", "its node had too little memory or disk left"),
}


def sight_of(job: Job, seen: Seen, warnings: Iterable[str]) -> Sight:
    """Our state of a job that the cluster lists; `warnings` are those of its events."""
    ended = {entry["type"]: entry for entry in _conditions(seen.job) if entry.get("status") == "True"}
    current = current_pods(seen)
    if "Complete" in ended:
        return end_of(job, 0, f"Job {_name(seen.job)}: Complete", out_of_memory=False)
    if "Failed" in ended:
        return _failed(job, seen, ended["Failed"])
    if problem := next(filter(None, (_hopeless(job, pod) for pod in current)), None):
        return Sight(JobState.ERROR, problem.message, cause=problem)
    if current and all(_began(pod) for pod in current):
        return Sight(JobState.RUNNING, f"Job {_name(seen.job)}: {_nodes(current)}")
    why = waiting(seen, warnings) or "waits"
    state = JobState.RUNNING if job.state is JobState.RUNNING else JobState.PENDING
    return Sight(state, f"Job {_name(seen.job)}: {why}")


def current_pods(seen: Seen) -> list[dict[str, Any]]:
    """The newest pod of each node: those before it were replaced."""
    return list({_index(pod): pod for pod in seen.pods}.values())


def waiting(seen: Seen, warnings: Iterable[str]) -> str:
    """Why a job has not begun, as far as the cluster says; empty where all of it works."""
    if seen.job["spec"].get("suspend") and not seen.pods:
        queue = seen.job["metadata"].get("labels", {}).get("kueue.x-k8s.io/queue-name")
        return f"suspended until queue {queue} admits it" if queue else "suspended"
    told = [reason for pod in current_pods(seen) if (reason := _reason(pod))]
    told += [text for text in warnings if text not in told]
    if not told and not seen.pods:
        return "no pod of it yet"
    return "; ".join(dict.fromkeys(told[-2:]))


def _reason(pod: dict[str, Any]) -> str:
    for entry in _conditions(pod):
        if entry["type"] == "PodScheduled" and entry.get("status") == "False":
            return f"{entry.get('reason', 'Unschedulable')}: {entry.get('message', '')}".rstrip(": ")
    for state in _states(pod, "waiting"):
        if state.get("reason") not in _STARTING:
            return f"{state.get('reason')}: {state.get('message', '')}".rstrip(": ")
    return ""


def _hopeless(job: Job, pod: dict[str, Any]) -> Problem | None:
    """The problem of a pod that the cluster would try to start for ever."""
    for state in _states(pod, "waiting"):
        reason, message = str(state.get("reason")), str(state.get("message", ""))
        final = reason in _PULL_FAILS and any(sign in message.lower() for sign in _FOR_GOOD)
        if final or reason in _NO_IMAGE:
            found = refused(job.id, f"{reason}: {message}")
            return Problem(found.code, job.id, found.message, found.remedy)
        if reason in _NOT_STARTED:
            return Problem("launch.failed", job.id, f"the container can't be started: {message}")
    return None


def _failed(job: Job, seen: Seen, condition: dict[str, Any]) -> Sight:
    reason, message = str(condition.get("reason")), str(condition.get("message", ""))
    native = f"Job {_name(seen.job)}: {reason}"
    if reason == "DeadlineExceeded":
        cause = Problem("job.time_limit", job.id, f"its time limit was used up ({reason})")
        return Sight(JobState.ERROR, native, cause=cause, began=bool(seen.pods))
    pods = seen.pods
    for pod in reversed(pods):
        if disruption := _disruption(pod):
            code, words = disruption
            told = f"{words} ({(pod.get('status') or {}).get('message') or reason})"
            return Sight(JobState.ERROR, native, cause=Problem(code, job.id, told), began=_began(pod))
    for end in (end for pod in pods for end in _states(pod, "terminated") if end.get("exitCode")):
        exit_code, why = int(end["exitCode"]), str(end.get("reason"))
        if why in _NOT_STARTED:
            told = f"the container can't be started: {end.get('message', why)}"
            return Sight(JobState.ERROR, native, exit_code, Problem("launch.failed", job.id, told))
        sight = end_of(job, exit_code, f"{native}, {why}", out_of_memory=why == "OOMKilled")
        return Sight(sight.state, sight.native, sight.exit_code, sight.cause, began=True)
    cause = Problem("launch.failed", job.id, f"the cluster gave the Job up: {reason}. {message}".strip())
    return Sight(JobState.ERROR, native, cause=cause)


def _disruption(pod: dict[str, Any]) -> tuple[str, str] | None:
    reasons = [str((pod.get("status") or {}).get("reason"))]
    reasons += [str(entry.get("reason")) for entry in _conditions(pod) if entry["type"] == "DisruptionTarget"]
    return next((_DISRUPTIONS[reason] for reason in reasons if reason in _DISRUPTIONS), None)


def _began(pod: dict[str, Any]) -> bool:
    own = [entry for entry in (pod.get("status") or {}).get("containerStatuses") or () if entry["name"] == ACTION]
    return any(name in (entry.get("state") or {}) for entry in own for name in ("running", "terminated"))


def _states(pod: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    status = pod.get("status") or {}
    for entry in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        if state := (entry.get("state") or {}).get(name):
            yield state


def _conditions(thing: dict[str, Any]) -> list[dict[str, Any]]:
    return list((thing.get("status") or {}).get("conditions") or ())


def _index(pod: dict[str, Any]) -> str:
    return str((pod["metadata"].get("annotations") or {}).get(INDEX, "0"))


def _name(job: dict[str, Any]) -> str:
    return str(job["metadata"]["name"])


def _nodes(pods: Iterable[dict[str, Any]]) -> str:
    names = sorted({str((pod.get("spec") or {}).get("nodeName", "?")) for pod in pods})
    return f"works on {', '.join(names)}"
