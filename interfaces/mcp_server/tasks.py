# SPDX-License-Identifier: Apache-2.0
"""Jobs, and calls that work on, by the protocol's tasks extension (SEP-2663): a client asks for them until they end.

The id of a task is that of the job or search, which outlives the server, or of a call that is still at work. A client
that does not declare the extension gets the answers that it always got: the job at once, or `working` with a call id.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.shared.exceptions import MCPError

from core.errors import ChangenetError
from interfaces.tool_definitions import LAUNCH, WAIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcp.server.lowlevel import Server

    from interfaces.mcp_server.reply import Reply
    from interfaces.mcp_server.session import Session

EXTENSION = "io.modelcontextprotocol/tasks"
POLL_MS = 2_000
_MOST_WAITS = 20


class TaskParams(types.RequestParams):
    """Of `tasks/get` and `tasks/cancel`; no task asks for input, so that `tasks/update` has nothing else to say."""

    task_id: str


def add_tasks(server: Server[Any], session: Session, shown: Callable[[Reply], types.CallToolResult]) -> None:
    """Let the server declare the extension and answer its methods; `shown` makes a tool's result of a reply."""

    def state(task_id: str) -> dict[str, Any]:
        found, reply = _state(session, task_id)
        result = {"result": shown(reply).model_dump(by_alias=True, mode="json", exclude_none=True)} if reply else {}
        return {"resultType": "complete", **found, **result}

    async def got(_: Any, params: TaskParams) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(state, params.task_id)

    async def cancelled(_: Any, params: TaskParams) -> dict[str, Any]:
        await anyio.to_thread.run_sync(_cancel, session, params.task_id)
        return {"resultType": "complete"}

    async def updated(_: Any, params: TaskParams) -> dict[str, Any]:
        await anyio.to_thread.run_sync(_state, session, params.task_id)
        return {"resultType": "complete"}

    server.extensions[EXTENSION] = {}
    for method, handler in {"tasks/get": got, "tasks/cancel": cancelled, "tasks/update": updated}.items():
        server.add_request_handler(method, TaskParams, handler)


def created(session: Session, tool: str, reply: Reply, capabilities: types.ClientCapabilities | None) -> Any:
    """The task that a reply is the beginning of, for a client that takes tasks; else None."""
    if capabilities is None or EXTENSION not in (capabilities.extensions or {}) or reply.failed:
        return None
    task_id = str(reply.document.get("call_id") or "") if reply.document.get("working") else ""
    task_id = task_id or (_launched(reply) if tool == LAUNCH else "")
    if not task_id:
        return None
    found, _ = _state(session, task_id, begins=True)
    return {"resultType": "task", **found}


def _state(session: Session, task_id: str, *, begins: bool = False) -> tuple[dict[str, Any], Reply | None]:
    """The task as it stands, and the reply that it ended with.

    Raises:
        MCPError: there is neither a call nor a job of this id.
    """
    job, kept = task_id, session.kept(task_id)
    if kept:
        tool, began = kept
        if begins:
            return _task(task_id, "working", began, None, ""), None
        reply = session.call(WAIT, {"call_id": task_id})
        if reply.document.get("working"):
            return _task(task_id, "working", began, None, str(reply.document.get("said", ""))), None
        job = _launched(reply) if tool == LAUNCH else ""
        if not job:
            return _task(task_id, "completed", began, None, ""), reply
    try:
        status, at, updated = standing(session, job)
    except ChangenetError as error:
        raise MCPError(code=types.INVALID_PARAMS, message=str(error)) from None
    if begins and status == "completed":
        status = "working"  # how it ended is told by `tasks/get`
    ended = session.call("result", {"job": job}) if status == "completed" else None
    return _task(task_id, status, at, updated, ""), ended


def _launched(reply: Reply) -> str:
    """The job, or search, that a launch has started."""
    made = reply.document.get("result") or {}
    named = (made.get("job") or {}).get("id") or (made.get("automl") or {}).get("experiment")
    return str(named or (made.get("chain") or {}).get("id") or "")


def standing(session: Session, name: str) -> tuple[str, str, str]:
    """Status of the protocol, when it began, and when it changed, of a job or a search."""
    from runners.names import names_chain, names_search

    root = session.server.get("results_root")
    if names_chain(name):
        from interfaces.verbs.chain_record import CANCELED, RUNNING, STARTING, find_chain

        chain = find_chain(name, root)
        ended = "cancelled" if chain.state == CANCELED else "completed"
        return "working" if chain.state in {STARTING, RUNNING} else ended, chain.created_at, _now()
    if names_search(name):
        from automl.lookup import find_experiment, overview

        folder = find_experiment(name, root)
        status = "working" if overview(folder).state == "running" else "completed"
        return status, _time_of(folder), _now()
    from runners.api import get_job, open_store

    job = get_job(name, open_store(root))
    ended = "cancelled" if job.state == "CANCELED" else "completed"
    return ended if job.state.is_terminal else "working", job.created_at, job.updated_at


def _cancel(session: Session, task_id: str) -> None:
    """End the job; of a call that launches one, as soon as it has."""
    job, kept = task_id, session.kept(task_id)
    if kept and kept[0] != LAUNCH:
        session.cancel_call(task_id)
        return
    if kept:
        reply = session.call(WAIT, {"call_id": task_id})
        for _ in range(_MOST_WAITS):
            if not reply.document.get("working"):
                break
            reply = session.call(WAIT, {"call_id": task_id})
        job = _launched(reply)
    _state(session, task_id)  # which tells whether there is such a job
    if job:
        session.call("cancel", {"job": job})


def _task(task_id: str, status: str, began: str, updated: str | None, said: str) -> dict[str, Any]:
    head = {"taskId": task_id, "status": status, "createdAt": began, "lastUpdatedAt": updated or _now()}
    return head | {"ttlMs": None, "pollIntervalMs": POLL_MS} | ({"statusMessage": said} if said else {})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _time_of(folder: Path) -> str:
    return datetime.fromtimestamp(folder.stat().st_ctime, UTC).isoformat(timespec="milliseconds")
