# SPDX-License-Identifier: Apache-2.0
"""What tells secrets in a line of text: formats of vendors, options of known tools, headers, addresses and sentences.

Every pattern takes time linear in the line: names are taken whole from where they begin (possessive, behind a
look-behind), and all that is repeated before something else must follow is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from core.secret_tokens import VENDOR
from core.secret_values import is_basic, is_drawn, is_prose, is_secret, is_value, looks_random

if TYPE_CHECKING:
    from collections.abc import Callable

    LineRule = tuple[Callable[..., re.Match[str] | None], Callable[[re.Match[str]], bool]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`secret` is a group of the pattern; a line without any of the `hints` (in small letters) is not searched.

    A `token` is known by how it begins, which its pattern begins with: many lines are searched at once, in a moment.
    What a rule finds that is `tied` begins with one of its hints: it is asked for there, and its line not searched.
    """

    hints: tuple[str, ...]
    pattern: str
    holds: Callable[[re.Match[str]], bool] = lambda _: True
    is_token: bool = False
    is_tied: bool = False


def _rule(hints: str | tuple[str, ...], pattern: str, holds: Callable[[re.Match[str]], bool] = lambda _: True) -> Rule:
    return Rule(tuple(hints.split()) if isinstance(hints, str) else hints, f"(?im){pattern}", holds)


def _tied(hints: str | tuple[str, ...], pattern: str, holds: Callable[[re.Match[str]], bool] = lambda _: True) -> Rule:
    return replace(_rule(hints, pattern, holds), is_tied=True)


def _token(begin: str, rest: str) -> Rule:
    literal = re.escape(begin)
    return Rule((begin.lower(),), f"(?P<secret>{literal}(?<![A-Za-z0-9]{literal}){rest})", is_token=True)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when the first line needs it: most processes meet few of the formats, and start-up time counts."""
    return re.compile(pattern)


@cache
def token_patterns(hint: str) -> tuple[re.Pattern[str], ...]:
    """What texts with this hint are searched by as a whole."""
    return tuple(compiled(rule.pattern) for rule in RULES if rule.is_token and hint in rule.hints)


@cache
def line_rules(hint: str) -> tuple[LineRule, ...]:
    """What lines with this hint are searched by: a pattern's search, and whether what it found is a secret."""
    rules = (rule for rule in RULES if not (rule.is_token or rule.is_tied) and hint in rule.hints)
    return tuple((compiled(rule.pattern).search, rule.holds) for rule in rules)


@cache
def tied_rules(hint: str) -> tuple[LineRule, ...]:
    """What is asked for where this hint stands: a pattern's match, and whether what it found is a secret."""
    rules = (rule for rule in RULES if rule.is_tied and hint in rule.hints)
    return tuple((compiled(rule.pattern).match, rule.holds) for rule in rules)


def _named(found: re.Match[str]) -> bool:
    return is_secret(found["name"], found["secret"]) and not is_prose(found["secret"])


def _token_alone(found: re.Match[str]) -> bool:
    value = found["secret"]
    return is_value(value) and ((found["scheme"].lower() != "basic" and looks_random(value, 16)) or is_basic(value))


def _header(found: re.Match[str]) -> bool:
    return is_value(found["secret"]) and not is_prose(found["secret"])


def _drawn(found: re.Match[str]) -> bool:
    return is_drawn(found["secret"])


def _first_drawn(found: re.Match[str]) -> bool:
    before = found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()]
    return len(before) <= _INDENT and not before.strip() and is_drawn(found["secret"])


def _long_drawn(found: re.Match[str]) -> bool:
    return looks_random(found["secret"], 16)


def _is_login(found: re.Match[str]) -> bool:
    return is_value(found["secret"])


