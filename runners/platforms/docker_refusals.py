# SPDX-License-Identifier: Apache-2.0
"""What the refusals of a Docker engine mean, and what mends them."""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """What an answer of the engine means, by a part of its text; `passes` of those that may be gone a moment later."""

    sign: str
    code: str
    message: str
    remedy: str
    passes: bool = False


_LOGIN = "log in with `docker login REGISTRY`, and check that the account may use the image"
_NAME = "check name and tag; versions.yaml holds the images that are known to exist"
_LATER = "check the network of the engine's machine, or load the image there by `docker load`"
MEANINGS = (
    Refusal(
        "could not select device driver",
        "docker.no_gpu_driver",
        "the engine can't give GPUs to containers: it has no NVIDIA container toolkit",
        "install the NVIDIA Container Toolkit on the engine's machine and restart the engine, or ask for --gpus 0",
    ),
    Refusal(
        "executable file not found",
        "image.no_command",
        "the image does not have the command of the action",
        "take the image that versions.yaml pins for it",
    ),
    Refusal("minimum memory limit", "docker.memory", "--memory asks for less than the engine can give", "give more"),
    Refusal(
        "toomanyrequests",
        "image.rate_limit",
        "the registry gives no more images to this address or account for now",
        "log in with `docker login REGISTRY`, which raises the limit, or run it again later",
        passes=True,
    ),
    Refusal("pull access denied", "image.denied", "the registry does not give this image away", _LOGIN),
    Refusal("unauthorized", "image.denied", "the registry does not know the account", _LOGIN),
    Refusal("authentication required", "image.denied", "the registry does not know the account", _LOGIN),
    Refusal("no basic auth credentials", "image.denied", "the registry does not know the account", _LOGIN),
    Refusal("manifest unknown", "image.unknown", "the registry has no such image", _NAME),
    Refusal("not found", "image.unknown", "there is no such image", _NAME),
    *(
        Refusal(sign, "image.unreachable", "the engine can't reach the registry", _LATER, passes=True)
        for sign in (
            "no such host",
            "i/o timeout",
            "TLS handshake",
            "connection refused",
            "connection reset",
            "context deadline exceeded",
            "unexpected HTTP status: 5",
        )
    ),
    Refusal(
        "no space left on device",
        "docker.disk_full",
        "the disk of the engine's machine is full",
        "make room there, for instance with `docker system prune`",
    ),
    Refusal(
        "bind source path does not exist",
        "docker.mount",
        "the engine does not see a place of this machine",
        "use an engine of this machine, or put data and results where both machines have them under one path",
    ),
)
