# SPDX-License-Identifier: Apache-2.0
"""`mcp` and `tools`: the verbs for agents that call functions."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.files import real_path
from core.importing import uncollected
from core.installation import require
from interfaces.http_access import require_token
from interfaces.options import option
from interfaces.outcome import Outcome
from interfaces.verbs.common import RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from interfaces.outcome import Reporter

TOKEN_VARIABLE = "CHANGENET_MCP_TOKEN"  # noqa: S105 - the variable's name


@dataclass(frozen=True, slots=True)
class McpOptions:
    """How clients reach the server, and what it may open."""

    http: str | None = option(
        "serve over HTTP at this address", metavar="HOST:PORT", otherwise="standard input and output"
    )
    root: tuple[str, ...] = option(
        "folder, or address of data elsewhere, that calls may name; with --http the working folder is one",
        metavar="PLACE",
        default=(),
    )
    results_root: str | None = option(**RESULTS)


@dataclass(frozen=True, slots=True)
class ToolsOptions:
    """In whose form."""

    format: Literal["mcp", "openai", "anthropic"] = option("the form of the definitions", default="mcp")


def mcp(options: McpOptions, reporter: Reporter) -> Outcome:
    """Serve until the client goes, or the process is ended."""
    require("mcp", "mcp", "uvicorn")
    with uncollected():
        if options.http:
            from interfaces.mcp_server import serving
        else:
            from interfaces.mcp_server.lean_import import lean_serving

            serving = lean_serving()
        from interfaces.mcp_server.roots import Roots
        from interfaces.mcp_server.session import Session
        from runners.jobs.store import default_root

    results = str(default_root(options.results_root).absolute())
    roots = Roots.of((*_named(options), results) if options.root or options.http else ())
    if options.root and roots.folders[0] != real_path(Path(results)):
        os.chdir(roots.folders[0])  # a name without a place lies within the roots, too
    session = Session({"results_root": results}, roots)
    try:
        _serve(serving, options, session, reporter)
    finally:
        session.close()
    return Outcome({})


def _named(options: McpOptions) -> tuple[str, ...]:
    """The roots that are named. Addresses alone name no folder: the working folder stays one."""
    from core.addresses import is_fetched

    return options.root if not all(map(is_fetched, options.root)) else (*options.root, os.curdir)


def _serve(serving: Any, options: McpOptions, session: Any, reporter: Reporter) -> None:
    if options.http is None:
        serving.serve_stdio(session)
        return
    address = serving.loopback_of(options.http)
    token = os.environ.get(TOKEN_VARIABLE, "")
    require_token(token, TOKEN_VARIABLE)
    serving.serve_http(session, address, token, lambda url: reporter.say(f"serving at {url}"))


def tools(options: ToolsOptions, reporter: Reporter) -> Outcome:
    """The definitions as one JSON document."""
    import json

    from interfaces.tool_definitions import tool_definitions

    del reporter
    found = [_FORMS[options.format](entry) for entry in tool_definitions()]
    return Outcome({"tools": found}, json.dumps(found, indent=1, ensure_ascii=False))


def _openai(entry: dict[str, Any]) -> dict[str, Any]:
    function = {"name": entry["name"], "description": entry["description"], "parameters": entry["inputSchema"]}
    return {"type": "function", "function": function}


def _anthropic(entry: dict[str, Any]) -> dict[str, Any]:
    return {"name": entry["name"], "description": entry["description"], "input_schema": entry["inputSchema"]}


_FORMS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "mcp": dict,
    "openai": _openai,
    "anthropic": _anthropic,
}