_INDENT = 16
_KINDS_OF_KEYS = (
    "api|access|secret|private|encryption|signing|fernet|license|master|unseal|account|shared|recovery|hmac|aes|cipher"
)
RULES = (
    *(_token(begin, rest) for begins, rest in VENDOR for begin in begins.split()),
    _rule(":aa", r"(?<![a-z0-9])(?P<secret>(?:bot)?\d{8,10}:(?-i:AA)[\w-]{32,})"),
    # scheme://user:password@host, where host:port/path@x is none
    _tied("://", r"://(?P<secret>[^\s/@:\[\"'<>]{0,256}:(?!\d{1,5}(?:[/?#\s\"']|$))[^\s\"'<>]{1,256})@"),
    _tied("://", r"://(?<=[a-z0-9+.-]://)(?<!ssh://)(?<!sftp://)(?P<secret>[^\s/@:\"'<>]{1,256})@", _is_login),
    _tied(
        "x-amz- x-goog- sig= signature=",
        r"(?<=[?&;])(?:x-(?:amz|goog)-(?:signature|security-token|credential)|sig|signature)=(?P<secret>[^&\s\"'<>#;]{1,})",
    ),
    _rule(
        tuple(f"{before}{name}=" for before in "?&; \t" for name in ("sig", "key")),
        r"[?&;\s](?:sig|key)=(?P<secret>[^&\s\"'<>#;]{16,})",
        lambda found: looks_random(found["secret"], 16),
    ),
    _tied("sharedaccesssignature", r"sharedaccesssignature[ =]{1,4}(?P<secret>\S+)"),
    _tied(
        "authorization",
        r"authorization[\"'\\]{0,3}\s{0,4}[:=]\s{0,4}[\"'\[\\]{0,4}(?:digest|aws4-hmac-sha256)\s{1,4}(?P<secret>[^\r\n]+)",
    ),
    _tied(
        "authorization",
        r"authorization[\"'\\]{0,3}\s{0,4}[:=]\s{0,4}(?:f?[\"'\[\\]{0,4})(?:[a-z-]{2,16}\s{1,4})?(?P<secret>[^\s\"',;}\]<>\\]+)",
        _header,
    ),
    _tied("bearer basic", r"\b(?P<scheme>bearer|basic)\s{1,4}(?P<secret>[\w.~+/=-]{12,})", _token_alone),
    _tied("cookie", r"\bcookie[\"'\\]{0,3}\s{0,4}[:=]\s{0,4}[\"'\\]{0,2}(?P<secret>[\w.%-]+=[^\r\n\"']+)"),
    _tied("login(", r"login\([^()\r\n]{0,80}?key=[\"'](?P<secret>[^\s\"']{16,})"),
    _tied("auth=(", r"auth=\([\"'][^\"'\r\n]{0,64}[\"'], {0,2}[\"'](?P<secret>[^\"'\r\n]+)"),
    _tied("mysql", r"mysql\w{0,16}\s[^\r\n]{0,100}?-p(?P<secret>[^\s\"']{6,})"),
    _rule("@tcp(", r"(?<![\w.-])[\w.-]{1,64}:(?P<secret>[^\s:\"'@]{1,128})@tcp\("),
    _rule("curl", r"\s(?:-u[ =]?|--(?:proxy-)?user[ =])[\"']?[^\s:\"'$]{1,64}:(?P<secret>[^\s\"']+)", _header),
    _rule("curl", r"\s(?:-b|--cookie)[ =][\"']?[\w.-]{1,64}=(?P<secret>[^\s\"']+)"),
    _tied("sshpass", r"sshpass\s{1,4}-p\s{0,4}[\"']?(?P<secret>[^\s\"']+)", _header),
    _tied("docker", r"docker\s{1,4}login\b[^\r\n]{0,200}?\s-p\s{1,4}[\"']?(?P<secret>[^\s\"']+)", _header),
    _rule("--password-stdin", r"(?:echo|printf)\s{1,4}[\"']?(?P<secret>[^\s\"'|]{6,})[\"']?\s{0,4}\|", _header),
    _tied("wandb", r"wandb\s{1,4}login(?:\s{1,4}--[\w-]{1,32}){0,4}\s{1,4}(?P<secret>[\w-]{32,})"),
    _rule("openssl", r"\bpass:(?P<secret>[^\s\"']+)", _header),
    _tied("identified password", r"\b(?:identified(?: with \w{1,64})? by|password)\s{1,4}'(?P<secret>[^'\r\n]+)'"),
    _tied("login", r"\blogin\s{1,4}\S{1,128}\s{1,4}password\s{1,4}(?P<secret>\S+)"),
    _tied(
        "password passwort passwd kennwort",
        r"(?:passw(?:or)?[dt]|kennwort)\s{1,4}(?P<secret>[^\s/]+)\s*$",
        _first_drawn,
    ),
    _tied(
        ("password", "passphrase", "pass phrase"),
        r"\bpass ?(?:word|phrase) for [^\s:]{1,128}: {0,4}(?P<secret>\S+)\s*$",
        _drawn,
    ),
    _tied(  # The password for the camera is …
        ("password", "passwort", "passwd", "passphrase", "pass phrase", "passcode", "kennwort"),
        r"\b(?:passw(?:or)?[dt]|pass ?phrase|passcode|kennwort)\b[^\r\n:=]{0,48}?"
        r"\s(?:is|was|to|lautet|ist|war)\s{1,4}[\"']?(?P<secret>[^\s\"',;]+)",
        _drawn,
    ),
    _tied("pw: pw= pswd", r"(?<![\w.-])(?:pw|pswd)\s{0,2}[:=]\s{0,4}[\"']?(?P<secret>[^\s\"',;]+)", _drawn),
    _tied(  # api key …, "unseal key 1: …"
        tuple(f"{kind} key" for kind in _KINDS_OF_KEYS.split("|")),
        rf"\b(?:{_KINDS_OF_KEYS}) key(?: \d{{1,2}})?[\"']?\s{{0,2}}[:=]?\s{{0,4}}(?:is |was )?[\"']?"
        r"(?P<secret>[^\s\"',;()]{16,})",
        _long_drawn,
    ),
    _tied(
        "recovery backup 2fa otp one-time pairing",
        r"\b(?:recovery|backup|2fa|otp|one-time|pairing) codes?\s{0,2}[:=]?\s{0,4}(?P<secret>(?=\S*[\d-])[\w-]{6,})",
    ),
    _tied(("pin:", "pin=", "pin is "), r"(?<![\w.-])(?-i:PIN)(?:\s{0,2}[:=]\s{0,4}| is )(?P<secret>\d{4,8})(?![\w.])"),
    _tied(
        "$1$ $5$ $6$ $y$ $apr1$ $2a$ $2b$ $2x$ $2y$ $argon2",
        r"\$(?:1|5|6|y|apr1|2[abxy]|argon2(?:id|i|d))\$(?P<secret>[\w./+,=$-]{20,})",
    ),
    _tied("private-", r"\bprivate-(?:mac|hash): {1,4}(?P<secret>[0-9a-f]{40,})"),
    _rule(
        ("alias set", "host add"),
        r"\bmc(?:li)?\s{1,4}(?:alias set|config host add)(?:\s{1,4}\S{1,128}){3}\s{1,4}(?P<secret>\S+)",
    ),
    _tied("vault", r"\bvault\s{1,4}login\s{1,4}(?:-\S{1,64}\s{1,4}){0,4}(?P<secret>[^\s=-][^\s=]{7,})(?!\S)", _drawn),
    _tied(("net use",), r"\bnet\s{1,4}use\s{1,4}(?:\S{1,8}\s{1,4})?\\\\\S{1,128}\s{1,4}(?P<secret>[^\s/*]\S*)"),
    _tied("snmp", r"\bsnmp\w{2,12}\s[^\r\n]{0,200}?\s(?-i:-A)\s{1,4}[\"']?(?P<secret>[^\s\"'$]+)"),
    _tied("snmp", r"\bsnmp\w{2,12}\s[^\r\n]{0,200}?\s(?-i:-X)\s{1,4}[\"']?(?P<secret>[^\s\"'$]+)"),
    _rule(
        "chpasswd",
        r"(?:echo|printf)\s{1,4}[\"']?[^\s:\"'$]{1,64}:(?P<secret>[^\s\"'|$]+)[\"']?\s{0,4}\|[^|\r\n]{0,32}chpasswd",
    ),
    _tied("redis-cli", r"redis-cli\b[^\r\n]{0,100}?\s-a\s{1,4}(?P<secret>\S+)", _header),
    _tied("mongo", r"mongo\w{0,8}\s[^\r\n]{0,200}?\s-p\s{0,4}(?P<secret>[^\s\"'-]\S{5,})", _header),
    _tied("ldap", r"\bldap\w{2,10}\s[^\r\n]{0,200}?\s-w\s{1,4}(?P<secret>\S+)", _header),
    _tied("smbclient", r"smbclient\b[^\r\n]{0,200}?\s-U\s{0,4}[\"']?[^\s%]{1,64}%(?P<secret>[^\s\"']+)", _header),
    _tied(
        "htpasswd",
        r"htpasswd\s{1,4}(?:-\w{1,8}\s{1,4}){0,4}-\w{0,6}b\w{0,4}\s{1,4}\S{1,128}\s{1,4}\S{1,64}\s{1,4}(?P<secret>\S+)",
    ),
    _tied("openssl", r"openssl\s[^\r\n]{0,200}?\s-(?:k|K|passin|passout)\s{1,4}(?P<secret>[^\s:]+)(?!\S)", _header),
    _rule("zip 7z", r"\b(?:un)?zip\s[^\r\n]{0,100}?-P\s{1,4}(?P<secret>\S+)", _header),
    _tied("7z", r"\b7za?\s[^\r\n]{0,100}?\s-p(?P<secret>\S+)", _header),
    _tied("sqlplus", r"sqlplus\s(?:-\w{1,4}\s{1,4}){0,3}[^\s/]{1,64}/(?P<secret>[^\s@]+)@", _header),
    _tied(
        "convertto-securestring",
        r"convertto-securestring\s{1,4}(?:-string\s{1,4})?[\"'](?P<secret>[^\"'\r\n]+)[\"']",
        _header,
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
    _tied("akia asia", r"\bA[KS]IA[A-Z0-9]{16}[\"',:;\s]{1,4}(?P<secret>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/])"),
)
