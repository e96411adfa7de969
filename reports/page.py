# SPDX-License-Identifier: Apache-2.0
"""Render a template into one HTML file that needs nothing else and may do nothing else.

Every value is escaped; the page's own style and script are the only ones that its content security policy lets run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta
from markupsafe import Markup

from scoring.rounding import as_percent, plainly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.binomial import Interval

SHARED = Path(__file__).parent / "templates"  # the frame, and the style of all pages
LONGEST_CELL = 160
DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page: its template, which extends frame.html.j2, and what it has beside the style that all pages share.

    The files lie in `folder`. The frame takes from the context `title`, `headline`, and `headings`: the sections behind
    the verdict, id to name. A page that `connects` may ask the server that it came from.
    """

    template: str
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    folder: Path = SHARED
    connects: bool = False


def render(kind: Kind, context: Mapping[str, Any], data: Mapping[str, Any] | None = None) -> str:
    """The page; `data` is embedded as JSON for its script."""
    style = "\n".join([_text(SHARED / "page.css"), *(_text(kind.folder / name) for name in kind.styles)])
    script = "".join(_text(kind.folder / name) for name in kind.scripts)
    script = f'"use strict";\n{{\n{script}}}\n' if script else ""
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src {_allowed(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    policy += "; connect-src 'self'" if kind.connects else ""
    own = {"style": Markup(style), "script": Markup(script), "policy": policy, "data": _embedded(data or {})}  # noqa: S704
    return templates(kind.folder).get_template(kind.template).render(**context, **own)


def make_ready(kind: Kind) -> None:
    """Compile the templates of a page, and those that they refer to, before there is anything to show."""
    environment, names = templates(kind.folder), [kind.template]
    for name in names:
        tree = environment.parse(Path(str(environment.get_template(name).filename)).read_text(encoding="utf-8"))
        names += [other for other in meta.find_referenced_templates(tree) if other and other not in names]


@cache
def templates(folder: Path) -> Environment:
    """The templates of a folder and those that all pages share, with the filters of pages."""
    loader = FileSystemLoader([folder, SHARED])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "cell": cell,
        "value": value,
        "count": count,
        "rate": rate,
        "number": number,
        "figure": figure,
        "millions": millions,
        "interval": interval,
        "short_interval": short_interval,
    }
    return environment


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _allowed(script: str) -> str:
    return f"'{_hash(script)}'" if script else "'none'"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _embedded(data: Mapping[str, Any]) -> Markup:
    """JSON that can't end its own element: no angle brackets, ampersands or line separators stand in it."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - escaped above


def cell(text: Any) -> str:
    """Text from a file as a page may show it: control and direction marks replaced, long text cut."""
    plain = "".join(letter if letter.isprintable() else "�" for letter in str(text)[: LONGEST_CELL + 1])
    return plain if len(plain) <= LONGEST_CELL else plain[:LONGEST_CELL] + "…"


def value(item: Any) -> str:
    """A value of a spec as YAML would write it on one line."""
    return cell(item) if isinstance(item, str) and item else cell(json.dumps(item, ensure_ascii=False, default=str))


def count(item: int | None) -> str:
    """A count with separators, or a dash where it is unknown."""
    return DASH if item is None else f"{item:,}"


def rate(item: float | None) -> str:
    """A rate from 0 to 1 as a percentage, or a dash."""
    return DASH if item is None else as_percent(item)


def number(item: float | None) -> str:
    """A score or threshold, or a dash."""
    return DASH if item is None else f"{item:.6g}"


def figure(item: Any) -> str:
    """A figure that an action states: six digits of a number, anything else as a value of a spec."""
    return number(item) if isinstance(item, float) else value(item)


def millions(item: float, bounds: Interval | None) -> str:
    """So many per million pairs, with the two ends of the interval where there is one."""
    ends = f" ({bounds.lower:,.0f}{DASH}{bounds.upper:,.0f})" if bounds else ""
    return f"{item:,.0f} per million pairs{ends}"


def short_interval(item: Interval | None) -> str:
    """The same with fewer digits, for tables of small groups."""
    return f"{plainly(100 * item.lower, 1, 100)}{DASH}{plainly(100 * item.upper, 1, 100)}%" if item else ""


def interval(item: Interval | None) -> str:
    """The two ends of an interval of rates, or nothing."""
    return f"{plainly(100 * item.lower, 2, 100)}{DASH}{as_percent(item.upper)}" if item else ""
