# SPDX-License-Identifier: Apache-2.0
"""Every error that a user can meet.

ChangenetError
├── InputError              exit 2   what was given is wrong
│   ├── RequestError                 the request itself: action, slots, words
│   ├── DeclarationError             SKILL.md, skill_info.yaml, versions.yaml
│   ├── SpecError                    a value of the experiment spec
│   │   └── UnknownKeyError          a key that the spec does not have
│   ├── DataError                    CSV, folders, labels
│   │   └── ImageError               one picture
│   ├── ArchiveError                 an archive that is broken or unsafe
│   └── CheckpointError              weights that can't be used here
├── NotReadyError           exit 3   something is missing
│   ├── MissingInputError            data, a checkpoint or an answer
│   └── ParentError                  the parent job has no such artifact
├── JobFailedError          exit 4   the action ran and failed
└── PlatformError           exit 5   the platform is not there

Ctrl-C ends a command with exit code 130.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

INTERRUPTED = 130  # as a shell tells of Ctrl-C
_NAME_LENGTH, _NAMES = 200, 5000  # likeness takes time that grows with both


class ChangenetError(Exception):
    """An error that tells what is wrong, where, and how to mend it."""

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, code: str | None = None, where: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        """The error as people read it: place, message, remedy."""
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n  remedy: {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{remedy}"

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        fields = {"code": self.code, "message": self.message, "where": self.where, "remedy": self.remedy}
        return {"error": {**fields, "exit_code": self.exit_code}}


class InputError(ChangenetError):
    """What was given is wrong."""

    code = "input"
    exit_code = 2


class RequestError(InputError):
    """The request names nothing that can be run."""

    code = "request"


class DeclarationError(InputError):
    """A declarative file of the skill is broken."""

    code = "declaration"


class SpecError(InputError):
    """A value of the experiment spec is wrong."""

    code = "spec"


class UnknownKeyError(SpecError):
    """The experiment spec has no such key."""

    code = "spec.unknown_key"


class DataError(InputError):
    """The data set is wrong."""

    code = "data"


class ImageError(DataError):
    """One picture can't be used."""

    code = "data.image"


class ArchiveError(InputError):
    """An archive is broken or unsafe to unpack."""

    code = "archive"


class CheckpointError(InputError):
    """Weights that can't be used here."""

    code = "checkpoint"


class NotReadyError(ChangenetError):
    """Something that the action needs is missing."""

    code = "not_ready"
    exit_code = 3


class MissingInputError(NotReadyError):
    """Data, a checkpoint or an answer is missing."""

    code = "missing"


class ParentError(NotReadyError):
    """The parent job does not hold the one artifact that is asked for."""

    code = "parent"


class JobFailedError(ChangenetError):
    """The action ran and failed."""

    code = "job_failed"
    exit_code = 4


class PlatformError(ChangenetError):
    """The platform that should run the action is not available."""

    code = "platform"
    exit_code = 5


def closest(name: str, candidates: Iterable[str], n: int = 3) -> list[str]:
    """Return the at most `n` candidates most like `name`, best first.

    Dotted names are compared whole first, then by their last part, so that a key in the wrong section is found too.
    """
    if len(name) > _NAME_LENGTH:
        return []
    from difflib import get_close_matches

    names = sorted({candidate for candidate in islice(candidates, _NAMES) if len(candidate) <= _NAME_LENGTH})
    found = get_close_matches(name, names, n=n, cutoff=0.75)
    if len(found) < n:
        last = name.rpartition(".")[2]
        tails = {candidate.rpartition(".")[2] for candidate in names}
        near = get_close_matches(last, sorted(tails), n=1, cutoff=0.75)
        found += [c for c in names if near and c.rpartition(".")[2] == near[0] and c not in found]
    return found[:n]


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """A sentence with the closest valid names, or an empty string."""
    found = closest(name, candidates)
    return f"Did you mean {' or '.join(repr(c) for c in found)}?" if found else ""
