# SPDX-License-Identifier: Apache-2.0
"""What tells secrets in a line of text: formats of vendors, options of known tools, headers, addresses and sentences.

Every pattern takes time linear in the line: names are taken whole from where they begin (possessive, behind a
look-behind), and all that is repeated before something else must follow is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from core.secret_tokens import VENDOR
from core.secret_values import is_basic, is_prose, is_secret, is_value, looks_random

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Rule:
    """`secret` is a group of the pattern; a line without any of the `hints` (in small letters) is not searched.

    A `token` is known by how it begins, which its pattern begins with: many lines are searched at once, in a moment.
    """

    hints: tuple[str, ...]
    pattern: str
    holds: Callable[[re.Match[str]], bool] = lambda _: True
    is_token: bool = False


def _rule(hints: str, pattern: str, holds: Callable[[re.Match[str]], bool] = lambda _: True) -> Rule:
    return Rule(tuple(hints.split()), f"(?im){pattern}", holds)


def _token(begin: str, rest: str) -> Rule:
    literal = re.escape(begin)
    return Rule((begin.lower(),), f"(?P<secret>{literal}(?<![A-Za-z0-9]{literal}){rest})", is_token=True)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when the first line needs it: most processes meet few of the formats, and start-up time counts."""
    return re.compile(pattern)


@lru_cache(maxsize=256)
def rules_of(hints: frozenset[str]) -> tuple[Rule, ...]:
    """The rules that a text with these hints is searched by."""
    return tuple(rule for rule in RULES if not hints.isdisjoint(rule.hints))


def _named(found: re.Match[str]) -> bool:
    return is_secret(found["name"], found["secret"]) and not is_prose(found["secret"])


def _token_alone(found: re.Match[str]) -> bool:
    value = found["secret"]
    return is_value(value) and (is_basic(value) or (found["scheme"].lower() != "basic" and looks_random(value, 16)))


def _header(found: re.Match[str]) -> bool:
    return is_value(found["secret"]) and not is_prose(found["secret"])


def _is_login(found: re.Match[str]) -> bool:
    return is_value(found["secret"])


