# SPDX-License-Identifier: Apache-2.0
"""The server met by the SDK's own client, over both roads, with real jobs."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anyio
import httpx2
import mcp
import mcp_types as types
import pytest
from mcp.client.extension import ClientExtension, ResultClaim
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from PIL import Image
from pydantic import ConfigDict

from automl.draws import random_of
from interfaces.cli import main
from interfaces.mcp_server import session as sessions
from interfaces.mcp_server import tasks
from interfaces.mcp_server.roots import Roots
from interfaces.mcp_server.server import make_server
from interfaces.mcp_server.session import Session
from interfaces.mcp_server.skills import EXTENSION, SkillParams
from interfaces.mcp_server.tasks import TaskParams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

COMMAND = str(Path(sys.executable).parent / "changenet")
TOKEN = "a-token-of-the-tests"  # noqa: S105 - it opens nothing


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a few boards in it."""
    folder = tmp_path_factory.mktemp("work")
    draw = random_of("boards")
    for split in ("train", "val", "test"):
        (folder / "boards" / split).mkdir(parents=True)
        rows = [f"unit-{split},golden-{split},{('PASS', 'missing')[n % 2]},R{n}" for n in range(16)]
        text = "\n".join(["input_path,golden_path,label,object_name", *rows, ""])
        (folder / "boards" / split / "dataset.csv").write_text(text)
        for kind in ("unit", "golden"):
            (folder / "boards" / "images" / f"{kind}-{split}").mkdir(parents=True)
            for n in range(16):
                noise = Image.frombytes("L", (32, 32), draw.randbytes(1024))
                noise.save(folder / "boards" / "images" / f"{kind}-{split}" / f"R{n}.png")
    return folder


async def _call(client: mcp.Client, name: str, **arguments: Any) -> tuple[str, dict[str, Any]]:
    """The reply of a tool, waited for where it works on."""
    reply = await client.call_tool(name, arguments)
    while reply.structured_content.get("working"):
        reply = await client.call_tool("wait", {"call_id": reply.structured_content["call_id"]})
    content = reply.content[0]
    assert isinstance(content, types.TextContent)
    assert reply.is_error == ("error" in reply.structured_content)
    return content.text, reply.structured_content


def test_an_agent_plans_launches_follows_and_cancels_over_standard_input(work: Path) -> None:
    async def talk() -> None:
        server = StdioServerParameters(command=COMMAND, args=["mcp", "--results", "results"], cwd=work)
        async with mcp.Client(server) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert {"plan", "launch", "status", "data_check", "actions"} <= names
            assert "run" not in names
            _, planned = await _call(
                client, "plan", request=["train"], data="boards", automl_policy="off", overrides=["num_epochs=50"]
            )
            plan = planned["plan_id"]
            _, launched = await _call(client, "launch", plan_id=plan)
            job = launched["result"]["job"]
            assert job["plan_id"].startswith(plan)
            text, again = await _call(client, "launch", plan_id=plan)
            assert again["result"]["job"]["id"] == job["id"]
            assert text.startswith("launched before")
            _, listed = await _call(client, "jobs")
            assert [entry["id"] for entry in listed["result"]["jobs"]] == [job["id"]]
            text, _ = await _call(client, "cancel", job=job["id"])
            assert text == f"{job['id']}: CANCELED"
            _, ended = await _call(client, "result", job=job["id"])
            assert ended["exit_code"] == 4
            shown: dict[str, Any] = {
                "request": ["train"],
                "data": "boards",
                "automl_policy": "off",
                "overrides": ["num_epochs=50"],
            }
            assert (await _call(client, "plan", **shown))[1]["plan_id"] == plan
            _, anew = await _call(client, "launch", plan_id=plan)
            assert anew["result"]["job"]["id"] != job["id"]
            await _call(client, "cancel", job=anew["result"]["job"]["id"])
            spec = await client.read_resource(f"changenet://jobs/{job['id']}/spec")
            assert "num_epochs: 50" in spec.contents[0].text  # type: ignore[union-attr]

    anyio.run(talk)


