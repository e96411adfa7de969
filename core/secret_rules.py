# SPDX-License-Identifier: Apache-2.0
"""Where secrets stand in a line of text: formats of vendors, and what keys, options, headers and addresses tell.

Every pattern takes time linear in the line: names are taken whole from where they begin (possessive, behind a
look-behind), and all that is repeated before something else must follow is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from core.secret_names import kind_of
from core.secret_shapes import HEADERS
from core.secret_tokens import VENDOR, VENDOR_HINTS, VENDOR_RUNS
from core.secret_values import is_basic, is_ngc_key, is_path, is_plain_word, is_prose, is_value, looks_random

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

Span = tuple[int, int]
Suspect = tuple[int, int, int]
"""Begin, end, and what is suspected there: the number of a rule, or one of those below."""

NAMES, NGC_KEYS, KNOWN = -1, -2, -3


@dataclass(frozen=True, slots=True)
class _Rule:
    """`secret` is a group of the pattern; a line without any of the `hints` (in small letters) is not searched."""

    hints: tuple[str, ...]
    pattern: str
    holds: Callable[[re.Match[str]], bool] = lambda _: True


def _rule(hints: str, pattern: str, holds: Callable[[re.Match[str]], bool] = lambda _: True) -> _Rule:
    return _Rule(tuple(hints.split()), f"(?i){pattern}", holds)


@cache
def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compiled when the first line needs it: most processes meet few of the formats, and start-up time counts."""
    return re.compile(pattern, flags)


_RUN = "\n\n"  # a hint that no line holds: it stands for a run of letters and digits as long as in most tokens
_LETTERS = re.compile(r"[A-Za-z0-9]{17}")
_NAME_HINTS = "pass pwd secret token key credential auth cookie sig sess kennwort contrase senha psk jwt"


def is_secret(name: str, value: str) -> bool:
    """Whether a text under this name is a secret: no reference, placeholder or piece of code."""
    kind = kind_of(name)
    if not kind or not is_value(value) or is_place(name, value) or _is_variable(name, value):
        return False
    return kind == "strong" or looks_random(value)


def _is_variable(name: str, value: str) -> bool:
    """Whether a line of code hands a variable on: `token=self.token`."""
    ours, theirs = (text.rpartition(".")[2].lower().strip("-_") for text in (name, value))
    return ours == theirs


def is_place(name: str, value: str) -> bool:
    """Whether the text says where something is, under a name that stands for a secret as often as for its file."""
    return name.lower().endswith(("pwd", "credential", "credentials", "ssh_key")) and is_path(value)


def _named(found: re.Match[str]) -> bool:
    return is_secret(found["name"], found["secret"]) and not is_prose(found["secret"])


def _option(found: re.Match[str]) -> bool:
    return _named(found) and not re.fullmatch(r"[A-Z_]+", found["secret"].strip("[](){}|."))


def _beside(found: re.Match[str]) -> bool:
    value = found["secret"]
    place = is_path(value) or "://" in value or (("/" in value or ":" in value) and "." in value)
    return kind_of(found["name"]) == "strong" and looks_random(value, 10) and not place


def _token_alone(found: re.Match[str]) -> bool:
    value = found["secret"]
    return is_value(value) and (is_basic(value) or (found["scheme"].lower() != "basic" and looks_random(value, 16)))


def _header(found: re.Match[str]) -> bool:
    return is_value(found["secret"]) and not is_prose(found["secret"])


def _is_login(found: re.Match[str]) -> bool:
    return is_value(found["secret"])