RULES = (
    *(_token(begin, rest) for begins, rest in VENDOR for begin in begins.split()),
    _rule(":aa", r"(?<![a-z0-9])(?P<secret>(?:bot)?\d{8,10}:(?-i:AA)[\w-]{32,})"),
    # scheme://user:password@host, where host:port/path@x is none
    _rule("://", r"://(?P<secret>[^\s/@:\[\"'<>]{0,256}:(?!\d{1,5}(?:[/?#\s\"']|$))[^\s\"'<>]{1,256})@"),
    _rule("://", r"://(?<=[a-z0-9+.-]://)(?<!ssh://)(?<!sftp://)(?P<secret>[^\s/@:\"'<>]{1,256})@", _is_login),
    _rule(
        "x-amz x-goog sig",
        r"[?&;](?:x-(?:amz|goog)-(?:signature|security-token|credential)|sig|signature)=(?P<secret>[^&\s\"'<>#;]{1,})",
    ),
    _rule(
        "key sig", r"[?&;\s](?:sig|key)=(?P<secret>[^&\s\"'<>#;]{16,})", lambda found: looks_random(found["secret"], 16)
    ),
    _rule("sharedaccesssignature", r"sharedaccesssignature[ =]{1,4}(?P<secret>\S+)"),
    _rule(
        "authorization",
        r"authorization[\"'\\]{0,3}\s{0,4}[:=]\s{0,4}[\"'\[\\]{0,4}(?:digest|aws4-hmac-sha256)\s{1,4}(?P<secret>[^\r\n]+)",
    ),
    _rule(
        "authorization",
        r"authorization[\"'\\]{0,3}\s{0,4}[:=]\s{0,4}(?:f?[\"'\[\\]{0,4})(?:[a-z-]{2,16}\s{1,4})?(?P<secret>[^\s\"',;}\]<>\\]+)",
        _header,
    ),
    _rule("bearer basic", r"\b(?P<scheme>bearer|basic)\s{1,4}(?P<secret>[\w.~+/=-]{12,})", _token_alone),
    _rule("cookie", r"\b(?:set-)?cookie[\"'\\]{0,3}\s{0,4}[:=]\s{0,4}[\"'\\]{0,2}(?P<secret>[\w.%-]+=[^\r\n\"']+)"),
    _rule("login", r"login\([^()\r\n]{0,80}?key=[\"'](?P<secret>[^\s\"']{16,})"),
    _rule("auth", r"auth=\([\"'][^\"'\r\n]{0,64}[\"'], {0,2}[\"'](?P<secret>[^\"'\r\n]+)"),
    _rule("mysql", r"mysql\w{0,16}\s[^\r\n]{0,100}?-p(?P<secret>[^\s\"']{6,})"),
    _rule("@tcp(", r"(?<![\w.-])[\w.-]{1,64}:(?P<secret>[^\s:\"'@]{1,128})@tcp\("),
    _rule("curl", r"\s(?:-u[ =]?|--(?:proxy-)?user[ =])[\"']?[^\s:\"'$]{1,64}:(?P<secret>[^\s\"']+)", _header),
    _rule("curl", r"\s(?:-b|--cookie)[ =][\"']?[\w.-]{1,64}=(?P<secret>[^\s\"']+)"),
    _rule("sshpass", r"sshpass\s{1,4}-p\s{0,4}[\"']?(?P<secret>[^\s\"']+)", _header),
    _rule("docker", r"docker\s{1,4}login\b[^\r\n]{0,200}?\s-p\s{1,4}[\"']?(?P<secret>[^\s\"']+)", _header),
    _rule("--password-stdin", r"(?:echo|printf)\s{1,4}[\"']?(?P<secret>[^\s\"'|]{6,})[\"']?\s{0,4}\|", _header),
    _rule("wandb", r"wandb\s{1,4}login(?:\s{1,4}--[\w-]{1,32}){0,4}\s{1,4}(?P<secret>[\w-]{32,})"),
    _rule("openssl", r"\bpass:(?P<secret>[^\s\"']+)", _header),
    _rule("identified password", r"\b(?:identified(?: with \w{1,64})? by|password)\s{1,4}'(?P<secret>[^'\r\n]+)'"),
    _rule("login", r"\blogin\s{1,4}\S{1,128}\s{1,4}password\s{1,4}(?P<secret>\S+)"),
    _rule(
        "password", r"^\s{0,16}password\s{1,4}(?P<secret>[^\s/]+)\s*$", lambda found: looks_random(found["secret"], 6)
    ),
    _rule(
        "password passphrase",
        r"\bpass(?:word|phrase) for [^\s:]{1,128}: {0,4}(?P<secret>\S+)\s*$",
        lambda found: looks_random(found["secret"], 6),
    ),
    _rule("redis-cli", r"redis-cli\b[^\r\n]{0,100}?\s-a\s{1,4}(?P<secret>\S+)", _header),
    _rule("mongo", r"mongo\w{0,8}\s[^\r\n]{0,200}?\s-p\s{0,4}(?P<secret>[^\s\"'-]\S{5,})", _header),
    _rule("ldap", r"\bldap\w{2,10}\s[^\r\n]{0,200}?\s-w\s{1,4}(?P<secret>\S+)", _header),
    _rule("smbclient", r"smbclient\b[^\r\n]{0,200}?\s-U\s{0,4}[\"']?[^\s%]{1,64}%(?P<secret>[^\s\"']+)", _header),
    _rule(
        "htpasswd",
        r"htpasswd\s{1,4}(?:-\w{1,8}\s{1,4}){0,4}-\w{0,6}b\w{0,4}\s{1,4}\S{1,128}\s{1,4}\S{1,64}\s{1,4}(?P<secret>\S+)",
    ),
    _rule("openssl", r"openssl\s[^\r\n]{0,200}?\s-(?:k|K|passin|passout)\s{1,4}(?P<secret>[^\s:]+)(?!\S)", _header),
    _rule("zip 7z", r"\b(?:un)?zip\s[^\r\n]{0,100}?-P\s{1,4}(?P<secret>\S+)", _header),
    _rule("7z", r"\b7za?\s[^\r\n]{0,100}?\s-p(?P<secret>\S+)", _header),
    _rule("sqlplus", r"sqlplus\s(?:-\w{1,4}\s{1,4}){0,3}[^\s/]{1,64}/(?P<secret>[^\s@]+)@", _header),
    _rule(
        "securestring", r"convertto-securestring\s{1,4}(?:-string\s{1,4})?[\"'](?P<secret>[^\"'\r\n]+)[\"']", _header
    ),
    _rule(
        "tao tlt changenet",
        r"\b(?:tao|tlt|tao-\w{1,16}|\w{0,8}_?changenet)\s[^\r\n]{0,300}?\s(?:-k|-ek)\s{1,4}[\"']?(?P<secret>[^\s\"'$-][^\s\"']*)",
        _header,
    ),
    _rule(":543", r"^\S{1,128}:543\d:[^:\s]{1,64}:[^:\s]{1,64}:(?P<secret>\S+)$"),
    _rule("</", r"<(?P<name>[a-z][\w:.-]{0,64})(?:\s[^<>]{0,128})?>(?P<secret>[^<>\r\n]{1,512})</", _named),
    _rule(
        "value",
        r"(?:name|key)[\"'\\]{0,2}\s{0,4}[:=]\s{0,4}[\"'\\]{0,2}(?P<name>[\w.-]{1,64})[\"'\\]{0,2}(?:\s{0,4},\s{0,4}|\s{1,4})"
        r"[\"'\\]{0,2}value[\"'\\]{0,2}\s{0,4}[:=]\s{0,4}[\"'\\]{0,2}(?P<secret>[^\s\"',}\\]+)",
        _named,
    ),
    _rule(
        "username",
        r"\"username\"\s{0,4}:\s{0,4}\"[^\"]{0,64}\"\s{0,4},\s{0,4}\"key\"\s{0,4}:\s{0,4}\"(?P<secret>[^\"]+)",
    ),
    _rule("akia asia", r"\bA[KS]IA[A-Z0-9]{16}[\"',:;\s]{1,4}(?P<secret>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/])"),
)
