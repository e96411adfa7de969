# SPDX-License-Identifier: Apache-2.0
"""The protocol's side: lists tools and resources, and puts calls to the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from core.errors import ChangenetError
from core.installation import version
from interfaces.mcp_server import resources, skills, tasks
from interfaces.mcp_server.reply import Reply, refusal
from interfaces.skill import the_skill
from interfaces.tool_definitions import LAUNCH, RESULT_SCHEMA, tool_definitions

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from interfaces.mcp_server.session import Session

_APPROVAL = "approve"
_QUESTION = {
    "type": "object",
    "properties": {_APPROVAL: {"type": "boolean", "title": "Start this plan?", "default": True}},
    "required": [_APPROVAL],
}
_INSTRUCTIONS = (
    "Visual ChangeNet compares a test image with a golden one. Call `plan` with the user's words or slots, show what "
    "it says, then `launch` its plan_id; `status` and `result` tell of the job. Long pages are resources."
)


def make_server(session: Session) -> Server[Any]:
    """A server of the low-level SDK whose tools are those of the table of verbs."""
    skill = the_skill()

    async def list_tools(_: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_tool(entry) for entry in tool_definitions()])

    async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> Any:
        arguments = params.arguments or {}
        if params.name == LAUNCH:
            answer = await _approval(session, ctx, params)
            if answer is not None:
                return answer
        reply = await anyio.to_thread.run_sync(session.call, params.name, arguments)
        able = ctx.session.client_capabilities if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS else None
        task = await anyio.to_thread.run_sync(tasks.created, session, params.name, reply, able)
        return task or _result(reply)

    async def list_resources(_: Context, __: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        found = [types.Resource(uri=p.uri, name=p.name, mime_type=p.mime_type) for p in resources.pages(skill.root)]
        found += [
            types.Resource(uri=uri, name=front["name"], description=front["description"], mime_type="text/markdown")
            for uri, front in skills.pages(skill.root)
        ]
        return types.ListResourcesResult(resources=found)

    async def list_templates(_: Context, __: types.PaginatedRequestParams | None) -> types.ListResourceTemplatesResult:
        parts = ", ".join(resources.JOB_PARTS)
        template = types.ResourceTemplate(
            name="job", uri_template=resources.JOB_TEMPLATE, description=f"what a job left; part: {parts}"
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(_: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        root = session.server.get("results_root")
        if (data := await anyio.to_thread.run_sync(skills.read_skill, str(params.uri), skill.root)) is not None:
            kind = resources.type_of(str(params.uri))  # as it is: its digest was told
            part = types.TextResourceContents(uri=params.uri, mime_type=kind, text=data.decode())
            return types.ReadResourceResult(contents=[part])
        try:
            text, kind = await anyio.to_thread.run_sync(resources.read, str(params.uri), skill.root, root)
        except ChangenetError as error:
            raise MCPError(code=types.INVALID_PARAMS, message=str(error)) from None
        content = types.TextResourceContents(uri=params.uri, mime_type=kind, text=text)
        return types.ReadResourceResult(contents=[content])

    server: Server[Any] = Server(
        "changenet",
        version=version(),
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
    )
    skills.add_skills(server, skill.root)
    tasks.add_tasks(server, session, _result)
    return server


if TYPE_CHECKING:
    Context = ServerRequestContext[Any]


def _tool(entry: dict[str, Any]) -> types.Tool:
    hints = entry["annotations"]
    return types.Tool(
        name=entry["name"],
        description=entry["description"],
        input_schema=entry["inputSchema"],
        output_schema=RESULT_SCHEMA,
        annotations=types.ToolAnnotations(
            read_only_hint=hints.get("readOnlyHint"), destructive_hint=hints.get("destructiveHint")
        ),
    )


def _result(reply: Reply) -> types.CallToolResult:
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=reply.text)]
    return types.CallToolResult(content=content, structured_content=reply.document, is_error=reply.failed)


async def _approval(
    session: Session, ctx: Context, params: types.CallToolRequestParams
) -> types.CallToolResult | types.InputRequiredResult | None:
    """Put the plan to the person, where the client can; None where it may start."""
    capabilities = ctx.session.client_capabilities
    if capabilities is None or capabilities.elicitation is None:
        return None
    plan_id = str((params.arguments or {}).get("plan_id", ""))
    try:
        text = await anyio.to_thread.run_sync(session.plan_text, plan_id)
    except ChangenetError as error:
        return _result(refusal(error))
    question = types.ElicitRequestFormParams(message=text, requested_schema=_QUESTION)
    if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
        answer = (params.input_responses or {}).get(_APPROVAL)
        if answer is None:
            return types.InputRequiredResult(input_requests={_APPROVAL: types.ElicitRequest(params=question)})
    else:
        answer = await ctx.session.elicit_form(text, _QUESTION, ctx.request_id)
    if isinstance(answer, types.ElicitResult) and answer.action == "accept" and (answer.content or {}).get(_APPROVAL):
        return None
    said = "the plan was not approved: nothing was started"
    return _result(Reply(said, {"exit_code": 0, "has_more": False, "launched": False, "reason": said}))
