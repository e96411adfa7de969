# SPDX-License-Identifier: Apache-2.0
"""Slurm's own commands, run on this machine or on a login node by ssh: argument lists in, text out."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import PlatformError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SSH_VARIABLE = "CHANGENET_SSH_COMMAND"
_SSH_OPTIONS = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10")
_SSH_FAILED = 255
_SECONDS = 60.0
# What Slurm's commands need of their caller's environment; SBATCH_… and SLURM_… of a surrounding job would be obeyed.
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "SLURM_CONF", "SSH_AUTH_SOCK")


class NoAnswerError(PlatformError):
    """A command was run, or not, and what it did is not known."""

    code = "slurm.no_answer"


class CommandError(PlatformError):
    """Slurm refused."""

    code = "slurm.refused"


@dataclass(frozen=True, slots=True)
class Host:
    """Where the commands are run: the name that ssh knows, or empty for this machine."""

    name: str = ""

    def run(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
        """What a command prints.

        `environment` is all that it, and what it submits, is given; over ssh, that of the login there counts.

        Raises:
            CommandError: it ran, and failed; with its own words.
            NoAnswerError: the host, or the controller of the cluster, did not answer.
        """
        place = self.name or "this machine"
        try:
            done = subprocess.run(
                [*ssh_command(), self.name, shlex.join(argv)] if self.name else list(argv),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                env={**command_environment(), **(environment or {})},
                check=False,
            )
        except FileNotFoundError as problem:
            raise NoAnswerError(f"there is no {problem.filename} on this machine", where=place) from None
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise NoAnswerError(f"{argv[0]} gave no answer: {problem}", where=place) from None
        said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        if done.returncode == _SSH_FAILED and self.name:
            raise NoAnswerError(f"ssh {self.name}: {said}", where=place)
        said = said if said.startswith(f"{argv[0]}: ") else f"{argv[0]}: {said}"
        if done.returncode and _is_no_answer(said):
            raise NoAnswerError(said, where=place)
        if done.returncode:
            raise CommandError(said, where=place)
        return done.stdout.decode(errors="replace")

    def require(self, program: str) -> None:
        """A command of Slurm is there.

        Raises:
            PlatformError: it is not, or the host can't be reached.
        """
        if not self.name and shutil.which(program) is None:
            remedy = "run this on a login node of the cluster, or name one by --slurm-host USER@HOST"
            raise PlatformError(f"there is no {program} on this machine", code="slurm.missing", remedy=remedy)
        if not self.name:
            return
        try:
            self.run([program, "--version"])
        except PlatformError as problem:
            remedy = f"check that `ssh {self.name} {program} --version` works without a password"
            raise PlatformError(problem.message, code="slurm.host", where=self.name, remedy=remedy) from None


def command_environment() -> dict[str, str]:
    """What Slurm's commands are given of this process's environment."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def ssh_command() -> list[str]:
    """How ssh is called: the words of $CHANGENET_SSH_COMMAND, else `ssh`; it never asks for a password."""
    return [*shlex.split(os.environ.get(SSH_VARIABLE) or "ssh"), *_SSH_OPTIONS]


def _is_no_answer(said: str) -> bool:
    """Whether the controller may have done what it was asked, for all that the command knows."""
    return any(sign in said.lower() for sign in ("timed out", "zero bytes", "communication", "unexpected message"))
