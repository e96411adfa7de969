# SPDX-License-Identifier: Apache-2.0
"""Requests in words that are for a command which only reads: it is run."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from router.commands import READ_ONLY

if TYPE_CHECKING:
    from interfaces.outcome import Outcome, Reporter
    from router.types import Decision


def answer(decision: Decision, reporter: Reporter) -> Outcome | None:
    """What the command says; None where the request is for none, for one that changes something, or lacks its job."""
    command = decision.command
    if command is None or decision.missing or command.verb not in READ_ONLY:
        return None
    from interfaces.command_line import parse

    call = parse(shlex.split(command.line)[1:])
    outcome = call.verb.call(call.options, reporter)
    document = {**outcome.document, "command": command.line}
    return replace(outcome, document=document, text=f"{command.line}\n{outcome.text}")
