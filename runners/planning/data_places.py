# SPDX-License-Identifier: Apache-2.0
"""Where data lies that a request names: a path made absolute, an address as it is or where it is staged."""

from __future__ import annotations

from pathlib import Path

from core.addresses import bare_address, is_address, is_fetched, is_model_file, is_store
from core.errors import DataError, did_you_mean
from core.redaction import redact_text
from core.staged import place_of

_FILE = "file://"


def is_remote(place: str) -> bool:
    """Whether a place is a URI that this machine does not hold."""
    return "://" in place and not place.lower().startswith(_FILE)


def absolute(place: str, *, staged: bool = True) -> str:
    """A local path as an absolute one; a URI as it is, or where it lies on this machine once it is `staged`.

    Raises:
        DataError: the URI holds credentials, or is one that nothing downloads.
    """
    if redact_text(place) != place:
        remedy = "leave credentials out of the URI; the storage client takes them from its own configuration"
        if bare_address(place) != place:
            remedy = "fetch it by `changenet stage data ADDRESS`, and name it without its query then"
        raise DataError("the place holds a secret", code="data.secret", where=redact_text(place), remedy=remedy)
    if is_fetched(place) and staged:
        here = place_of(place.rstrip("/"))
        return here if not is_fetched(here) else _data_address(here)
    if is_store(place):
        return place.rstrip("/")
    if is_address(place) and not Path(place).exists():
        remedy = "download it, and give the folder or file (or its place in a store: s3://…, gs://…, az://…)"
        raise DataError(f"nothing downloads {place}", code="data.address", where=place, remedy=remedy)
    own = place[len(_FILE) :] if place.lower().startswith(_FILE) else place
    return str(Path(own).expanduser().absolute())


def _data_address(place: str) -> str:
    """An address that was not fetched yet, as it is.

    Raises:
        DataError: it can't be one of data.
    """
    scheme, _, rest = place.partition("://")
    web, name = scheme.lower() in {"http", "https"}, rest.partition("?")[0].rpartition("/")[2]
    if is_model_file(place) or (web and "." not in name):
        message = f"{place} is {'a model' if is_model_file(place) else 'a folder, which no web server lists'}"
        remedy = "give the address of an archive or a table, or of a folder in a store: s3://…, gs://…, az://…"
        raise DataError(message, code="data.address", where=place, remedy=remedy)
    if scheme.lower() == "hf" and not rest.startswith(("datasets/", "buckets/")):
        remedy = f"give hf://datasets/{rest} if it is a data set"
        raise DataError(f"{place} is a repository of models", code="data.address", where=place, remedy=remedy)
    return place


def require_there(place: str, where: str = "") -> Path:
    """The local path, which exists.

    Raises:
        DataError: it does not, with the closest names beside it.
    """
    path = Path(place)
    if path.exists():
        return path
    near = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = did_you_mean(path.name, near)
    message = f"there is no {path}. {hint}".strip()
    raise DataError(message, code="data.missing", where=where or place, remedy="check the path")
