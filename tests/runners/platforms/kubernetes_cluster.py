# SPDX-License-Identifier: Apache-2.0
"""A cluster for tests: the HTTP protocol of Kubernetes for what the runner asks, a controller of jobs and a node.

Each object that is sent is held against the official schemas of two versions. What the API demands, and the control
plane does, is written after the documentation of Kubernetes; it is no Kubernetes.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import subprocess
import threading
import time
import uuid
from contextlib import suppress
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import kubernetes_validate
import yaml

from tests.runners.platforms import kubernetes_pod as node
from tests.runners.platforms.docker_bench import OWN_IMAGE

VERSIONS = ("1.31.0", "1.37.0")
TOKEN = "token-of-the-test"  # noqa: S105 - of a server that lives as long as a test
INDEX = "batch.kubernetes.io/job-completion-index"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PATH = re.compile(
    r"/(?:api/v1|apis/batch/v1|apis/networking.k8s.io/v1)/namespaces/([^/]+)/([^/]+)(?:/([^/]+))?(?:/(log))?"
)
_NAMES = {
    "v1": ("pods", "secrets", "services", "events"),
    "batch/v1": ("jobs",),
    "networking.k8s.io/v1": ("networkpolicies",),
}
_KINDS = {"jobs": "Job", "pods": "Pod", "secrets": "Secret", "services": "Service", "events": "Event"}
_KINDS["networkpolicies"] = "NetworkPolicy"


class Refusal(Exception):  # noqa: N818 - an answer of the server
    """An answer that is an error."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.document = {"kind": "Status", "status": "Failure", "code": status, "reason": reason, "message": message}


