# SPDX-License-Identifier: Apache-2.0
"""`stage`: bring backbone weights, or data, to this machine once, so that runs find them here."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.addresses import is_fetched
from core.errors import DataError, InputError
from core.file_names import is_archive
from core.files import real_path
from core.redaction import redact_text
from core.staged import Staged
from interfaces.options import argument, option
from interfaces.outcome import Outcome
from interfaces.skill import the_skill

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from runners.staging.fetch import Names, Watcher

_KEY = "model.backbone.pretrained_backbone_path"
_GIGABYTE = 10**9


@dataclass(frozen=True, slots=True)
class BackboneOptions:
    """Of which revision the weights are, and where to."""

    out: str | None = option("folder for the file", metavar="DIR", otherwise="./backbone")
    revision: str | None = option("commit, tag or branch", metavar="REV", otherwise="the latest, which is recorded")
    own: str | None = option("take this file instead", flag="--from", metavar="FILE")


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What is fetched, and how much of it may come."""

    places: tuple[str, ...] = argument(
        "addresses: s3://, gs://, az://, hf://, https://; or archives here", metavar="URI"
    )
    sha256: str | None = option("what a file has to have", metavar="HEX")
    most_gb: int = option("gigabytes at most", metavar="N", default=500)


def backbone(options: BackboneOptions, reporter: Reporter) -> Outcome:
    """Put the weights that skill_info.yaml names for the classify backbone into a folder, checked and recorded.

    The token that the hub may ask for is read by its client from the environment or its own login, never written here.

    Raises:
        PlatformError: the hub's client is not installed, or the hub gives no file.
        CheckpointError: what is there, or came, is not the whole file.
    """
    from runners.staging.weights import Published, record_of, stage_weights

    source: dict[str, Any] = the_skill().spec_params("train")[_KEY]
    usual = Path(source["staged_path"])
    target = Path(options.out) / usual.name if options.out else usual
    published = Published(source["huggingface_repo"], source["file"], options.revision, source["token"])
    own = Path(options.own).expanduser() if options.own else None
    weights = stage_weights(published, target, own, reporter.say)
    path = str(real_path(target))
    keys = f"-s {shlex.quote(f'{_KEY}={path}')} -s model.backbone.type={source['backbone_type']}"
    mount = f"{path}:{source['destination_path']}"
    text = f"{path}\nrevision {weights.revision}, sha256 {weights.sha256}, {weights.size:,} bytes"
    text += f"\nnext: changenet run train {keys} …\nor in a container: -v {shlex.quote(mount)}"
    document = {"path": path, "mount": mount, "backbone_type": source["backbone_type"], "spec_key": _KEY}
    return Outcome(document | asdict(weights) | {"record": str(record_of(real_path(target)))}, text)


def data(options: DataOptions, reporter: Reporter) -> Outcome:
    """Fetch each address into the cache; runs that name it find it there, and fetch only what changed.

    An archive of this machine that holds a whole data set is unpacked there.

    Raises:
        InputError: a place that is none of these addresses, or an option that can't be meant.
        PlatformError, DataError, ArchiveError: as `runners.staging.fetch.fetch` says.
    """
    from runners.staging.fetch import Demands, fetch
    from runners.staging.request import line_of, names_of_skill

    _require_meant(options)
    demands = Demands(options.most_gb * _GIGABYTE, (options.sha256 or "").strip())
    names = names_of_skill(the_skill())
    found = [
        fetch(place, names, demands, watcher_of(reporter)) if is_fetched(place) else _unpacked(Path(place), names)
        for place in options.places
    ]
    text = "\n".join(map(line_of, found))
    return Outcome({"staged": [asdict(one) for one in found]}, f"{text}\n{_next(found)}")


def _unpacked(archive: Path, names: Names) -> Staged:
    """What an archive of this machine holds.

    Raises:
        ArchiveError: it is broken or unsafe. DataError: it holds no whole data set.
    """
    from core.files import sha256_file
    from runners.staging.fetch import data_set_in

    folder = data_set_in(archive, names)
    if folder is None:
        remedy = f"put it beside its table, and give that folder: {archive.absolute().parent}"
        raise DataError("it holds no whole data set", code="stage.part", where=str(archive), remedy=remedy)
    files = [path for path in folder.rglob("*") if path.is_file()]
    size, when = sum(path.stat().st_size for path in files), datetime.now(UTC).isoformat(timespec="seconds")
    return Staged(str(folder), str(folder), sha256_file(archive), len(files), size, when)


def watcher_of(reporter: Reporter, title: str = "fetched (MB)") -> Watcher:
    """What a fetch tells, or a transfer of another `title`, by way of a reporter."""
    from runners.staging.fetch import Watcher

    return Watcher(reporter.say, reporter.progress(title))


def _next(found: list[Staged]) -> str:
    places = [one for one in found if Path(one.place).is_dir() or one.place.endswith(".csv")]
    words = " ".join(f"--data {shlex.quote(one.source)}" for one in places[:1])
    return f"next: changenet plan train {words}" if words else f"next: name {found[0].place} where a file is asked for"


def _require_meant(options: DataOptions) -> None:
    if not options.places:
        remedy = "for instance: changenet stage data s3://bucket/boards"
        raise InputError("no address is given", code="stage.address", where="URI", remedy=remedy)
    for place in options.places:
        if not is_fetched(place) and not (is_archive(place) and Path(place).is_file()):
            remedy = "give an s3://, gs://, az://, hf:// or https:// address, or an archive of this machine"
            raise InputError("nothing fetches this", code="stage.address", where=redact_text(place), remedy=remedy)
    if options.most_gb < 1:
        raise InputError("it is below 1", code="stage.size", where="--most-gb", remedy="name a number from 1")
