# SPDX-License-Identifier: Apache-2.0
"""Several steps that run one after the other by themselves: the record of such a chain, a folder beside those of jobs.

It says what was asked, by which plan id that was shown, and for each step the job, or search, that it became. One
process works on a chain; that it does is known by the lock that it holds.
"""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.errors import ChangenetError, InputError, RequestError, did_you_mean
from core.files import write_json
from interfaces.options import given
from interfaces.verbs.request_options import RequestOptions
from runners.jobs.store import default_root, now
from runners.names import CHAIN_PREFIX
from runners.search_folders import chain_folders

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORD, LOG = "chain.json", "log.txt"
STARTING, RUNNING, FINISHED, FAILED, CANCELED, STOPPED = (
    "starting", "running", "finished", "failed", "canceled", "stopped",
)  # fmt: skip
_STATES = {STARTING, RUNNING, FINISHED, FAILED, CANCELED, STOPPED}
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ChainStep:
    """A step: `plan_id` and `claim`, by which its job is found, once it is launched; `exit_code` once it has ended.

    `name` is the search that it became, or, once it has ended, the job.
    """

    action: str
    plan_id: str = ""
    claim: str = ""
    name: str = ""
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain as it is recorded. `place` is the folder in which it was asked for, `options` are what was asked.

    `removed_at` is when the files of its jobs were removed, empty where they were not.
    """

    folder: str
    plan_id: str
    place: str
    options: dict[str, Any]
    steps: tuple[ChainStep, ...]
    state: str = STARTING
    reason: str = ""
    created_at: str = field(default_factory=now)
    removed_at: str = ""

    @property
    def id(self) -> str:
        """The name of its folder."""
        return Path(self.folder).name

    def request(self) -> RequestOptions:
        """What was asked, as options."""
        asked: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in self.options.items()}
        return RequestOptions(**asked)

    def with_step(self, number: int, **facts: Any) -> Chain:
        """The chain with more known of one step."""
        steps = [replace(step, **facts) if n == number else step for n, step in enumerate(self.steps)]
        return replace(self, steps=tuple(steps))

    def write(self) -> Chain:
        """Record it, and give it back."""
        write_json(Path(self.folder) / RECORD, asdict(self))
        return self


def new_chain(options: RequestOptions, plan_id: str, actions: Sequence[str]) -> Chain:
    """A chain that nobody works on yet, with its folder."""
    root = default_root(options.results_root)
    folder = root / f"{CHAIN_PREFIX}{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    folder.mkdir(parents=True)
    own = {entry.name for entry in fields(RequestOptions)}
    asked = {entry.name: getattr(options, entry.name) for entry in given(options) if entry.name in own}
    steps = tuple(ChainStep(action) for action in actions)
    return Chain(str(folder), plan_id, str(Path.cwd()), asked, steps).write()


def read_chain(folder: Path) -> Chain:
    """The chain of a folder, with the state that it is in now.

    Raises:
        InputError: its record was damaged.
    """
    chain = recorded(folder)
    return replace(chain, state=_state(chain))


def recorded(folder: Path) -> Chain:
    """The chain of a folder as it was last written: what whoever holds its lock goes by. Errors: see `read_chain`."""
    document = read_json(folder / RECORD)
    try:
        steps = tuple(ChainStep(**step) for step in document["steps"])
        chain = Chain(**{**document, "folder": str(folder), "steps": steps})
        chain.request()
        if chain.state not in _STATES or not all(isinstance(text, str) for text in _texts(chain)):
            raise TypeError  # noqa: TRY301 - told as all that does not fit
    except (AttributeError, KeyError, TypeError):
        message, remedy = "the record of these steps is damaged", "launch the steps again, by their words"
        raise InputError(message, code="chain.damaged", where=str(folder / RECORD), remedy=remedy) from None
    return chain


def _texts(chain: Chain) -> list[object]:
    own: list[object] = [chain.plan_id, chain.place, chain.reason, chain.created_at, chain.removed_at]
    return own + [text for step in chain.steps for text in (step.action, step.plan_id, step.claim, step.name)]


def _state(chain: Chain) -> str:
    from automl.writer_lock import writer_of

    if writer_of(Path(chain.folder)):
        return RUNNING
    if chain.state == STARTING:
        young = time.time() - (Path(chain.folder) / RECORD).stat().st_mtime < _START_SECONDS
        return STARTING if young else STOPPED
    return STOPPED if chain.state == RUNNING else chain.state


def find_chain(name: str, results_root: str | None) -> Chain:
    """The chain of this id.

    Raises:
        RequestError: there is none, with the closest ids.
    """
    root = default_root(results_root)
    folder = Path(name).absolute() if os.sep in name else root / name
    if (folder / RECORD).is_file():
        return read_chain(folder)
    ids = [found.name for found in chain_folders(root)]
    remedy = did_you_mean(name, ids) or "see `changenet jobs`, and name the folder of all jobs by --results"
    raise RequestError(f"there are no steps '{name}'", code="chain.unknown", where=str(root), remedy=remedy)


def chains(root: Path) -> list[Chain]:
    """The chains of a results root, newest first; one whose record can't be read is left out."""
    found = []
    for folder in chain_folders(root):
        try:
            found.append(read_chain(folder))
        except (ChangenetError, OSError):
            continue
    return found