class Cluster:
    """Objects by kind and name, and what keeps them going. `claims` are folders by the name of a claim."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.claims = folder, dict[str, Path]()
        self.objects: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _KINDS}
        self.containers: dict[str, node.Container] = {}
        self.images, self.quota, self.gpus = {"changenet-test:1", OWN_IMAGE, "fetch:1"}, 100, 2
        self.tools: dict[str, Path] = {}  # programs of the image that fetches
        self.broken = 0  # so many answers are lost after they took effect
        self.lock = threading.RLock()
        self.requests: list[tuple[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"cluster": self}))
        self.server.daemon_threads = True
        self.certificate = _certificate(folder)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.certificate, folder / "key.pem")
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def kubeconfig(self) -> Path:
        """The file by which clients find it."""
        address = f"https://127.0.0.1:{self.server.server_port}"
        context = {"cluster": "test", "user": "tester", "namespace": "inspection"}
        server = {"server": address, "certificate-authority": str(self.certificate)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": context}],
            "clusters": [{"name": "test", "cluster": server}],
            "users": [{"name": "tester", "user": {"token": TOKEN}}],
        }
        path = self.folder / "kubeconfig"
        path.write_text(yaml.safe_dump(document))
        return path

    def stop(self) -> None:
        """End it with all that it started."""
        self.server.shutdown()
        self.server.server_close()
        for container in self.containers.values():
            container.stop(0)

    # --- the API -------------------------------------------------------------------------------------------------

    def create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(body, version, strict=True)
            except kubernetes_validate.ValidationError as problem:
                raise Refusal(422, "Invalid", f"{version}: {problem.message}") from None
        name = body["metadata"]["name"]
        if not _NAME.fullmatch(name):
            raise Refusal(422, "Invalid", f"metadata.name: {name} is no RFC 1123 label")
        with self.lock:
            if name in self.objects[kind]:
                raise Refusal(409, "AlreadyExists", f'{kind} "{name}" already exists')
            made = deepcopy(body)
            made["metadata"] |= {
                "uid": str(uuid.uuid4()),
                "creationTimestamp": node.moment(),
                "namespace": "inspection",
            }
            made.setdefault("status", {})
            if kind == "secrets":
                texts = made.pop("stringData", {})
                made["data"] = made.get("data", {}) | {
                    key: base64.b64encode(text.encode()).decode() for key, text in texts.items()
                }
            self.objects[kind][name] = made
        if kind == "jobs":
            threading.Thread(target=self._control, args=(made,), daemon=True).start()
        return made

    def delete(self, kind: str, name: str) -> None:
        found = self.get(kind, name)
        with self.lock:
            if kind == "jobs":
                found["metadata"]["deletionTimestamp"] = node.moment()
            elif kind == "pods":
                self._end_pod(found)
            else:
                del self.objects[kind][name]

    def get(self, kind: str, name: str) -> dict[str, Any]:
        with self.lock:
            if name not in self.objects[kind]:
                raise Refusal(404, "NotFound", f'{kind} "{name}" not found')
            return self.objects[kind][name]

    def listed(self, kind: str, query: dict[str, str]) -> list[dict[str, Any]]:
        wanted = dict(pair.split("=", 1) for pair in filter(None, query.get("labelSelector", "").split(",")))
        fields = dict(pair.split("=", 1) for pair in filter(None, query.get("fieldSelector", "").split(",")))
        with self.lock:
            return [
                deepcopy(found)
                for found in self.objects[kind].values()
                if wanted.items() <= found["metadata"].get("labels", {}).items()
                and all(found.get(key) == value for key, value in fields.items())
            ]

    def log(self, name: str, query: dict[str, str]) -> Any:
        self.get("pods", name)
        with suppress(KeyError):
            container = self.containers[name]
            since = float(query.get("sinceSeconds", "inf"))
            first = (
                "" if since == float("inf") else time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - since))
            )
            return container, first
        raise Refusal(400, "BadRequest", f'container "action" in pod "{name}" is waiting to start')

    # --- the control plane ---------------------------------------------------------------------------------------

    def admit(self, name: str) -> None:
        """What Kueue does when there is room."""
        self.get("jobs", name)["spec"]["suspend"] = False

    def disrupt(self, name: str, reason: str = "PreemptionByScheduler") -> None:
        """Take a pod away, as the cluster does for its own reasons."""
        pod = self.get("pods", name)
        with self.lock:
            pod["status"].setdefault("conditions", []).append(_condition("DisruptionTarget", reason=reason))
        self._end_pod(pod)

    def warn(self, name: str, reason: str, message: str) -> None:
        event = {"metadata": {"name": f"{name}.{uuid.uuid4().hex[:8]}"}, "involvedObject": {"name": name}}
        event |= {"type": "Warning", "reason": reason, "message": message, "lastTimestamp": node.moment()}
        with self.lock:
            self.objects["events"][event["metadata"]["name"]] = event

    def _control(self, job: dict[str, Any]) -> None:
        """The life of a job, as the job controller gives it."""
        name, spec, begun, warned = job["metadata"]["name"], job["spec"], time.monotonic(), False
        indexes = range(spec.get("completions", 1)) if spec.get("completionMode") == "Indexed" else [None]
        current: dict[Any, str] = {}
        while "deletionTimestamp" not in job["metadata"]:
            time.sleep(0.02)
            if spec.get("suspend"):
                begun = time.monotonic()
                continue
            if len(self.objects["pods"]) + len(indexes) > self.quota + len(current):
                if not warned:
                    self.warn(
                        name, "FailedCreate", f'Error creating: pods "{name}-x" is forbidden: exceeded quota: gpus'
                    )
                warned = True
                continue
            for index in indexes:
                pod = self.objects["pods"].get(current.get(index, ""))
                if pod is None or (pod["status"].get("phase") == "Failed" and _is_disrupted(pod)):
                    current[index] = self._make_pod(job, index)
            pods = [self.objects["pods"][pod] for pod in current.values() if pod in self.objects["pods"]]
            job["status"]["ready"] = sum(pod["status"].get("phase") == "Running" for pod in pods)
            failed = [pod for pod in pods if pod["status"].get("phase") == "Failed"]
            if "activeDeadlineSeconds" in spec and time.monotonic() > begun + spec["activeDeadlineSeconds"]:
                return self._close(
                    job, pods, "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
                )
            if failed:
                return self._close(job, pods, "Failed", "PodFailurePolicy", "Container action failed with exit code")
            if pods and all(pod["status"].get("phase") == "Succeeded" for pod in pods):
                return self._close(job, pods, "Complete", "CompletionsReached", "")
        return self._remove(job)

    def _close(self, job: dict[str, Any], pods: list[dict[str, Any]], kind: str, reason: str, message: str) -> None:
        for pod in pods:
            if pod["status"].get("phase") in {"Pending", "Running"}:
                self._end_pod(pod)
        with self.lock:
            job["status"] |= {"ready": 0, "conditions": [_condition(kind, reason=reason, message=message)]}
        while "deletionTimestamp" not in job["metadata"]:
            time.sleep(0.05)
        self._remove(job)

    def _remove(self, job: dict[str, Any]) -> None:
        """Foreground deletion: what a job owns goes first."""
        uid, name = job["metadata"]["uid"], job["metadata"]["name"]
        for kind in ("pods", "secrets", "services", "networkpolicies"):
            for found in list(self.objects[kind].values()):
                if any(owner["uid"] == uid for owner in found["metadata"].get("ownerReferences", ())):
                    if kind == "pods":
                        self._end_pod(found)
                    with self.lock:
                        self.objects[kind].pop(found["metadata"]["name"], None)
        with self.lock:
            self.objects["jobs"].pop(name, None)

    # --- the node ------------------------------------------------------------------------------------------------

    def _make_pod(self, job: dict[str, Any], index: int | None) -> str:
        template, owner = deepcopy(job["spec"]["template"]), job["metadata"]
        name = f"{owner['name']}-{'' if index is None else f'{index}-'}{uuid.uuid4().hex[:5]}"
        metadata = template["metadata"] | {"name": name, "namespace": "inspection", "creationTimestamp": node.moment()}
        metadata |= {
            "ownerReferences": [{"uid": owner["uid"]}],
            "annotations": {} if index is None else {INDEX: str(index)},
        }
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": template["spec"],
            "status": {"phase": "Pending"},
        }
        with self.lock:
            self.objects["pods"][name] = pod
        threading.Thread(target=self._run, args=(pod,), daemon=True).start()
        return name

    def _run(self, pod: dict[str, Any]) -> None:
        status, spec, name = pod["status"], pod["spec"], pod["metadata"]["name"]
        action = spec["containers"][0]
        if why := self._unschedulable(spec):
            status["conditions"] = [_condition("PodScheduled", "False", reason="Unschedulable", message=why)]
            return
        spec["nodeName"] = "node-1"
        if action["image"] not in self.images:
            message = f'failed to pull and unpack image "{action["image"]}": {action["image"]}: not found'
            status["containerStatuses"] = [_told("waiting", reason="ErrImagePull", message=message)]
            return
        sources = self._sources(pod)
        for number, container in enumerate(spec.get("initContainers", ())):
            given = {**container, "volumeMounts": [*container["volumeMounts"], *self._tools(sources)]}
            made = node.start(self.folder / f"{name}-{number}", pod, given, sources, **self._variables(pod, given))
            made.over.wait()
            if made.exit_code:
                said = b"".join(text for _, text in made.lines).decode()
                end = _told("terminated", exitCode=made.exit_code, reason="Error", message=said)
                status |= {"initContainerStatuses": [end | {"name": "fetch"}], "phase": "Failed"}
                return
        variables = self._variables(pod, action)
        while variables is None:
            status["containerStatuses"] = [
                _told("waiting", reason="CreateContainerConfigError", message="secret not found")
            ]
            time.sleep(0.02)
            if name not in self.objects["pods"]:
                return
            variables = self._variables(pod, action)
        container = node.start(self.folder / name, pod, action, sources, **variables)
        self.containers[name] = container
        with self.lock:
            status |= {"phase": "Running", "containerStatuses": [_told("running", startedAt=node.moment())]}
        container.over.wait()
        reason = "Completed" if container.exit_code == 0 else "Error" if container.started else "StartError"
        ended = _told("terminated", exitCode=container.exit_code, reason=reason, message=_last(container))
        with self.lock:
            status |= {"containerStatuses": [ended], "phase": "Failed" if container.exit_code else "Succeeded"}

    def _tools(self, sources: dict[str, Path]) -> list[dict[str, Any]]:
        sources.update(self.tools)
        return [{"name": name, "mountPath": f"/tmp/{name}"} for name in self.tools]  # noqa: S108 - the container's own

    def _end_pod(self, pod: dict[str, Any]) -> None:
        name = pod["metadata"]["name"]
        if container := self.containers.get(name):
            container.stop(pod["spec"]["terminationGracePeriodSeconds"])
        else:
            with self.lock:
                self.objects["pods"].pop(name, None)

    def _unschedulable(self, spec: dict[str, Any]) -> str:
        asked = int(spec["containers"][0].get("resources", {}).get("limits", {}).get("nvidia.com/gpu", 0))
        if asked > self.gpus:
            return "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
        if spec.get("nodeSelector", {"zone": "a"}) != {"zone": "a"}:
            return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
        return ""

    def _sources(self, pod: dict[str, Any]) -> dict[str, Path]:
        found = {}
        for volume in pod["spec"]["volumes"]:
            own = self.folder / "volumes" / pod["metadata"]["name"] / volume["name"]
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            found[volume["name"]] = self.claims[claim] if claim else own
        return found

    def _variables(self, pod: dict[str, Any], container: dict[str, Any]) -> Any:
        """The environment of a container; None while a Secret is not there."""
        found = {}
        for variable in container.get("env", ()):
            origin = variable.get("valueFrom", {})
            if "secretKeyRef" in origin:
                secret = self.objects["secrets"].get(origin["secretKeyRef"]["name"])
                if secret is None:
                    return None
                found[variable["name"]] = base64.b64decode(secret["data"][origin["secretKeyRef"]["key"]]).decode()
            elif "fieldRef" in origin:
                found[variable["name"]] = pod["metadata"]["annotations"][INDEX]
            else:
                found[variable["name"]] = variable["value"]
        return found


def _certificate(folder: Path) -> Path:
    """A certificate for this address that it signed itself: clients send no token without TLS."""
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-batch"]
    words += ["-days", "2", "-subj", "/CN=cluster of a test", "-addext", "subjectAltName=IP:127.0.0.1"]
    words += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "ca.pem")]
    subprocess.run(words, check=True, capture_output=True)
    return folder / "ca.pem"


def _condition(kind: str, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, **more}


def _told(state: str, **more: Any) -> dict[str, Any]:
    return {"name": "action", "state": {state: more}}


def _discovery(path: str) -> dict[str, Any] | None:
    """What there is, for clients that ask: kubectl does."""
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        groups = []
        for name in ("batch", "networking.k8s.io"):
            version = {"groupVersion": f"{name}/v1", "version": "v1"}
            groups.append({"name": name, "versions": [version], "preferredVersion": version})
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    for version, names in _NAMES.items():
        if path in {f"/api/{version}", f"/apis/{version}"}:
            verbs = ["create", "delete", "get", "list"]
            found = [
                {
                    "name": name,
                    "singularName": _KINDS[name].lower(),
                    "namespaced": True,
                    "kind": _KINDS[name],
                    "verbs": verbs,
                }
                for name in names
            ]
            return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": found}
    return None


def _version(kind: str) -> str:
    return next(version for version, names in _NAMES.items() if kind in names)


def _is_true(text: str | None) -> bool:
    """As the real server reads it: clients write True as well."""
    return (text or "").lower() in {"1", "t", "true"}


def _is_disrupted(pod: dict[str, Any]) -> bool:
    return any(entry["type"] == "DisruptionTarget" for entry in pod["status"].get("conditions", ()))


def _last(container: node.Container) -> str:
    return b"".join(text for _, text in container.lines[-5:]).decode(errors="replace")


class _Handler(BaseHTTPRequestHandler):
    cluster: Cluster
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, method: str) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        place = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(place.query).items()}
        try:
            if found := _discovery(place.path):
                return self._send(200, found)
            kind, name, part = self._allowed(place.path)
            self.cluster.requests.append((method, kind))
            if part:
                return self._send_log(*self.cluster.log(name, query), query)
            self._send(201 if method == "POST" else 200, self._document(method, kind, name, body, query))
        except Refusal as problem:
            self._send(problem.status, problem.document)

    def _allowed(self, path: str) -> tuple[str, str, str]:
        """Kind, name and part of what is asked for, by whom it may."""
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, "Unauthorized", "Unauthorized")
        found = _PATH.fullmatch(path)
        if found is None or found[2] not in _KINDS:
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        if found[1] != "inspection":
            message = f'{found[2]} is forbidden: User "tester" cannot list resource in the namespace "{found[1]}"'
            raise Refusal(403, "Forbidden", message)
        return found[2], found[3], found[4]

    def _document(self, method: str, kind: str, name: str, body: dict[str, Any], query: dict[str, str]) -> Any:
        if method == "POST":
            return self.cluster.create(kind, body)
        if method == "DELETE":
            self.cluster.delete(kind, name)
            return {"kind": "Status", "status": "Success"}
        if name:
            return self.cluster.get(kind, name)
        first, most = int(query.get("continue", 0)), int(query.get("limit", 500))
        items = self.cluster.listed(kind, query)
        more = {"continue": str(first + most)} if len(items) > first + most else {}
        return {
            "kind": f"{_KINDS[kind]}List",
            "apiVersion": _version(kind),
            "metadata": more,
            "items": items[first : first + most],
        }

    def _send(self, status: int, document: Any) -> None:
        with self.cluster.lock:
            data = json.dumps(document).encode()
            if self.cluster.broken and self.command == "POST":
                self.cluster.broken -= 1
                self.close_connection = True
                return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _send_log(self, container: node.Container, first: str, query: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        sent = 0
        with suppress(OSError):
            while True:
                over = container.over.is_set() or not _is_true(query.get("follow"))
                for at, text in container.lines[sent:]:
                    sent += 1
                    if at >= first:
                        line = (f"{at} ".encode() if _is_true(query.get("timestamps")) else b"") + text
                        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                if over:
                    break
                time.sleep(0.02)
            self.wfile.write(b"0\r\n\r\n")
