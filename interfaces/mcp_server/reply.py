# SPDX-License-Identifier: Apache-2.0
"""What a tool answers: few lines of text, a document of bounded size, the exit code that the command would have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import ChangenetError
from core.redaction import redact, redact_text
from core.salvage import salvage
from core.terminal import printable
from interfaces.bounded import bounded, bounded_text

if TYPE_CHECKING:
    from interfaces.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Reply:
    """`document` is what the tool's output schema describes; `failed` tells that the call came to nothing."""

    text: str
    document: dict[str, Any]
    failed: bool = False


def reply_of(outcome: Outcome, **facts: Any) -> Reply:
    """The reply that an outcome makes; `facts` are further members of the document, such as a plan's id."""
    text, cut_text = bounded_text(printable(redact_text(outcome.text)))
    document, cut = bounded(salvage(redact(outcome.document)).value)
    head = {"exit_code": outcome.exit_code, "has_more": cut or cut_text, **facts}
    return Reply(text or "done", {**head, "result": document})


def refusal(error: ChangenetError) -> Reply:
    """The reply to a call that came to nothing: code, place, what is wrong, how to mend it."""
    said = bounded(redact(error.as_dict()))[0]
    text = bounded_text(printable(f"error: {redact_text(str(error))}"))[0]
    return Reply(text, {"exit_code": error.exit_code, "has_more": False, **said}, failed=True)


def defect(problem: Exception) -> Reply:
    """The reply where the program itself is at fault: no traceback."""
    message = f"a defect of this program: {type(problem).__name__}: {problem}"
    return refusal(ChangenetError(message, code="defect", remedy="run the same as a `changenet` command and report it"))
