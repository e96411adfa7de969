# SPDX-License-Identifier: Apache-2.0
"""The runner `kubernetes`: each job is a Job of a cluster, named after the record and found by that name.

Data and results lie in persistent volume claims that this machine sees as folders. The cluster keeps a Job that has
ended for a week; whoever looks next takes its log and its end. A cluster that does not answer says nothing about it.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import dump_yaml
from core.errors import PlatformError
from core.file_names import LOG_FILE
from core.files import write_text
from core.problem import Problem
from runners.jobs.job import JobState
from runners.platforms.container_files import mounts_of_job
from runners.platforms.docker_container import require_secrets
from runners.platforms.handles import LAUNCHER, process_of, sight_of, with_detail
from runners.platforms.kubernetes_api import ClusterSilentError, GoneError, TakenError, connect
from runners.platforms.kubernetes_listing import listing_of
from runners.platforms.kubernetes_log import add_logs, last_words, say_once
from runners.platforms.kubernetes_manifest import (
    job_manifest,
    network_manifest,
    object_name,
    secret_manifest,
    service_manifest,
)
from runners.platforms.kubernetes_settings import KubernetesSettings
from runners.platforms.kubernetes_states import current_pods, waiting
from runners.platforms.kubernetes_states import sight_of as sight_of_job
from runners.platforms.kubernetes_volumes import require_claimed
from runners.platforms.platform import Sight, grace_seconds

if TYPE_CHECKING:
    from runners.jobs.job import Handle, Job
    from runners.jobs.store import JobStore
    from runners.planning.plan import Plan
    from runners.platforms.kubernetes_api import Cluster
    from runners.platforms.kubernetes_listing import Listing, Seen

MANIFEST_FILE = "job.yaml"
_ABOUT = "kubernetes"
_UNANSWERED_SECONDS = 30.0  # in which a cluster that gave no answer shows a Job that it took all the same
_LAST_WORDS_SECONDS = 5.0


class KubernetesPlatform:
    """Its handle names context and namespace, when the Job was sent, and the uid by which the cluster knows it."""

    def check(self, plan: Plan) -> None:
        """The cluster answers and lets us see its jobs, and what the action reads and writes lies in its claims."""
        settings = KubernetesSettings(**plan.platform)
        require_claimed(plan, settings.claims())
        require_secrets(plan)
        cluster = connect(settings.context, settings.namespace)
        cluster.document(cluster.batch.list_namespaced_job, cluster.namespace, limit=1, patiently=True)

    def start(self, store: JobStore, job: Job, plan: Plan) -> Handle:
        """Make the Job, then what it owns; it is there, or may be, once the record says when it was sent."""
        settings = KubernetesSettings(**plan.platform)
        cluster = connect(settings.context, settings.namespace)
        manifest = job_manifest(plan, job.id, settings, mounts_of_job(job, plan))
        write_text(Path(job.folder) / MANIFEST_FILE, dump_yaml(manifest))
        about: dict[str, Any] = {"context": cluster.context, "namespace": cluster.namespace, "sent_at": time.time()}
        handle = with_detail(store.handle(job.id), _ABOUT, about)
        store.add_handle(job.id, handle)
        try:
            made = _made(cluster, manifest)
        except ClusterSilentError:
            if plan.secrets or plan.resources.nodes > 1 or not plan.resources.network:
                raise  # what a Job owns can't be made of one that may not be there
            return handle  # it may have been taken all the same: whoever looks finds it by its name
        handle = with_detail(handle, _ABOUT, about | {"uid": made["uid"], "sent_at": time.time()})
        store.add_handle(job.id, handle)
        _add_owned(cluster, plan, job.id, made)
        if not plan.resources.network:
            _close_network(cluster, job, made, fetches="initContainers" in manifest["spec"]["template"]["spec"])
        _listing(handle).forget()
        if store.cancel_reason(job.id) is not None:
            self.cancel(job, handle)
        return handle

    def look(self, job: Job, handle: Handle) -> Sight:
        """What the cluster says; no answer is UNKNOWN."""
        about = handle.details.get(_ABOUT) or {}
        if not about:
            sight = sight_of(job, process_of(handle, LAUNCHER))
            return _never_sent(job) if sight.state.is_terminal else sight
        try:
            listing = _listing(handle)
            seen = listing.find(job.id, about["sent_at"])
            return sight_of_job(job, seen, _warnings(listing, seen)) if seen else _not_listed(job, about)
        except PlatformError as problem:
            return Sight(JobState.UNKNOWN, problem.message)

    def cancel(self, job: Job, handle: Handle) -> None:
        """Have the cluster end the pods, SIGTERM first, and then the Job; take what they say until then."""
        if not handle.details.get(_ABOUT):
            return
        listing = _listing(handle)
        listing.forget()
        seen = listing.find(job.id)
        pod = next(iter(current_pods(seen)), None) if seen else None
        with last_words(listing.cluster, pod, Path(job.folder), grace_seconds() + _LAST_WORDS_SECONDS):
            _delete(listing.cluster, job.id)
        listing.forget()

    def log(self, job: Job, handle: Handle) -> Path:
        """The job's own log, to which is added why the job waits, and what its pods have said since the last look."""
        folder = Path(job.folder)
        about = handle.details.get(_ABOUT)
        with suppress(PlatformError):  # what was said so far can be read all the same
            if about and not job.state.is_terminal:
                listing = _listing(handle)
                if seen := listing.find(job.id, about["sent_at"]):
                    if job.state is JobState.PENDING and (why := waiting(seen, _warnings(listing, seen))):
                        say_once(folder, why)
                    add_logs(listing.cluster, seen.pods, folder)
        return folder / LOG_FILE

    def collect(self, job: Job, handle: Handle) -> None:
        """Take the rest of the logs; end a Job that waits in vain. The variables of one that has ended are removed."""
        about = handle.details.get(_ABOUT)
        if not about:
            return
        listing = _listing(handle)
        seen = listing.find(job.id, about["sent_at"])
        if seen:
            add_logs(listing.cluster, seen.pods, Path(job.folder), at_once=True)
        if seen is None or not _has_ended(seen):
            _delete(listing.cluster, job.id)
            return
        with suppress(PlatformError):
            core = listing.cluster.core
            listing.cluster.document(core.delete_namespaced_secret, object_name(job.id), listing.cluster.namespace)