_RULES = (
    _Rule(tuple(VENDOR_HINTS.split()), VENDOR),
    _Rule((_RUN,), VENDOR_RUNS),
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
# The two that begin with the name of a secret. Asked for where such a name stands, and nowhere else.
_OPTION = re.compile(
    r"(?i)(?<![\w-])--?(?P<name>[a-z][\w-]*+)(?:[\"'],\s{0,4}[\"']|[ \t]{1,4}[\"']?)"
    r"(?P<secret>(?<=[\"'])[^\"']+|[^\s\"'-][^\s\"',]*)"
)
_BESIDE = re.compile(  # ENV TOKEN …, "password is …"
    r"(?i)(?<![\w.-])(?P<name>[\w.-]++)[ \t]{1,4}(?:is |was )?[\"']?(?=(?P<secret>[^\s\"',;()]{10,}))"
)
_LONG = "\n"  # a hint that no line holds: it stands for words as long as NGC's first kind of key
_HALF_NGC = 42
_NGC = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{84}(?![A-Za-z0-9+/=_-])")

_NAME_WORDS = frozenset(_NAME_HINTS.split())
_ASSIGNMENT = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]++)(?P<close>\\{0,3}[\"'`]?\]?)[ \t]{0,8}(?P<sep>:=|=>|=(?!=)|:(?!:)|,)"
    r"(?P<gap>[ \t]{0,8})(?P<open>\\{0,3}[\"'`])?"
)
# What stands behind a name that has a value; an option's may be any word.
_FOLLOWED = (
    r"\\{0,3}[\"'`]?\]?[ \t]{0,8}[:=,](?![ \t]?\"?\*{8}(?:[\s\"]|$))|[ \t]{1,4}(?:is |was )?[\"']?(?=[^\s\"',;()]{10})"
)
_DASH = re.compile(r"-(?<![\w.]-)")
_USUAL_NAME = 32
_LOOKED_AT = 256  # characters before or after a name that may tell whether prose or a secret follows
_BEFORE_FIRST = re.compile(
    r"[\s\"'#>$*+-]*(?:(?:export|set|setenv|env|declare -x|let|const|var)\s{1,4})?[\s\"'-]*", re.IGNORECASE
)
_IN_QUERY = re.compile(r"[^\s\"'<>&;,)]*")
_WORD = re.compile(r"[^\s\"'`<>]+?(?=[,;&)\]}|\\]*(?:[\s\"'`<>]|$)|[,;&][A-Za-z_][\w.-]{0,64}[=:]|\)[.\[])")
_HINTS = tuple(dict.fromkeys([hint for rule in _RULES for hint in rule.hints if hint != _RUN] + _NAME_HINTS.split()))


def hints_in(text: str) -> frozenset[str]:
    """What in a text may tell of secrets: lines of it are asked for these alone."""
    low = text.casefold()
    hints = {hint for hint in _HINTS if hint in low}
    if _LETTERS.search(text):
        hints |= {_RUN, _LONG} if _may_hold_ngc_key(text) and _NGC.search(text) else {_RUN}
    return frozenset(hints)


def _may_hold_ngc_key(text: str) -> bool:
    """Whether some part half as long as such a key has no space: the key would cover one of these."""
    return any(" " not in text[place : place + _HALF_NGC] for place in range(0, len(text) - _HALF_NGC + 1, _HALF_NGC))


def suspects(text: str, hints: Collection[str], names: Iterable[Span]) -> list[Suspect]:
    """Where in a text of many lines secrets may stand, and by what: lines that no span touches hold none.

    Asked of all lines at once, so that lines with words such as `token` cost little where no secret is beside them.
    """
    found: list[Suspect] = [
        (*match.span(), number)
        for number in _rules_of(frozenset(hints))
        for match in _compiled(_RULES[number].pattern, re.MULTILINE).finditer(text)
    ]
    if _LONG in hints:
        found += [(*match.span(), NGC_KEYS) for match in _NGC.finditer(text)]
    return found + [(begin, end, NAMES) for begin, end in names]


def names_in(text: str, hints: Collection[str]) -> list[Span]:
    """Begin and end of the first word of each line that names a secret and has a value."""
    return list(_secret_names(text, hints, one_a_line=True))


def secret_spans(line: str, hints: Collection[str], by: Collection[int] | None = None) -> list[Span]:
    """Begin and end of every secret in one line, in no order; they may overlap.

    `by`: what `suspects` told of this line; without it, all is asked.
    """
    if by is None:
        low = line.casefold()
        by = {
            *_rules_of(frozenset(hint for hint in hints if hint in low or hint == _RUN)),
            NAMES,
            *((NGC_KEYS,) if _LONG in hints else ()),
        }
    spans: list[Span] = []
    for number in by:
        if number >= 0:
            rule = _RULES[number]
            spans += [found.span("secret") for found in _compiled(rule.pattern).finditer(line) if rule.holds(found)]
        elif number == NGC_KEYS:
            spans += [found.span() for found in _NGC.finditer(line) if is_ngc_key(found[0])]
        elif number == NAMES:
            spans += _named_spans(line)
    return spans


def _named_spans(line: str) -> list[Span]:
    """The secrets that the names in a line tell of."""
    names = list(_secret_names(line, _NAME_WORDS))
    if not names:
        return []
    spans = []
    if any("-" in line[begin:end] for begin, end in names):
        spans += [found.span("secret") for found in _OPTION.finditer(line) if _option(found)]
    beside = (found for begin, _ in names if (found := _BESIDE.match(line, begin)))
    spans += [found.span("secret") for found in beside if _beside(found)]
    return spans + list(_assigned(line, names))


@lru_cache(maxsize=256)
def _rules_of(hints: frozenset[str]) -> tuple[int, ...]:
    return tuple(number for number, rule in enumerate(_RULES) if not hints.isdisjoint(rule.hints))


@lru_cache(maxsize=256)
def _name_hint(hints: frozenset[str]) -> re.Pattern[str]:
    return re.compile(f"(?P<name>(?:{'|'.join(sorted(hints))})[\\w.-]*+)(?P<followed>{_FOLLOWED})?+")


def _secret_names(text: str, hints: Collection[str], *, one_a_line: bool = False) -> Iterator[Span]:
    """Begin and end of every word that names a secret, by the hints that the text holds.

    With `one_a_line`, the first in a line that has a value alone.
    """
    words = _NAME_WORDS.intersection(hints)
    if not words:
        return
    options = not one_a_line or _DASH.search(text)
    done = 0
    for hint in _name_hint(words).finditer(_small(text)):
        if hint.start() < done or (not hint["followed"] and not options):
            continue
        begin = _begin_of_word(text, done, hint.start())
        done = hint.end("name")
        if one_a_line and not hint["followed"] and text[begin] != "-":
            continue
        if kind_of(text[begin:done]):
            yield begin, done
            done = _end_of_line(text, done) if one_a_line else done


def _end_of_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return end if end >= 0 else len(text)


def _begin_of_word(text: str, least: int, place: int) -> int:
    """Where the name around a place begins, at `least` or behind it."""
    space = text.rfind(" ", max(least, place - _USUAL_NAME), place)
    if space >= 0 and (space + 1 == place or text[space + 1 : place].isalnum()):
        return space + 1
    while place > least and (text[place - 1].isalnum() or text[place - 1] in "_.-"):
        place -= 1
    return place


def _small(text: str) -> str:
    """The text in small letters, each at its place."""
    low = text.casefold()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := letter.casefold()) == 1 else letter for letter in text)