def test_what_can_not_be_done_is_told_with_a_remedy_and_the_server_lives_on(work: Path) -> None:
    async def talk() -> None:
        server = make_server(Session({"results_root": str(work / "none")}, Roots()))
        async with mcp.Client(server) as client:
            for name, arguments, code in (
                ("status", {"job": "train-20260101-120000-0a1b2c"}, "job.unknown"),
                ("launch", {"plan_id": "0a1b2c3d4e5f"}, "plan.unknown"),
                ("wait", {"call_id": "0a1b"}, "call.unknown"),
                ("prune", {}, "tool.unknown"),
                ("plan", {"epochs": 3}, "usage"),
                ("data_check", {"folder": str(work / "nowhere")}, "data.root_missing"),
            ):
                text, document = await _call(client, name, **arguments)
                assert document["error"]["code"] == code, text
                assert document["error"]["remedy"]
            for address in ("changenet://references/../skill_info.yaml", "changenet://jobs/a/b", "file:///etc/passwd"):
                with pytest.raises(MCPError, match="no resource"):
                    await client.read_resource(address)
            page = await client.read_resource("changenet://SKILL.md")
            assert page.contents[0].text.startswith("---\nname: ")  # type: ignore[union-attr]

    anyio.run(talk)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("approves", [True, False])
