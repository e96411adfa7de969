# SPDX-License-Identifier: Apache-2.0
"""A node for tests: the containers of a pod as processes with a root, mounts and process numbers of their own."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_SYSTEM = ("usr", "bin", "sbin", "lib", "lib64", "etc", "dev", "proc", "opt")
_NOT_FOUND = (126, 127)
_ISOLATED = ("unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL")
ROOT = Path(__file__).resolve().parents[3]


def can_isolate() -> bool:
    """Whether processes can have mounts of their own here."""
    if os.geteuid() or not (shutil.which("unshare") and shutil.which("chroot")):
        return False
    return subprocess.run([*_ISOLATED, "true"], check=False, capture_output=True).returncode == 0


def moment() -> str:
    """Now, as the API writes it in logs."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


@dataclass(slots=True)
class Container:
    """A process, what it has said line by line with the moment, and how it ended."""

    process: subprocess.Popen[bytes]
    lines: list[tuple[str, bytes]] = field(default_factory=list)
    exit_code: int | None = None
    started: bool = True
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Take what it says until it ends."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append((moment(), line))
        code = self.process.wait()
        self.process.stdout.close()
        self.exit_code = code if code >= 0 else 128 - code
        if self.exit_code in _NOT_FOUND:
            self.started, self.exit_code = False, 128
        self.over.set()

    def stop(self, grace: float) -> None:
        """SIGTERM to the first process of it, and SIGKILL when it takes too long."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        if not self.over.is_set() and children.exists():
            for number in children.read_text().split():
                os.kill(int(number), signal.SIGTERM)
        if not self.over.wait(grace):
            self.process.kill()
            self.over.wait(5)


def start(
    root: Path, pod: dict[str, Any], container: dict[str, Any], sources: dict[str, Path], **given: str
) -> Container:
    """Start a container in `root`. `sources` are the folders that its volumes stand for, `given` more variables."""
    root.mkdir(parents=True, exist_ok=True)
    security = pod["spec"].get("securityContext") or {}
    variables = {"PATH": f"/tmp:{os.environ['PATH']}"} | given  # noqa: S108 - the container's own
    words = ["env", "-i", *(f"{key}={value}" for key, value in variables.items()), *container["command"]]
    user = f"{security.get('runAsUser', 0)}:{security.get('runAsGroup', 0)}"
    script = "\n".join(
        (
            "set -e",
            f"mount -t tmpfs tmpfs {shlex.quote(str(root))}",
            f"cd {shlex.quote(str(root))}",
            "mkdir -m 1777 tmp",
            *(line for name in _SYSTEM if Path("/", name).exists() for line in _bound(Path("/", name), f"/{name}")),
            *(line for place in _own_places() for line in _bound(Path(place), place)),
            *(line for mount in container.get("volumeMounts", ()) for line in _volume(mount, sources)),
            shlex.join(["exec", "chroot", f"--userspec={user}", ".", *words]),
        )
    )
    process = subprocess.Popen(
        [*_ISOLATED, "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    )
    found = Container(process)
    threading.Thread(target=found.watch, daemon=True).start()
    return found


def _own_places() -> list[str]:
    """Python, its packages and this checkout: what the image holds."""
    places = dict.fromkeys((sys.base_prefix, sys.prefix, str(ROOT)))
    return [place for place in places if not place.startswith(("/usr/", "/opt/"))]


def _bound(source: Path, target: str, *, read_only: bool = False) -> list[str]:
    inside = shlex.quote(target.lstrip("/"))
    lines = (
        [f"[ -d {inside} ] || mkdir -p {inside}"]
        if source.is_dir()
        else [f"mkdir -p $(dirname {inside})", f": >{inside}"]
    )
    lines.append(f"mount --rbind {shlex.quote(str(source))} {inside}")
    return [*lines, f"mount -o remount,bind,ro {inside}"] if read_only else lines


def _volume(mount: dict[str, Any], sources: dict[str, Path]) -> list[str]:
    source = sources[mount["name"]] / mount.get("subPath", "")
    if not source.exists():
        source.mkdir(parents=True)
    return _bound(source, mount["mountPath"], read_only=mount.get("readOnly", False))
