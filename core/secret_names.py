# SPDX-License-Identifier: Apache-2.0
"""Which names of keys, variables, options and headers mean a secret."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Kind = Literal["", "weak", "strong"]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^a-z0-9ñ]+")
_NUMBERED = re.compile(r"(?:_?\d{1,2})$")
_FORMS = frozenset({"base", "data", "value", "b64", "base64", "plain", "raw", "str", "text", "hash"})


def words_of(text: str) -> frozenset[str]:
    """A set of words that are written in a row."""
    return frozenset(text.split())


_SECRET_ENDINGS = ("password", "passwd", "passphrase", "passcode", "secret", "credential", "credentials")
_IN_OTHER_LANGUAGES = ("passwort", "kennwort", "contraseña", "contrasena", "senha")
_SECRET_WORDS = frozenset({"pwd", "authorization", "cookie", "passe"})
_WEAK_WORDS = frozenset({"auth", "bearer", "sig", "signature", "psk", "jwt"})

# Tokens of language and of counting; every other token opens a door.
_HARMLESS_TOKENS = words_of(
    "cls pad eos bos sep mask unk summary special class reg register num max min per n next last new prev first "
    "current stop start end image text prompt input output total word sub"
)
_PASS_OF = words_of("db user smtp mysql postgres pg redis admin root ssh ftp mail login http proxy sudo become")
_FUSED_PASSES = frozenset(f"{of}pass" for of in _PASS_OF)
_KEYS_OF = words_of(
    "api app access secret private encryption encrypt decryption signing sign account storage master auth service "
    "deploy ssh client crypt cipher aes hmac shared subscription license licence webhook session symmetric functions "
    "ngc nvidia wandb hf openai anthropic kaggle aws azure gcp google github gitlab stripe sendgrid twilio tao"
)
_FUSED_KEYS = tuple(f"{kind}key" for kind in _KEYS_OF)
_HARMLESS_KEYS = words_of(
    "cache sort primary foreign public group partition row map lookup hot answer job image label dict state model "
    "metric monitor spec config host unique natural surrogate composite candidate index object data pub order range"
)


def is_secret_key(name: str) -> bool:
    """Whether a key of this name holds a secret."""
    return kind_of(name) != ""


@lru_cache(maxsize=4096)
def kind_of(name: str) -> Kind:
    """`strong`: what stands under this name is a secret; `weak`: it is one when it looks like one."""
    words = _words(name[-80:])
    if not words or words[-1] == "oldpwd" or name in {"PWD", "OLDPWD"}:
        return ""
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _FUSED_PASSES or (last == "pass" and before in _PASS_OF):
        return "strong"
    if last in _WEAK_WORDS or words == ["pass"] or name.lower().endswith(("sessionid", "phpsessid")):
        return "weak"
    if last in _SECRET_WORDS or last.endswith((*_SECRET_ENDINGS, *_IN_OTHER_LANGUAGES)):
        return "strong"
    if last.endswith("token"):
        return "" if before in _HARMLESS_TOKENS and last == "token" else "strong"
    return "strong" if _is_secret_kind_of_key(name, last, before) else ""


def _is_secret_kind_of_key(name: str, last: str, before: str) -> bool:
    if last in {"key", "keys"}:
        environment = name.isupper() and last == "key" and before not in _HARMLESS_KEYS
        return before in _KEYS_OF or (bool(before) and environment)
    return last.endswith(_FUSED_KEYS)


def _words(name: str) -> list[str]:
    snake = _CAMEL.sub("_", name).casefold()
    words = [word for word in _SEPARATORS.split(_NUMBERED.sub("", snake)) if word]
    while len(words) > 1 and words[-1] in _FORMS:
        words.pop()
    return words
