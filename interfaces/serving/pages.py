# SPDX-License-Identifier: Apache-2.0
"""The pages that a server shows to people, in the frame of the reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reports.page import Kind, render

_FOLDER = Path(__file__).parent / "templates"
_FRONT = Kind("front.html.j2", ("front.css",), ("front.js",), _FOLDER, connects=True)
_DOCUMENTATION = Kind("docs.html.j2", folder=_FOLDER)


def front_page(model: str, *, needs_token: bool) -> str:
    """Where a person drops two pictures and sees the answer."""
    context = {"title": model, "headline": "Is this part all right?", "headings": {}, "needs_token": needs_token}
    return render(_FRONT, context)


def documentation_page(document: dict[str, Any]) -> str:
    """An OpenAPI document for people."""
    context = {"title": document["info"]["title"], "headline": "How to call this server", "headings": {}}
    return render(_DOCUMENTATION, {**context, "document": document})
