# SPDX-License-Identifier: Apache-2.0
"""Questions to the API of a cluster through the official client, and what its errors mean.

Answers are the JSON that the server sent: dictionaries by the names of the API.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import PlatformError
from core.installation import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECONDS = 15
_ATTEMPTS, _MOST_WAIT_SECONDS = 4, 4.0
_PAGE = 500
_PASSING = frozenset({429, 500, 502, 503, 504})
_GONE, _TAKEN = 404, 409


class ClusterSilentError(PlatformError):
    """The cluster gives no answer, which says nothing about its jobs."""

    code = "kubernetes.unreachable"


class GoneError(PlatformError):
    """The cluster has no such object."""

    code = "kubernetes.gone"


class TakenError(PlatformError):
    """There is an object of this name already."""

    code = "kubernetes.taken"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A namespace of the cluster that a context of the kubeconfig names; in a pod without one, of the one around it."""

    context: str
    namespace: str
    server: str
    core: Any
    batch: Any
    networking: Any

    def ask(self, question: Callable[..., Any], *arguments: Any, patiently: bool = False, **options: Any) -> Any:
        """The answer as the client gives it, not read yet; `patiently`: asked again where a connection broke.

        Raises:
            ClusterSilentError: nobody answers.
            GoneError: there is no such object.
            TakenError: there is one of this name.
            PlatformError: the cluster refuses.
        """
        import tenacity
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(_ATTEMPTS if patiently else 1),
            wait=tenacity.wait_exponential(multiplier=0.25, max=_MOST_WAIT_SECONDS),
            retry=tenacity.retry_if_exception(_passes),
            reraise=True,
        )
        options = {"_request_timeout": _SECONDS, "_preload_content": False} | options
        try:
            return retrying(question, *arguments, **options)
        except ApiException as problem:
            raise _refused(self.server, problem) from None
        except (HTTPError, OSError) as problem:
            raise _silent(self.server, str(problem)) from None

    def document(self, question: Callable[..., Any], *arguments: Any, **options: Any) -> dict[str, Any]:
        """The answer as the object that it is. Errors: see `ask`."""
        found: dict[str, Any] = json.loads(self.ask(question, *arguments, **options).data)
        return found

    def listed(self, question: Callable[..., Any], **options: Any) -> Iterator[dict[str, Any]]:
        """The items of a list in this namespace, however many pages it has. Errors: see `ask`."""
        more: dict[str, str] = {}
        while True:
            page = self.document(question, self.namespace, limit=_PAGE, **options, **more)
            yield from page.get("items") or ()
            token = (page.get("metadata") or {}).get("continue")
            if not token:
                return
            more = {"_continue": token}


def connect(context: str = "", namespace: str = "") -> Cluster:
    """The cluster of a context, empty: of the current one; and its namespace, empty: the context's own.

    Raises:
        PlatformError: the Python package `kubernetes` is not installed.
        ClusterSilentError: there is no such context.
    """
    require("kubernetes", "kubernetes", "tenacity")
    files = os.environ.get("KUBECONFIG", "") or str(Path.home() / ".kube" / "config")
    named = [path for path in files.split(os.pathsep) if path and Path(path).is_file()]
    if not named and "KUBERNETES_SERVICE_HOST" not in os.environ:
        raise _silent("kubeconfig", f"there is no {files}")  # before the client is imported, which takes a second
    return _connected(context, namespace, os.pathsep.join(named))


@cache
def _connected(context: str, namespace: str, files: str) -> Cluster:
    from kubernetes import client, config

    settings, own = client.Configuration(), "default"
    try:
        if not files:
            config.load_incluster_config(client_configuration=settings)
        else:
            contexts, current = config.list_kube_config_contexts(files)
            context = context or current["name"]
            config.load_kube_config(files, context=context, client_configuration=settings)
            known = {entry["name"]: entry["context"] for entry in contexts}
            own = known[context].get("namespace") or own
    except (config.ConfigException, OSError, KeyError, TypeError) as problem:
        raise _silent(context or "kubeconfig", str(problem)) from None
    settings.retries = False  # asked again by us, or not at all
    api = client.ApiClient(settings)
    apis = (client.CoreV1Api(api), client.BatchV1Api(api), client.NetworkingV1Api(api))
    return Cluster(context, namespace or own, str(settings.host), *apis)


def _passes(problem: BaseException) -> bool:
    """Whether an error is one of the infrastructure, which a second try may not meet."""
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    if isinstance(problem, ApiException):
        return problem.status in _PASSING
    return isinstance(problem, HTTPError | ConnectionError)


def _silent(where: str, reason: str) -> ClusterSilentError:
    remedy = "check that `kubectl get jobs` answers; --context and $KUBECONFIG name the cluster"
    return ClusterSilentError(f"no Kubernetes cluster answers: {reason}", where=where, remedy=remedy)


def _refused(where: str, problem: Any) -> PlatformError:
    """The error of a cluster that refuses, with its own words."""
    try:
        said = json.loads(problem.body)["message"]
    except (ValueError, TypeError, KeyError):
        said = problem.body or problem.reason
    said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    if problem.status == _GONE:
        return GoneError(said, where=where)
    if problem.status == _TAKEN:
        return TakenError(said, where=where)
    if problem.status in _PASSING:
        return _silent(where, said)
    code, remedy = "launch.failed", "mend what the cluster names, by the flags of --runner kubernetes"
    if problem.status in {401, 403}:
        code, remedy = "kubernetes.denied", "log in again, or have the rights given: see references/kubernetes.md"
        if "exceeded quota" in said:
            code, remedy = "launch.failed", "wait until other jobs end, ask for less, or have the quota raised"
    return PlatformError(f"the cluster refuses: {said}", code=code, where=where, remedy=remedy)