def _listing(handle: Handle) -> Listing:
    about = handle.details[_ABOUT]
    return listing_of(about["context"], about["namespace"])


def _warnings(listing: Listing, seen: Seen) -> list[str]:
    """What the events say; those of a job whose pods all work are not asked for."""
    if seen.job.get("status", {}).get("ready") or _has_ended(seen):
        return []
    with suppress(PlatformError):  # an account need not have the right to read events
        return listing.warnings(seen.job["metadata"]["name"], *(pod["metadata"]["name"] for pod in seen.pods))
    return []


def _has_ended(seen: Seen) -> bool:
    conditions = seen.job.get("status", {}).get("conditions") or ()
    return any(entry["type"] in {"Complete", "Failed"} and entry["status"] == "True" for entry in conditions)


def _made(cluster: Cluster, manifest: dict[str, Any]) -> dict[str, Any]:
    """What identifies the Job; one of its name was made by an attempt whose answer was lost."""
    name = manifest["metadata"]["name"]
    try:
        found = cluster.document(cluster.batch.create_namespaced_job, cluster.namespace, manifest, patiently=True)
    except TakenError:
        found = cluster.document(cluster.batch.read_namespaced_job, name, cluster.namespace, patiently=True)
    metadata: dict[str, Any] = found["metadata"]
    return metadata


def _add_owned(cluster: Cluster, plan: Plan, job_id: str, owner: dict[str, Any]) -> None:
    """The Secret and the Service of a Job, or nothing of it."""
    name, core = object_name(job_id), cluster.core
    wanted = []
    if plan.secrets:
        values = {key: os.environ[key] for key in plan.secrets}
        wanted.append((core.create_namespaced_secret, secret_manifest(name, job_id, owner, values)))
    if plan.resources.nodes > 1:
        wanted.append((core.create_namespaced_service, service_manifest(name, job_id, owner)))
    try:
        for create, manifest in wanted:
            with suppress(TakenError):
                cluster.document(create, cluster.namespace, manifest, patiently=True)
    except PlatformError:
        _delete(cluster, job_id)
        raise


def _close_network(cluster: Cluster, job: Job, owner: dict[str, Any], *, fetches: bool) -> None:
    """Keep the pods of a Job from the network; a cluster that does not let us is named in the log."""
    manifest = network_manifest(object_name(job.id), job.id, owner, fetches=fetches)
    create = cluster.networking.create_namespaced_network_policy
    try:
        with suppress(TakenError):
            cluster.document(create, cluster.namespace, manifest, patiently=True)
    except PlatformError as problem:
        say_once(Path(job.folder), f"the pods keep the network of the namespace: {problem.message}")


def _delete(cluster: Cluster, job_id: str) -> None:
    """End the Job with its pods and what it owns; the Job itself goes last."""
    delete, name = cluster.batch.delete_namespaced_job, object_name(job_id)
    with suppress(GoneError):
        cluster.document(delete, name, cluster.namespace, propagation_policy="Foreground", patiently=True)


def _never_sent(job: Job) -> Sight:
    message = "the launching process died before the job was sent to the cluster"
    return Sight(JobState.ERROR, message, cause=Problem("launch.lost", job.id, message))


def _not_listed(job: Job, about: dict[str, Any]) -> Sight:
    """The Job was deleted, here or by somebody else, or never made; log and results say how far it came."""
    if about.get("uid"):
        return Sight(JobState.ERROR, "the Job is not in the cluster any more")
    if time.time() < about["sent_at"] + _UNANSWERED_SECONDS:
        return Sight(job.state, "the cluster does not list it yet")
    message = "the cluster gave no answer when the job was sent, and has none of its name"
    return Sight(JobState.ERROR, message, cause=Problem("launch.lost", job.id, message))


PLATFORM = KubernetesPlatform()
