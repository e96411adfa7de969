# SPDX-License-Identifier: Apache-2.0
"""A real control plane for tests: etcd, API server, controllers and scheduler of Kubernetes, with a node of our own.

`scripts/kubernetes_server.sh build FOLDER` makes the programs from Debian's source package; CHANGENET_KUBERNETES_BIN
names their folder. The node takes what the scheduler gives it, runs its containers as isolated processes, and answers
for their logs.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import threading
import time
import uuid
from contextlib import suppress
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib import error, request
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.conftest import free_ports
from tests.runners.platforms import kubernetes_pod as pods
from tests.runners.platforms.docker_bench import OWN_IMAGE
from tests.runners.platforms.kubernetes_cluster import Refusal, _certificate, _Handler

VARIABLE = "CHANGENET_KUBERNETES_BIN"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
NAMESPACE, NODE = "inspection", "node-1"
_CONTROLLERS = "job,garbagecollector,namespace,persistentvolume-binder,ttl-after-finished"
# What references/kubernetes.md says that an account needs, and nothing else.
_RULES = [
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get", "list", "delete"]},
    {"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "delete"]},
    {"apiGroups": [""], "resources": ["services"], "verbs": ["create"]},
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["create"]},
]


def programs() -> Path | None:
    """The folder of the programs; None where they were not built."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named and all((Path(named) / name).is_file() for name in PROGRAMS) else None


