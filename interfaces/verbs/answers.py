# SPDX-License-Identifier: Apache-2.0
"""Requests in words that are for a command which only reads: it is run."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interfaces.outcome import Outcome, Reporter
    from router.types import Decision


def answer(decision: Decision, reporter: Reporter) -> Outcome | None:
    """What the command says; None where the request is for none, for one that changes something, or lacks its job."""
    command = decision.command
    if command is None or decision.missing:
        return None
    from interfaces.command_line import parse
    from interfaces.table import VERBS

    words = shlex.split(command.line)[1:]
    if not any(name in VERBS and VERBS[name].read_only for name in (words[0], " ".join(words[:2]))):
        return None
    call = parse(words)
    outcome = call.verb.call(call.options, reporter)
    document = {**outcome.document, "command": command.line}
    if decision.warnings:
        document["warnings"] = list(decision.warnings)
    told = "".join(f"note: {warning}\n" for warning in decision.warnings)
    return replace(outcome, document=document, text=f"{command.line}\n{told}{outcome.text}")
