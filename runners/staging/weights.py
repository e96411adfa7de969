# SPDX-License-Identifier: Apache-2.0
"""Published weights as a file of this machine: fetched at one revision, checked, and recorded beside the file."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents import read_json
from core.errors import CheckpointError, InputError, PlatformError
from core.files import atomic_path, real_path, sha256_file, write_json
from core.installation import require
from core.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGEST_HEADER = 100_000_000  # bytes; the limit of the format's own reader
_AGAIN = "remove it, and stage again: changenet stage backbone"
_SHA256 = re.compile(r"[0-9a-f]{64}")
UNKNOWN = "unknown"
"""The revision of weights that were brought here by hand."""


@dataclass(frozen=True, slots=True)
class Published:
    """Weights on a hub: repository, file, the revision that is asked for, and the variable with a token for it."""

    repository: str
    file: str
    revision: str | None
    token: str


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights that were staged, as `FILE.json` beside them records: which file it is, and of which revision."""

    repository: str
    file: str
    revision: str
    sha256: str
    size: int


def stage_weights(
    published: Published, target: Path, own: Path | None, say: Callable[[str], None] = lambda _: None
) -> Weights:
    """The weights at `target`: a copy of the `own` file, those that are there and whole, or fetched from the hub.

    Raises:
        PlatformError: the hub's client is not installed, or the hub gives no such file.
        CheckpointError: what is there, or came, is not the whole file that it should be.
    """
    if own is None and target.exists():
        return _as_recorded(published, target)
    if own:
        require_whole(own)
        _copy(own, target)
        return _record(published, target, UNKNOWN)
    revision = published.revision or "its latest revision"
    say(f"fetching {published.file} of {published.repository}, {revision}")
    fetched = _download(published)
    require_whole(fetched)
    told = real_path(fetched).name  # the hub's cache calls large files by their SHA-256
    if _SHA256.fullmatch(told) and sha256_file(fetched) != told:
        remedy = f"remove {real_path(fetched)}, and stage again"
        raise CheckpointError(
            "it does not have the SHA-256 that the hub tells", code="stage.checksum", where=str(fetched), remedy=remedy
        )
    _copy(fetched, target)
    return _record(published, target, _commit_of(fetched))


def record_of(target: Path) -> Path:
    """Where it is recorded which weights a staged file holds."""
    return target.with_name(f"{target.name}.json")


def require_whole(file: Path) -> None:
    """A file has content, and if it is called a safetensors file, it is a whole one.

    Raises:
        CheckpointError: it is missing, empty, cut off, or something else.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as handle:
            start = handle.read(8)
            length = int.from_bytes(start, "little")
            header = handle.read(length) if length <= min(_LARGEST_HEADER, size) else b""
    except OSError as problem:
        raise _wrong(file, f"can't be read: {problem.strerror}", "check the path") from None
    if not size:
        raise _wrong(file, "is empty")
    if file.suffix != ".safetensors":
        return
    try:
        tensors = json.loads(header)
        end = max(int(entry["data_offsets"][1]) for name, entry in tensors.items() if name != "__metadata__")
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise _wrong(file, "is no safetensors file") from None
    if (whole := 8 + length + end) != size:
        raise _wrong(file, f"has {size:,} of {whole:,} bytes")


def _as_recorded(published: Published, target: Path) -> Weights:
    """The weights that are there already, checked against their record, which is made for those brought by hand."""
    require_whole(target)
    path = record_of(target)
    if not path.exists():
        return _record(published, target, UNKNOWN)
    try:
        recorded = Weights(**read_json(path))
    except (InputError, TypeError):
        raise _wrong(
            path, "does not say what was staged", f"remove it, and stage again: it is made from {target.name}"
        ) from None
    if target.stat().st_size != recorded.size or sha256_file(target) != recorded.sha256:
        raise _wrong(target, f"is not what was staged: {path.name} tells of another SHA-256")
    if published.revision not in {None, recorded.revision}:
        message = f"is of revision {recorded.revision}, not {published.revision}"
        raise _wrong(target, message, "name another folder by --out, or remove it and stage again")
    return recorded


def _record(published: Published, target: Path, revision: str) -> Weights:
    size, digest = target.stat().st_size, sha256_file(target)
    weights = Weights(published.repository, published.file, revision, digest, size)
    write_json(record_of(target), asdict(weights))
    return weights


def _copy(source: Path, target: Path) -> None:
    if real_path(source) != real_path(target):
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)


def _commit_of(fetched: Path) -> str:
    """The revision that a file of the hub's cache is of: `…/snapshots/COMMIT/FILE`."""
    parts = fetched.parts
    return parts[parts.index("snapshots") + 1] if "snapshots" in parts else UNKNOWN


def _download(published: Published) -> Path:
    require("stage", "huggingface_hub")
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(published.repository, published.file, revision=published.revision))
    except Exception as problem:  # noqa: BLE001 - its client raises what its own client for the web raises as well
        reason = redact_text(str(problem).strip().partition("\n")[0])
        raise PlatformError(
            f"the hub did not give {published.file}: {reason}",
            code="stage.hub",
            where=published.repository,
            remedy=f"check the network and {published.token}, or bring the file to this machine: "
            "changenet stage backbone --from FILE",
        ) from None


def _wrong(
    file: Path, message: str, remedy: str = "remove it, and stage again: changenet stage backbone"
) -> CheckpointError:
    return CheckpointError(message, code="stage.weights", where=str(file), remedy=remedy)
