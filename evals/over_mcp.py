# SPDX-License-Identifier: Apache-2.0
"""The same scripted agent with tools alone: `changenet mcp` in a process of its own, asked by the SDK's client.

What the shell's agent types is put as a call: words to `plan`, what is to run by the `plan_id` that `plan` named to
`launch`, and then `result` until the job has ended. A command without a tool can't be called.
"""

from __future__ import annotations

import re
import shlex
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import mcp
from anyio.from_thread import start_blocking_portal
from mcp.client.stdio import StdioServerParameters

from evals.turns import named_command
from interfaces.api import tool_call

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_LAUNCH = re.compile(r"launch with plan_id (\w+)")
_OUT = re.compile(r"call `plan` again with `out`")
_NOT_READY, _POLL_SECONDS, _MOST_SECONDS = 3, 1.0, 900.0
Said = tuple[int, str, dict[str, Any]]


class Tools:
    """A client of one server that works in `folder`; `run` takes what the shell's agent would type."""

    def __init__(self, command: str, folder: Path) -> None:
        self._stack = ExitStack()
        self._portal = self._stack.enter_context(start_blocking_portal())
        server = StdioServerParameters(command=command, args=["mcp", "--results", "results"], cwd=folder)
        client = self._portal.wrap_async_context_manager(mcp.Client(server))
        self._planned: dict[str, Any] = {}
        self._client: mcp.Client = self._stack.enter_context(client)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, *words: str) -> Said:
        """Exit code, text and document of what these words come to."""
        words = tuple(word for word in words if word != "--json")
        if words[0] == "launch":
            return self._to_the_end(self.call("launch", plan_id=words[1]))
        if words[0] == "plan-again":
            return self.call("plan", **self._planned, out=words[1])
        name, arguments = tool_call(words)
        if name in {"plan", "run"}:
            self._planned = arguments
        if name == "run":
            planned = self.call("plan", **arguments)
            found = _LAUNCH.search(planned[1])
            if not found:
                return planned
            code, text, document = self._to_the_end(self.call("launch", plan_id=found[1]))
            return code, f"{planned[1]}\n{text}", document
        if arguments is None:
            return 2, f"there is no tool for `changenet {shlex.join(words)}`", {}
        return self.call(name, **arguments)

    def call(self, name: str, **arguments: Any) -> Said:
        """One call, and what it says once it has worked that out."""
        reply = self._portal.call(self._client.call_tool, name, arguments)
        while (reply.structured_content or {}).get("working"):
            reply = self._portal.call(self._client.call_tool, "wait", {"call_id": reply.structured_content["call_id"]})
        document = dict(reply.structured_content or {})
        text = "\n".join(getattr(part, "text", "") for part in reply.content)
        result = document.get("result")
        shown = result if isinstance(result, dict) else document
        return int(document["exit_code"]), text, shown

    def _to_the_end(self, launched: Said) -> Said:
        """What a launched job, search or chain ends with."""
        code, text, document = launched
        made = (document.get("job") or {}).get("id") or (document.get("automl") or {}).get("experiment")
        name = made or (document.get("chain") or {}).get("id")
        if not name:
            return launched
        deadline = time.monotonic() + _MOST_SECONDS
        while True:
            code, text, document = self.call("result", job=name)
            if code != _NOT_READY or time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS)
        for step in (document.get("chain") or {}).get("steps", ()):
            if step.get("job"):
                text += "\n" + self.call("result", job=step["job"])[1]
        return code, text, document


def named_by_tools(said: str) -> str:
    """What an answer names next: a plan to launch, else a command of the shell, which has a tool of its name."""
    last = said.strip().splitlines()[-1] if said.strip() else ""
    if found := _LAUNCH.search(last):
        return f"changenet launch {found[1]}"
    if _OUT.search(last):
        return "changenet plan-again handover"
    return named_command(said)