def _assigned(line: str, names: list[Span]) -> Iterator[Span]:
    covered = 0
    for begin, _ in names:
        found = _ASSIGNMENT.match(line, begin)
        # A name inside the secret before it is a part of that; asking for it again would take quadratic time.
        if found and begin >= covered and not found["name"].lower().endswith(HEADERS):
            span = _value_of(line, found)
            if span and is_secret(found["name"], line[slice(*span)]):
                covered = span[1]
                yield span


def _value_of(line: str, found: re.Match[str]) -> Span | None:
    """Where the value of an assignment stands; None where it is prose about the name, or no assignment."""
    begin, quote = found.end(), found["open"]
    if found["sep"] == ",":
        is_pair = (
            quote in {"'", '"'} and found["close"] and line[max(0, found.start() - 2) : found.start()].startswith("(")
        )
        return _quoted(line, begin, quote) if is_pair else None
    if quote:
        return _quoted(line, begin, quote)
    if line[found.start() - 1 : found.start()] in {"?", "&"}:
        return begin, _match_end(_IN_QUERY, line, begin)
    rest = line[begin : begin + _LOOKED_AT].rstrip()
    first = found.start() < _LOOKED_AT and bool(_BEFORE_FIRST.fullmatch(line, 0, found.start()))
    if is_prose(rest) or (found["sep"] == ":" and _is_told(line, found, rest, first)):
        return None
    if first and _is_whole_line(found, rest):
        return begin, len(line.rstrip())
    return begin, _match_end(_WORD, line, begin)


def _is_told(line: str, found: re.Match[str], rest: str, first: bool) -> bool:
    """Whether a colon introduces words about the name, as in "place: message"."""
    path = "/" in line[max(0, found.start() - 1) : found.start()]
    return path or (bool(rest) and is_plain_word(rest) and (not first or "." in found["name"]))


def _is_whole_line(found: re.Match[str], rest: str) -> bool:
    words = rest.count(" ")
    if not words or "=" in rest or " -" in rest:
        return False
    return found["sep"] == ":" or bool(found["gap"]) or "pass" in found["name"].lower()


def _quoted(line: str, begin: int, quote: str) -> Span:
    end = line.find(quote, begin)
    while len(quote) == 1 and end > 0 and line[end - 1] == "\\" and end > begin:
        end = line.find(quote, end + 1)
    return begin, end if end >= 0 else len(line.rstrip())


def _match_end(pattern: re.Pattern[str], line: str, begin: int) -> int:
    found = pattern.match(line, begin)
    return found.end() if found else begin
