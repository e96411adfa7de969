# SPDX-License-Identifier: Apache-2.0
"""Places that are no files of this machine: web addresses, hub ids and stores, in the spellings that people write."""

from __future__ import annotations

import re

from core.redaction import redact_text

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_HOST = re.compile(r"(?://|(?:[\w-]+\.)+(?:co|com|ai|io|org|net)/)", re.IGNORECASE)
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_MODEL_FILE = re.compile(r"\.(?:safetensors|pth|pt|ckpt|bin|tlt|hdf5|onnx|engine|trt)$", re.IGNORECASE)
_OF_HERE = ("file", "package")  # package: weights that came with an installed package
_STORES = ("s3", "gs", "az")
_FETCHED = (*_STORES, "hf", "https", "http")


def is_address(place: str) -> bool:
    """Whether a place is no path: it begins with a scheme such as `https:` or `huggingface:`, or with a host."""
    scheme = _SCHEME.match(place)
    if scheme:
        return scheme[1].lower() not in _OF_HERE
    return bool(_HOST.match(place))


def is_store(place: str) -> bool:
    """Whether an address is one of a store that runners elsewhere read: `s3://…` and its like."""
    scheme, _, rest = place.partition(":")
    return scheme.lower() in _STORES and rest.startswith("//")


def is_fetched(place: str) -> bool:
    """Whether `changenet stage data` fetches an address: of a store, of a hub's repository, of a file on the web."""
    scheme, _, rest = place.partition(":")
    return scheme.lower() in _FETCHED and rest.startswith("//")


def bare_address(place: str) -> str:
    """An address as it may be shown and recorded: without the query of a signed one, and a last slash."""
    address, _, query = place.partition("?")
    if query and redact_text(place) == place:
        return place
    return address.rstrip("/") if is_fetched(address) else place


def is_repository(place: str) -> bool:
    """Whether a place reads as the id of a model repository, `owner/name`: two parts, and no ending of a model file."""
    return bool(_REPOSITORY.fullmatch(place)) and not is_model_file(place)


def is_model_file(place: str) -> bool:
    """Whether a place ends as files with a model, or a part of one, do."""
    return bool(_MODEL_FILE.search(place))
