# SPDX-License-Identifier: Apache-2.0
"""Requests in words that are for a command: what only reads is answered, what changes something is named."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import NotReadyError
from interfaces.outcome import Outcome
from router.commands import READ_ONLY, TAKE_RESULTS

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from interfaces.verbs.request_options import RequestOptions
    from router.types import Decision


def answer(decision: Decision, options: RequestOptions, reporter: Reporter) -> Outcome:
    """Run a command that only reads; else tell which one it is. Exit code 3 where something is missing."""
    from interfaces.present import decision_text

    document = {"decision": decision.to_json(), "plan": None}
    if decision.missing:
        return Outcome(document, decision_text(decision), NotReadyError.exit_code)
    line = _line(decision, options)
    if decision.command and decision.command.verb in READ_ONLY:
        from interfaces.command_line import parse

        command = parse(shlex.split(line)[1:])
        outcome = command.verb.call(command.options, reporter)
        return replace(outcome, document={**outcome.document, "command": line}, text=f"{line}\n{outcome.text}")
    return Outcome({**document, "command": line}, f"nothing was done; this is for\n  {line}")


def _line(decision: Decision, options: RequestOptions) -> str:
    """The command as it is typed, with the results root of the request where it takes one."""
    line, root = (decision.command.line if decision.command else ""), options.results_root
    takes_root = decision.command is not None and decision.command.verb in TAKE_RESULTS
    return f"{line} --results {shlex.quote(root)}" if root and takes_root else line
