# SPDX-License-Identifier: Apache-2.0
"""Secrets stay out of specs, logs, records and reports."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MASK = "********"

_SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:password|passwd|passphrase|secret|token|api_?key|apikey|access_?key|secret_?key|private_?key|"
    r"encryption_?key|credentials?|authorization|auth|bearer|key)$",
    re.IGNORECASE,
)
_URL_CREDENTIALS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s@]+@", re.IGNORECASE)
_SIGNED_QUERY = re.compile(
    r"(?P<name>[?&](?:x-amz-[a-z-]+|x-goog-[a-z-]+|sig|signature|token|access_token|key|api_key)=)[^&\s\"']+",
    re.IGNORECASE,
)
_KNOWN_TOKEN = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{20,}|nvapi-[A-Za-z0-9_-]{20,}|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{20,})"
)
_ASSIGNMENT = re.compile(
    r"(?P<name>\b[A-Za-z0-9_.-]*(?:password|passwd|secret|token|api_?key|access_?key|secret_?key|encryption_?key)\b"
    r"[\"']?\s*[:=]\s*[\"']?)(?P<value>[^\s\"',;}]+)",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_secret_key(name: str) -> bool:
    """Whether a key of this name holds a secret."""
    return bool(_SECRET_NAME.search(name))


def redact(tree: Any) -> Any:
    """A copy in which values of secret keys, and secrets inside texts, are masked."""
    if isinstance(tree, str):
        return redact_text(tree)
    if isinstance(tree, dict):
        return {
            name: MASK if is_secret_key(str(name)) and _can_be_secret(value) else redact(value)
            for name, value in tree.items()
        }
    return [redact(value) for value in tree] if isinstance(tree, list | tuple) else tree


def _can_be_secret(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def redact_text(text: str) -> str:
    """The text with URL credentials, signed query values, `name=secret` pairs and tokens of known form masked."""
    # Most texts hold no secret, and looking for what a pattern can't do without is far cheaper than the pattern.
    if "@" in text and "://" in text:
        text = _URL_CREDENTIALS.sub(rf"\g<scheme>{MASK}@", text)
    if "=" in text or ":" in text:
        text = _SIGNED_QUERY.sub(rf"\g<name>{MASK}", text) if "=" in text else text
        folded = text.casefold()
        if "key" in folded or "token" in folded or "secret" in folded or "passw" in folded:
            text = _ASSIGNMENT.sub(rf"\g<name>{MASK}", text)
    if "hf_" in text or "sk-" in text or "AKIA" in text or "ghp_" in text or "nvapi-" in text:
        text = _KNOWN_TOKEN.sub(MASK, text)
    return text