class ControlPlane:
    """The four programs, a namespace with an account of few rights, a claim that is a folder, and a node."""

    def __init__(self, folder: Path, found: Path, claim: str, claimed: Path) -> None:
        self.folder, self.claims = folder, {claim: claimed}
        self.certificate = _certificate(folder)
        self.tokens = {"admin": uuid.uuid4().hex, "tester": uuid.uuid4().hex}
        first = free_ports(5)
        ports = list(range(first, first + 5))
        self.address = f"https://127.0.0.1:{ports[2]}"
        self._running: list[subprocess.Popen[bytes]] = []
        self._start(found, ports)
        self.containers: dict[str, pods.Container] = {}
        self._over = threading.Event()
        self._prepare(claim)
        self._node()

    def kubeconfig(self, user: str = "tester") -> Path:
        """The file by which clients find it."""
        cluster = {"server": self.address, "certificate-authority": str(self.certificate)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "real",
            "contexts": [{"name": "real", "context": {"cluster": "real", "user": user, "namespace": NAMESPACE}}],
            "clusters": [{"name": "real", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": self.tokens[user]}}],
        }
        path = self.folder / f"kubeconfig-{user}"
        path.write_text(yaml.safe_dump(document))
        return path

    def stop(self) -> None:
        """End it with all that it started."""
        self._over.set()
        for container in self.containers.values():
            container.stop(0)
        for process in reversed(self._running):
            process.terminate()
            process.wait(20)

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> dict[str, Any]:
        """An answer of the API server, as its administrator."""
        headers = {"Authorization": f"Bearer {self.tokens['admin']}", "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        asked = request.Request(self.address + path, data, headers, method=method)  # noqa: S310 - https, made above
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        with request.urlopen(asked, timeout=15, context=trusted) as answer:  # noqa: S310
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def items(self, kind: str) -> list[dict[str, Any]]:
        """The objects of a kind in the namespace: `pods`, `batch/jobs`."""
        group, _, name = kind.rpartition("/")
        root = f"/apis/{group}/v1" if group else "/api/v1"
        return list(self.ask("GET", f"{root}/namespaces/{NAMESPACE}/{name}")["items"])

    def _start(self, found: Path, ports: list[int]) -> None:
        place, store = self.folder, f"http://127.0.0.1:{ports[0]}"
        subprocess.run(["openssl", "genrsa", "-out", place / "sa.key", "2048"], check=True, capture_output=True)
        groups = {"admin": ',"system:masters"', "tester": ""}
        (place / "tokens").write_text("".join(f"{t},{name},{name}{groups[name]}\n" for name, t in self.tokens.items()))
        peers = f"http://127.0.0.1:{ports[1]}"
        self._run(
            found / "etcd",
            f"--data-dir={place}/etcd --listen-client-urls={store} --advertise-client-urls={store} "
            f"--listen-peer-urls={peers} --initial-advertise-peer-urls={peers} --initial-cluster=default={peers}",
        )
        self._run(
            found / "kube-apiserver",
            f"--etcd-servers={store} --secure-port={ports[2]} --bind-address=127.0.0.1 --advertise-address=127.0.0.1 "
            f"--tls-cert-file={self.certificate} --tls-private-key-file={place}/key.pem --cert-dir={place}/certs "
            f"--service-account-key-file={place}/sa.key --service-account-signing-key-file={place}/sa.key "
            f"--service-account-issuer={self.address} --token-auth-file={place}/tokens --authorization-mode=RBAC "
            "--service-cluster-ip-range=10.0.0.0/24 --disable-admission-plugins=ServiceAccount,TaintNodesByCondition "
            "--feature-gates=TTLAfterFinished=true",
        )
        self._wait()
        own = f"--kubeconfig={self.kubeconfig('admin')} --leader-elect=false --cert-dir={place}/certs "
        self._run(
            found / "kube-controller-manager",
            f"{own} --secure-port={ports[3]} --port=0 --controllers={_CONTROLLERS} "
            "--feature-gates=TTLAfterFinished=true",
        )
        self._run(found / "kube-scheduler", f"{own} --secure-port={ports[4]} --port=0")

    def _run(self, program: Path, words: str) -> None:
        with (self.folder / f"{program.name}.log").open("wb") as log:
            self._running.append(subprocess.Popen([program, *words.split()], stdout=log, stderr=log))

    def _wait(self) -> None:
        deadline = time.monotonic() + 120
        while True:
            with suppress(OSError, ValueError):
                self.ask("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin")
                return
            if time.monotonic() > deadline:
                raise TimeoutError((self.folder / "kube-apiserver.log").read_text()[-2000:])
            time.sleep(0.3)

    def _prepare(self, claim: str) -> None:
        rbac = "/apis/rbac.authorization.k8s.io/v1"
        own = f"/namespaces/{NAMESPACE}"
        subject = {"kind": "User", "name": "tester", "apiGroup": "rbac.authorization.k8s.io"}
        role = {"kind": "Role", "name": "trainer", "apiGroup": "rbac.authorization.k8s.io"}
        size = {"storage": "1Gi"}
        volume = {
            "capacity": size,
            "accessModes": ["ReadWriteMany"],
            "hostPath": {"path": str(self.claims[claim])},
            "storageClassName": "",
        }
        wanted = {"accessModes": ["ReadWriteMany"], "resources": {"requests": size}, "storageClassName": ""}
        self.ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        self.ask("POST", f"{rbac}{own}/roles", {"metadata": {"name": "trainer"}, "rules": _RULES})
        binding = {"metadata": {"name": "trainer"}, "subjects": [subject], "roleRef": role}
        self.ask("POST", f"{rbac}{own}/rolebindings", binding)
        self.ask("POST", "/api/v1/persistentvolumes", {"metadata": {"name": claim}, "spec": volume})
        self.ask("POST", f"/api/v1{own}/persistentvolumeclaims", {"metadata": {"name": claim}, "spec": wanted})

    # --- the node ------------------------------------------------------------------------------------------------

    def _node(self) -> None:
        """A node that is ready, and the threads that stand for its kubelet."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_NodeHandler,), {"plane": self}))
        server.daemon_threads = True
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.certificate, self.folder / "key.pem")
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.ask("POST", "/api/v1/nodes", {"metadata": {"name": NODE, "labels": {"zone": "a"}}})
        status = {
            "capacity": {"cpu": "16", "memory": "32Gi", "pods": "110", "nvidia.com/gpu": "2"},
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": server.server_port}},
        }
        self._patch(f"/api/v1/nodes/{NODE}", status)
        threading.Thread(target=self._kubelet, daemon=True).start()

    def _patch(self, path: str, status: dict[str, Any]) -> None:
        with suppress(OSError):  # it may be gone by now
            self.ask("PATCH", f"{path}/status", {"status": status}, "application/strategic-merge-patch+json")

    def _kubelet(self) -> None:
        taken: set[str] = set()
        while not self._over.wait(0.1):
            with suppress(OSError, ValueError):
                for pod in self.items("pods"):
                    name = pod["metadata"]["name"]
                    if pod["spec"].get("nodeName") != NODE:
                        continue
                    if pod["metadata"].get("deletionTimestamp"):
                        threading.Thread(target=self._end, args=(pod,), daemon=True).start()
                    elif name not in taken:
                        taken.add(name)
                        threading.Thread(target=self._live, args=(pod,), daemon=True).start()

    def _end(self, pod: dict[str, Any]) -> None:
        name = pod["metadata"]["name"]
        if container := self.containers.get(name):
            container.stop(pod["metadata"].get("deletionGracePeriodSeconds") or 0)
            time.sleep(0.3)  # in which its last state is written
        with suppress(error.HTTPError):
            path = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}"
            self.ask("DELETE", path, {"gracePeriodSeconds": 0, "apiVersion": "v1", "kind": "DeleteOptions"})

    def _live(self, pod: dict[str, Any]) -> None:
        """The life of a pod on a node, with its states as a kubelet tells them."""
        name, action = pod["metadata"]["name"], pod["spec"]["containers"][0]
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}"
        if action["image"] not in {"changenet-test:1", OWN_IMAGE}:
            said = f'failed to pull and unpack image "{action["image"]}": {action["image"]}: not found'
            waiting = {"waiting": {"reason": "ErrImagePull", "message": said}}
            self._patch(path, {"phase": "Pending", "containerStatuses": [_container(action, waiting)]})
            return
        variables = None
        while variables is None and not self._over.wait(0.05):
            variables = self._variables(action)
        volumes = {entry["name"]: self._volume(name, entry) for entry in pod["spec"]["volumes"]}
        container = pods.start(self.folder / "pods" / name, pod, action, volumes, **(variables or {}))
        self.containers[name] = container
        running = {"running": {"startedAt": _now()}}
        self._patch(path, {"phase": "Running", "startTime": _now(), "containerStatuses": [_container(action, running)]})
        container.over.wait()
        said = b"".join(text for _, text in container.lines[-5:]).decode(errors="replace")
        reason = "Completed" if container.exit_code == 0 else "Error" if container.started else "StartError"
        end = {"exitCode": container.exit_code, "reason": reason, "message": said, "finishedAt": _now()}
        phase = "Failed" if container.exit_code else "Succeeded"
        self._patch(path, {"phase": phase, "containerStatuses": [_container(action, {"terminated": end})]})

    def _volume(self, pod: str, entry: dict[str, Any]) -> Path:
        claim = (entry.get("persistentVolumeClaim") or {}).get("claimName")
        return self.claims[claim] if claim else self.folder / "volumes" / pod / entry["name"]

    def _variables(self, container: dict[str, Any]) -> dict[str, str] | None:
        found = {}
        for variable in container.get("env", ()):
            wanted = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if not wanted:
                found[variable["name"]] = variable.get("value", "")
                continue
            try:
                secret = self.ask("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets/{wanted['name']}")
            except error.HTTPError:
                return None
            found[variable["name"]] = base64.b64decode(secret["data"][wanted["key"]]).decode()
        return found


class _NodeHandler(_Handler):
    """What an API server asks a kubelet for: `/containerLogs/NAMESPACE/POD/CONTAINER`."""

    plane: ControlPlane

    def _answer(self, method: str) -> None:
        place = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(place.query).items()}
        parts = place.path.strip("/").split("/")
        container = self.plane.containers.get(parts[2]) if parts[0] == "containerLogs" and len(parts) == 4 else None
        if method != "GET" or container is None:
            refusal = Refusal(404, "NotFound", "there is no such container")
            body = json.dumps(refusal.document).encode()
            self.send_response(404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        seconds = float(query.get("sinceSeconds", "inf"))
        since = (
            "" if seconds == float("inf") else time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - seconds))
        )
        self._send_log(container, since, query)


def _container(action: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    known = {"name": action["name"], "image": action["image"], "imageID": "", "ready": "running" in state}
    return known | {"restartCount": 0, "state": state}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
