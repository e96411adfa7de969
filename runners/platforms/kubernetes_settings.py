# SPDX-License-Identifier: Apache-2.0
"""What can be set about jobs of a Kubernetes cluster; flags of the same names stand in the options of a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RequestError
from runners.planning.sizes import size_in_bytes
from runners.platforms.docker_settings import whole_mount

if TYPE_CHECKING:
    from runners.platforms.platform import Capabilities

_DNS = r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"
_KEY, _VALUE = r"([a-z0-9][-a-z0-9.]*/)?[A-Za-z0-9][\w.-]{0,62}", r"([A-Za-z0-9][\w.-]{0,62})?"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_FORMS = {
    "context": (r"\S+", "a context of the kubeconfig: `kubectl config get-contexts` lists them"),
    "namespace": (_DNS, "a namespace of the cluster"),
    "queue": (_DNS, "a local queue of Kueue"),
    "service_account": (_DNS, "a service account of the namespace"),
    "pull_secret": (_DNS, "a secret of the namespace, of type kubernetes.io/dockerconfigjson"),
    "time_limit": (r"\d+|\d+:\d\d(:\d\d)?|\d+-\d+(:\d\d){0,2}", "minutes, HOURS:MM:SS or DAYS-HOURS"),
    "claim": (
        rf"{_DNS}:/.*",
        "CLAIM:PATH, a persistent volume claim and where this machine has it: boards:/mnt/boards",
    ),
    "node_selector": (rf"{_KEY}={_VALUE}", "LABEL=VALUE, such as nvidia.com/gpu.product=NVIDIA-A100-SXM4-80GB"),
    "toleration": (rf"{_KEY}(={_VALUE})?(:({'|'.join(_EFFECTS)}))?", "KEY[=VALUE][:EFFECT], such as gpu:NoSchedule"),
}
_SEVERAL = ("claim", "node_selector", "toleration")


@dataclass(frozen=True, slots=True)
class KubernetesSettings:
    """The cluster, and what a job asks it for; empty leaves it to the kubeconfig, or to the cluster's own defaults.

    `claim` holds CLAIM:PATH each: a persistent volume claim, and the folder of this machine that is the same volume.
    `memory` and `cpus` are per node. `queue` hands the job to Kueue. `retries` bounds how often a job goes on that its
    time limit ended. `fetch_image` holds rclone, which brings data from stores. `image`, `mount` and `shm_size` are
    those of `DockerSettings`.
    """

    context: str = ""
    namespace: str = ""
    claim: tuple[str, ...] = ()
    node_selector: tuple[str, ...] = ()
    toleration: tuple[str, ...] = ()
    queue: str = ""
    service_account: str = ""
    pull_secret: str = ""
    time_limit: str = ""
    memory: str = ""
    cpus: int | None = None
    image: str = ""
    mount: tuple[str, ...] = ()
    shm_size: str = ""
    fetch_image: str = ""
    retries: int = 2

    def __post_init__(self) -> None:
        for name in _SEVERAL:
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name, (form, takes) in _FORMS.items():
            value = getattr(self, name)
            for text in value if name in _SEVERAL else (value,):
                if not isinstance(text, str) or (text and not re.fullmatch(form, text, re.ASCII)):
                    raise _refused(name, text, takes)
        for name in ("memory", "shm_size"):
            if getattr(self, name):
                size_in_bytes(getattr(self, name), name)
        object.__setattr__(self, "mount", tuple(whole_mount(text) for text in self.mount))
        for name, least in (("cpus", 1), ("retries", 0)):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise _refused(name, value, f"a whole number from {least} on")

    def adapted(self, usual: Capabilities) -> Capabilities:
        """No setting changes what a cluster can."""
        return usual

    def claims(self) -> dict[str, str]:
        """The claims by the folder of this machine that each of them is."""
        return {str(Path(path)): name for name, _, path in (text.partition(":") for text in self.claim)}

    def selected(self) -> dict[str, str]:
        """The labels that a node has to have."""
        return dict(text.split("=", 1) for text in self.node_selector)

    def tolerations(self) -> list[dict[str, str]]:
        """The taints that are no hindrance, as the API has them."""
        return [_toleration(text) for text in self.toleration]

    def seconds(self) -> int | None:
        """The time limit, as Slurm would read it; None without one."""
        return seconds_of(self.time_limit) if self.time_limit else None


SETTINGS = KubernetesSettings


def _toleration(text: str) -> dict[str, str]:
    taint, colon, effect = text.rpartition(":")
    key, equals, value = (taint if colon else text).partition("=")
    found = {"key": key, "operator": "Equal" if equals else "Exists"}
    return found | ({"value": value} if equals else {}) | ({"effect": effect} if colon else {})


def seconds_of(text: str) -> int:
    """A time limit in seconds: minutes, HOURS:MM:SS or DAYS-HOURS."""
    days, _, clock = text.rpartition("-")
    parts = [int(part) for part in clock.split(":")]
    if not days and len(parts) < 3:
        parts = [0, *parts]
    hours, minutes, seconds = (*parts, 0, 0)[:3]
    return max(1, ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds)


def _refused(name: str, value: object, takes: str) -> RequestError:
    message = f"'{value}' is not possible for {name}"
    return RequestError(message, code="runner.setting", where=name, remedy=f"give {takes}")
