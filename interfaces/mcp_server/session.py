# SPDX-License-Identifier: Apache-2.0
"""What a server keeps between calls: the plans that it showed, and the calls that still work."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTime
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.errors import ChangenetError, RequestError
from interfaces.mcp_server.log_page import page_of
from interfaces.mcp_server.reply import Reply, defect, refusal, reply_of
from interfaces.outcome import Outcome, Reporter
from interfaces.tool_calls import options_of
from interfaces.tool_definitions import ACTIONS, LAUNCH, WAIT, tool_verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interfaces.mcp_server.roots import Roots
    from interfaces.verbs.request import Routed

ANSWER_SECONDS = 0.7
_MOST_PLANS, _MOST_CALLS, _WORKERS = 256, 64, 8


@dataclass(slots=True)
class _Call:
    """A call that is being worked on, and the last that it said about how far it is."""

    name: str
    future: Future[Reply]
    reporter: _Listening
    began: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="milliseconds"))


@dataclass(slots=True)
class _Listening(Reporter):
    """Keeps the last that a verb said."""

    last: str = ""

    def say(self, text: str) -> None:
        self.last = text

    def progress(self, title: str) -> Callable[[int, int], None]:
        def tell(done: int, total: int) -> None:
            self.last = f"{title}: {done:,} of {total:,}"

        return tell


@dataclass(slots=True)
class Session:
    """One results root, and all that clients of one server share. Every method may be called from any thread."""

    server: Mapping[str, Any]
    roots: Roots
    _plans: OrderedDict[str, tuple[Routed, Any]] = field(default_factory=OrderedDict)
    _calls: OrderedDict[str, _Call] = field(default_factory=OrderedDict)
    _launches: dict[str, Outcome] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _launching: threading.Lock = field(default_factory=threading.Lock)
    _workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_WORKERS, "call"))

    def call(self, name: str, arguments: Mapping[str, Any]) -> Reply:
        """The reply of a tool, at the latest after a moment: a call that works on is given an id to ask for it by."""
        if name == WAIT:
            return self._waited(str(arguments.get("call_id", "")))
        reporter = _Listening()
        future = self._workers.submit(self._answer, name, dict(arguments), reporter)
        return self._reply_within(ANSWER_SECONDS, _Call(name, future, reporter), "")

    def plan_text(self, plan_id: str) -> str:
        """The plan as it was shown, for a question to a person.

        Raises:
            RequestError: no such plan was shown.
        """
        from interfaces.verbs.planned import planned

        return planned(self._plan(plan_id)[0]).text

    def kept(self, call_id: str) -> tuple[str, str] | None:
        """The tool of a call that answered `working`, and when it was called; None where there is none of this id."""
        call = self._calls.get(call_id)
        return (call.name, call.began) if call else None

    def cancel_call(self, call_id: str) -> bool:
        """Leave a call be; whether there is one. What a thread has begun runs to its end, and nobody waits for it."""
        call = self._calls.get(call_id)
        if call:
            call.future.cancel()
        return call is not None

    def close(self) -> None:
        """Wait for nobody: what was launched lives on by itself."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _reply_within(self, seconds: float, call: _Call, call_id: str) -> Reply:
        try:
            return call.future.result(seconds)
        except OutOfTime:
            call_id = call_id or self._keep(call)
            far = call.reporter.last or "it has said nothing yet"
            text = f"{call.name} is working: {far}\nnext: {WAIT} with call_id {call_id}"
            return Reply(text, {"exit_code": 0, "has_more": True, "working": True, "call_id": call_id, "said": far})

    def _waited(self, call_id: str) -> Reply:
        call = self._calls.get(call_id)
        if call is None:
            remedy = "make the call again"
            return refusal(RequestError(f"there is no call '{call_id}'", code="call.unknown", remedy=remedy))
        return self._reply_within(ANSWER_SECONDS, call, call_id)

    def _keep(self, call: _Call) -> str:
        call_id = secrets.token_hex(4)
        with self._lock:
            over = [known for known, one in self._calls.items() if one.future.done()]
            for known in over[: max(0, len(self._calls) - _MOST_CALLS)]:
                del self._calls[known]
            self._calls[call_id] = call
        return call_id

    def _answer(self, name: str, arguments: dict[str, Any], reporter: Reporter) -> Reply:
        try:
            self.roots.require(arguments)
            if name == ACTIONS:
                return reply_of(_actions())
            if name == LAUNCH:
                return reply_of(self._launched(str(arguments.get("plan_id", ""))))
            verb = tool_verbs().get(name)
            if verb is None:
                remedy = f"the tools are: {', '.join((*tool_verbs(), ACTIONS, LAUNCH, WAIT))}"
                raise RequestError(f"there is no tool '{name}'", code="tool.unknown", where=name, remedy=remedy)  # noqa: TRY301
            options = options_of(verb, arguments, self.server)
            if name == "plan":
                return self._planned(options, reporter)
            outcome = verb.call(options, reporter)
            return reply_of(page_of(outcome, options.after) if name == "logs" else outcome)
        except ChangenetError as error:
            return refusal(error)
        except Exception as problem:  # noqa: BLE001 - a client is told of a defect, and the server lives on
            return defect(problem)

    def _planned(self, options: Any, reporter: Reporter) -> Reply:
        """What the verb `plan` says, and the plan kept under its id; words that only ask are answered, as there."""
        from interfaces.mcp_server.plans import planned_for_a_tool

        routed, outcome = planned_for_a_tool(options, reporter)
        if routed is None:
            return reply_of(outcome)
        plan_id = str(outcome.document["plan_id"])
        with self._lock:
            self._plans[plan_id] = (routed, options)
            self._launches.pop(plan_id, None)
            while len(self._plans) > _MOST_PLANS:
                self._launches.pop(self._plans.popitem(last=False)[0], None)
        return reply_of(outcome, plan_id=plan_id)

    def _plan(self, plan_id: str) -> tuple[Routed, Any]:
        if plan_id not in self._plans:
            message = f"no plan '{plan_id}' was shown by this server since it started"
            raise RequestError(message, code="plan.unknown", where="plan_id", remedy="call `plan` and take its plan_id")
        return self._plans[plan_id]

    def _launched(self, plan_id: str) -> Outcome:
        """Start a plan once for each time that it was shown: who asks again after a lost answer gets the same job."""
        routed, options = self._plan(plan_id)
        with self._launching:
            if first := self._launches.get(plan_id):
                text = f"launched before; for another job of it call `plan` again\n{first.text}"
                return replace(first, document={**first.document, "launched_before": True}, text=text)
            self._launches[plan_id] = _start(routed, options, plan_id)
            return self._launches[plan_id]


def _start(routed: Routed, options: Any, plan_id: str) -> Outcome:
    from interfaces.verbs.steps import start

    if not routed.steps:
        return start(routed, Reporter(), detach=True)
    from interfaces.verbs.chain_run import start_chain

    return start_chain(routed, options, plan_id)


def _actions() -> Outcome:
    from interfaces.skill import the_skill

    skill = the_skill()
    found = {}
    for name in (*skill.actions, *skill.deploy_actions):
        info = skill.action_info(name)
        found[name] = {"task": info["task"], "reads": list(info["inputs"]), "writes": list(info["outputs"])}
    return Outcome({"actions": found}, "\n".join(f"{name}: {entry['task']}" for name, entry in found.items()))