def test_a_client_that_can_ask_its_person_asks_before_a_launch(
    work: Path, tmp_path: Path, mode: str, approves: bool
) -> None:
    asked: list[str] = []

    async def answer(_: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        asked.append(params.message)
        return types.ElicitResult(action="accept", content={"approve": approves})

    async def talk() -> None:
        server = make_server(Session({"results_root": str(tmp_path)}, Roots()))
        async with mcp.Client(server, mode=mode, elicitation_callback=answer) as client:
            _, planned = await _call(
                client,
                "plan",
                request="train",
                data=str(work / "boards"),
                automl_policy="off",
                overrides="num_epochs=1",
            )
            _, launched = await _call(client, "launch", plan_id=planned["plan_id"])
            if approves:
                job = launched["result"]["job"]["id"]
                assert (await _call(client, "cancel", job=job))[0].startswith(job)
            else:
                assert not launched["launched"]

    anyio.run(talk)
    assert bool(list(tmp_path.iterdir())) is approves
    assert len(asked) == 1
    assert "1 epoch," in asked[0]


@contextmanager
def _served(work: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server over HTTP in a process of its own: its address, and the process."""
    environment = {**os.environ, "CHANGENET_MCP_TOKEN": TOKEN, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [COMMAND, "mcp", "--http", "127.0.0.1:0"], cwd=work, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "serving at " in line, line
        yield line.strip().rpartition(" ")[2], process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(10)


@pytest.fixture(scope="module")
def address(work: Path) -> Iterator[str]:
    """The address of a server over HTTP."""
    with _served(work) as (found, _):
        yield found


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_server_over_http_that_is_told_to_end_does_so_with_clients_at_it(work: Path, told: signal.Signals) -> None:
    async def talk(address: str, process: subprocess.Popen[str]) -> int:
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False, timeout=10) as http,
            mcp.Client(streamable_http_client(address, http_client=http), mode="legacy") as client,
        ):
            await client.list_tools()
            process.send_signal(told)
            return await anyio.to_thread.run_sync(process.wait, 10)

    with _served(work) as (address, process):
        assert anyio.run(talk, address, process) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


class _Skills(types.Request[types.PaginatedRequestParams, str]):
    method: str = "skills/list"
    params: types.PaginatedRequestParams


class _Skill(types.Request[SkillParams, str]):
    method: str = "skills/get"
    params: SkillParams


class _Anything(types.Result):
    """A result with all that it holds."""

    model_config = ConfigDict(extra="allow")


async def _reads_the_skills(client: mcp.Client) -> None:
    """What a host does: lists the skills, and reads a file, which is what its entry says."""
    capabilities = client.server_capabilities
    assert capabilities is not None
    assert (capabilities.extensions or {})[EXTENSION] == {}
    listed = await client.session.send_request(_Skills(params=types.PaginatedRequestParams()), _Anything)
    found = {one["frontmatter"]["name"]: one for one in (listed.model_extra or {})["skills"]}
    assert set(found) == {"tao-train-visual-changenet", "tao-run-automl"}
    skill = found["tao-train-visual-changenet"]
    assert skill["uri"] == "skill://tao-train-visual-changenet/SKILL.md"
    files = {one["uri"]: one for one in skill["resources"]}
    assert len(files) == len(skill["resources"]) <= 512
    for name in ("SKILL.md", "references/data-formats.md", "automl/SKILL.md"):
        uri = f"skill://tao-train-visual-changenet/{name}"
        (content,) = (await client.read_resource(uri)).contents
        data = content.text.encode()  # type: ignore[union-attr]
        assert (f"sha256:{hashlib.sha256(data).hexdigest()}", len(data)) == (files[uri]["digest"], files[uri]["size"])
    one = await client.session.send_request(_Skill(params=SkillParams(uri=skill["uri"])), _Anything)
    assert (one.model_extra or {})["skill"] == skill
    for wrong in ("skill://none/SKILL.md", "skill://tao-train-visual-changenet/references/export.md"):
        with pytest.raises(MCPError, match="there is no skill"):
            await client.session.send_request(_Skill(params=SkillParams(uri=wrong)), _Anything)
    for outside in ("../pyproject.toml", "interfaces/cli.py", "references/../versions.yaml"):
        with pytest.raises(MCPError, match="no resource"):
            await client.read_resource(f"skill://tao-train-visual-changenet/{outside}")


def test_the_skills_are_served_by_their_extension_over_both_roads(work: Path, address: str) -> None:
    async def talk() -> None:
        async with mcp.Client(StdioServerParameters(command=COMMAND, args=["mcp"], cwd=work)) as client:
            await _reads_the_skills(client)
        async with _connected(address, authorization=f"Bearer {TOKEN}") as client:
            await _reads_the_skills(client)

    anyio.run(talk)


class _Task(types.Result):
    """A task as it was created."""

    result_type: Literal["task"]  # type: ignore[assignment]
    task_id: str
    status: str


class _Got(types.Request[TaskParams, str]):
    method: str
    params: TaskParams


class _Tasks(ClientExtension):
    """A client that takes tasks, and asks for each until it ends."""

    identifier = tasks.EXTENSION

    def __init__(self, *, cancels: bool = False) -> None:
        self.cancels, self.seen = cancels, list[dict[str, Any]]()

    def claims(self) -> list[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=_Task, resolve=self._ended)]

    async def _ended(self, task: _Task, context: Any) -> types.CallToolResult:
        assert task.status == "working"
        params = TaskParams(task_id=task.task_id)
        if self.cancels:
            await context.session.send_request(_Got(method="tasks/cancel", params=params), _Anything)
        while True:
            found = await context.session.send_request(_Got(method="tasks/get", params=params), _Anything)
            self.seen.append(found.model_extra or {})
            if self.seen[-1]["status"] != "working":
                ended = self.seen[-1].get("result") or {"content": [], "structuredContent": {"exit_code": 4}}
                return types.CallToolResult.model_validate(ended)
            await anyio.sleep(0.2)


async def _runs_a_job_as_a_task(client: mcp.Client, claims: _Tasks) -> None:
    planned = await client.call_tool(
        "plan", {"request": "train", "data": "boards", "automl_policy": "off", "overrides": "num_epochs=50"}
    )
    await client.call_tool("launch", {"plan_id": (planned.structured_content or {})["plan_id"]})
    assert claims.seen[-1]["status"] == "cancelled"
    assert (await _call(client, "jobs", running=True))[1]["result"]["jobs"] == []
    wrong = _Got(method="tasks/get", params=TaskParams(task_id="train-20260101-120000-0a1b2c"))
    with pytest.raises(MCPError, match="there is no job"):
        await client.session.send_request(wrong, _Anything)


def test_a_job_is_a_task_to_a_client_that_takes_tasks_over_both_roads(work: Path, address: str) -> None:
    async def talk() -> None:
        claims = _Tasks(cancels=True)
        server = StdioServerParameters(command=COMMAND, args=["mcp", "--results", "results"], cwd=work)
        async with mcp.Client(server, extensions=[claims]) as client:
            await _runs_a_job_as_a_task(client, claims)
        claims = _Tasks(cancels=True)
        headers = {"authorization": f"Bearer {TOKEN}"}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False) as http,
            mcp.Client(streamable_http_client(address, http_client=http), extensions=[claims]) as client,
        ):
            await _runs_a_job_as_a_task(client, claims)

    anyio.run(talk)


def test_a_call_that_works_on_is_a_task_that_ends_with_its_result(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def talk() -> None:
        claims = _Tasks()
        server = make_server(Session({"results_root": str(work / "none")}, Roots()))
        async with mcp.Client(server, extensions=[claims]) as client:
            monkeypatch.setattr(sessions, "ANSWER_SECONDS", 0.0)
            reply = await client.call_tool("data_check", {"folder": str(work / "boards")})
        assert claims.seen[-1]["status"] == "completed"
        assert (reply.structured_content or {})["result"]["ok"]

    anyio.run(talk)


@asynccontextmanager
async def _connected(address: str, **headers: str) -> AsyncIterator[mcp.Client]:
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        mcp.Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield client


def test_the_same_tools_stand_behind_http_within_the_allowed_folders(address: str) -> None:
    async def talk() -> None:
        async with _connected(address, authorization=f"Bearer {TOKEN}") as client:
            _, document = await _call(client, "plan", request="train", data="boards", automl_policy="off")
            assert document["plan_id"]
            _, document = await _call(client, "plan", request="train", data="/etc")
            assert document["error"]["code"] == "path.outside"
            _, document = await _call(client, "plan", request="train on ../../boards")
            assert document["error"]["code"] == "path.outside"

    anyio.run(talk)


def test_a_name_without_a_place_lies_in_the_named_folder_and_not_where_the_server_was_started(work: Path) -> None:
    async def talk() -> None:
        words = ["mcp", "--results", "results", "--root", "boards"]
        server = StdioServerParameters(command=COMMAND, args=words, cwd=work)
        async with mcp.Client(server) as client:
            _, document = await _call(client, "data_check", folder="train/dataset.csv")
            assert "error" not in document
            _, document = await _call(client, "data_check", folder="boards")
            assert document["error"]["code"] == "data.root_missing"
            _, document = await _call(client, "data_check", folder="../boards2")
            assert document["error"]["code"] == "path.outside"

    anyio.run(talk)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "http.token"),
        ({"authorization": "Bearer another"}, 401, "http.token"),
        ({"authorization": f"Bearer {TOKEN}", "origin": "http://elsewhere.example"}, 403, "http.origin"),
        ({"authorization": f"Bearer {TOKEN}", "host": "elsewhere.example"}, 421, "http.host"),
    ],
)
def test_http_refuses_strangers(address: str, headers: dict[str, str], status: int, code: str) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    with httpx2.Client(trust_env=False) as client:
        answer = client.post(address, headers={**accept, **headers}, content=json.dumps(message))
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("--http", "0.0.0.0:8080"), "mcp.address", 2),
        (("--http", "8080"), "usage.value", 2),
        (("--http", "127.0.0.1:8080"), "http.token", 3),
    ],
)
def test_a_server_that_would_be_open_to_others_does_not_start(
    words: tuple[str, ...],
    code: str,
    exit_code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("CHANGENET_MCP_TOKEN", raising=False)
    assert main(["mcp", *words, "--json"]) == exit_code
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_a_call_that_works_on_answers_at_once_and_is_waited_for(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session({"results_root": str(work / "none")}, Roots())
    monkeypatch.setattr(sessions, "ANSWER_SECONDS", 0.0)
    first = session.call("data_check", {"folder": str(work / "boards")})
    assert first.document["working"], first.text
    monkeypatch.undo()
    reply = first
    while reply.document.get("working"):
        reply = session.call("wait", {"call_id": first.document["call_id"]})
    assert reply.document["result"]["ok"]
    session.close()


LEAN = """
import sys
from interfaces.mcp_server.lean_import import lean_sdk
import pydantic
before = pydantic.BaseModel.model_config
with lean_sdk():
    from interfaces.mcp_server import server
assert pydantic.BaseModel.model_config is before
import mcp_types as types
message = {"method": "tools/call", "params": {"name": "plan", "arguments": {}}}
assert types.CallToolRequest.model_validate(message).params.name == "plan"
try:
    types.CallToolRequest.model_validate({"method": "tools/call", "params": {"arguments": {}}})
except pydantic.ValidationError as told:
    print(told.errors()[0]["loc"], sorted(name for name in sys.modules if name.startswith("mcp.client")))
"""


def test_a_line_that_is_no_message_is_answered_and_its_client_does_not_wait(work: Path) -> None:
    lines = [
        "no json",
        '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"jobs","arguments":{"of":"\\ud83d"}}}',
        '{"jsonrpc":"2.0","id":8}',
        '{"jsonrpc":"1.0","id":9,"method":"ping"}',
        "[]",
    ]
    command = [sys.executable, "-m", "interfaces.cli", "mcp", "--results", str(work / "results")]
    done = subprocess.run(
        command, input="\n".join(lines), text=True, capture_output=True, cwd=work, timeout=60, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["id"], one["error"]["code"]) for one in answers] == [
        (None, -32700),
        (7, -32700),
        (8, -32600),
        (9, -32600),
        (None, -32600),
    ]
    assert all(one["error"]["message"] for one in answers)


def test_the_sdk_is_imported_without_its_clients_and_judges_messages_as_ever() -> None:
    done = subprocess.run([sys.executable, "-c", LEAN], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "('params', 'name') []"


WHOLE = """
import sys
class Demanding:
    def find_spec(self, name, path=None, target=None):
        if name == "mcp.server.lowlevel.server" and not sys.modules["mcp"].__file__:
            raise ImportError("this release needs its package module")
sys.meta_path.insert(0, Demanding())
from interfaces.mcp_server.lean_import import lean_serving
print(lean_serving().serve_stdio.__name__, hasattr(sys.modules["mcp"], "Client"))
"""


def test_a_release_of_the_sdk_that_needs_its_package_modules_is_imported_whole() -> None:
    done = subprocess.run([sys.executable, "-c", WHOLE], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "serve_stdio True"
