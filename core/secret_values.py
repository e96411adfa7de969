# SPDX-License-Identifier: Apache-2.0
"""Which texts beside a secret's name are the secret, and which are references, placeholders, code or prose."""

from __future__ import annotations

import binascii
import re

from core.secret_names import kind_of, words_of

_NO_VALUE = re.compile(
    r"[^A-Za-z0-9]*|env:\w*|\$.*|%\w+%|<.*|\{[\w.]*\}?.*|\[|x{3,}|\.{3,}|…|[|>][+-]?\d?"
    r"|null|none|nil|true|false|yes|no|on|off|str|string|int|bytes|bool|float|any|undefined|redacted|hidden|masked"
    r"|password|passwd|passphrase|token|api_?key|key|user|basic|bearer|digest",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"[A-Za-z_][\w.]*[(\[]|(?:self|cls|args|options|config|cfg|settings|os|env|given)\.[A-Za-z_.]+(?:$|\s)"
)
_DIGIT, _LETTER = re.compile(r"[0-9]"), re.compile(r"[A-Za-z]")
_RANDOM = re.compile(r"[A-Za-z0-9+/=_%.~:-]+$")
# What follows a name in a sentence about it: "token: expired", "password must …".
_PROSE = words_of(
    "a an and are as at be been before but by can can't cannot could denied did does empty error expected expects "
    "expired failed field for found from given had has have in incorrect invalid is isn't it key malformed may "
    "missing must needs never no none not of on only option optional or permission read refused rejected required "
    "see set should such takes than that the there these this to too unknown unset unsupported use used value "
    "variable wants was were when where which will with without word would write wrong you your"
)
_WORD = re.compile(r"[a-z']+$")
_LEAST_PASSWORD = 6
# node17, v1.2.3, 12.5ms, 10:31:05: what sentences hold besides words.
_NUMBERED = re.compile(
    r"(?:[A-Z]?[a-z]+|[A-Z]+)[_.-]?\d{1,4}(?:[.:-]\d+)*\W?|\d[\d.,:]*[A-Za-z%]{1,5}\W?|v?\d[\d.:-]*\W?"
)


def is_value(text: str) -> bool:
    """Whether the text can be a secret at all: no reference, placeholder, type or piece of code."""
    if text.isalnum() and text.isascii() and not text.isalpha():
        return True
    first = text.split(maxsplit=1)[0] if " | " in text else text  # `str | None` is a type
    return bool(text) and not _NO_VALUE.fullmatch(first) and not _CODE.match(text)


def is_secret(name: str, value: str) -> bool:
    """Whether a text under this name is a secret: no reference, placeholder or piece of code."""
    kind = kind_of(name)
    if not kind or not is_value(value) or is_place(name, value) or _is_variable(name, value):
        return False
    return kind == "strong" or looks_random(value)


def _is_variable(name: str, value: str) -> bool:
    """Whether a line of code hands a variable on: `token=self.token`."""
    theirs = value.rpartition(".")[2].lower().strip("-_")
    return theirs in name.lower() and theirs == name.rpartition(".")[2].lower().strip("-_")


def is_place(name: str, value: str) -> bool:
    """Whether the text says where something is, under a name that stands for a secret as often as for its file."""
    return name.lower().endswith(("pwd", "credential", "credentials", "ssh_key")) and is_path(value)


def is_path(text: str) -> bool:
    """Whether the text is the path of a file rather than base64 that begins with a slash."""
    return text.startswith(("/", "~/", "./")) and not looks_random(text.replace("/", ""), 32)


def is_prose(text: str) -> bool:
    """Whether the text goes on like a sentence about the secret."""
    first = text.split(maxsplit=1)[0].strip(".,;:!`)]}").lower() if text.strip() else ""
    return first in _PROSE


def is_plain_word(text: str) -> bool:
    """Whether the text begins with a word of small letters."""
    return bool(_WORD.match(text.split(maxsplit=1)[0].rstrip(".,;:!")))


def looks_random(text: str, length: int = 12) -> bool:
    """Whether the text looks drawn: of some length, letters and digits mixed, or base64 of `user:password`."""
    if len(text) < length:
        return False
    if text.isalnum() and text.isascii() and not (text.isalpha() or text.isdecimal()):
        return True
    return bool(_RANDOM.match(text)) and (_is_mixed(text) or is_basic(text))


def _is_mixed(text: str) -> bool:
    """Whether an ASCII text has letters and digits."""
    return bool(_DIGIT.search(text) and _LETTER.search(text))


def is_basic(text: str) -> bool:
    """Whether the text is base64 of `user:password`."""
    return ":" in _decoded(text)


def is_drawn(text: str) -> bool:
    """Whether the text may be a password that somebody chose: letters and digits mixed, no name with a number."""
    mixed = any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
    whole = is_value(text) and len(text) >= _LEAST_PASSWORD and not is_path(text) and "://" not in text
    return mixed and whole and not _NUMBERED.fullmatch(text)


_NGC = re.compile(r"[a-z0-9]{20,32}:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_ngc_key(text: str) -> bool:
    """Whether the text is a key of NGC's first kind: base64 of `name:uuid`."""
    return bool(_NGC.fullmatch(_decoded(text)))


def _decoded(text: str) -> str:
    try:
        decoded = binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True).decode("ascii")
    except ValueError:
        return ""
    return decoded if decoded.isprintable() else ""
