# SPDX-License-Identifier: Apache-2.0
"""Errors as HTTP answers: one status for each kind, the words of the error, and when to come again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.errors import ChangenetError, InputError, NotReadyError
from interfaces.http_errors import told
from interfaces.serving.batches import Busy, Closed
from interfaces.serving.forms import TOO_LARGE
from interfaces.serving.goldens import FULL, UNKNOWN
from interfaces.serving.scorer_process import ScorerDied
from interfaces.serving.service import State

if TYPE_CHECKING:
    from starlette.responses import Response

    from interfaces.serving.service import Service

_STATUS = {TOO_LARGE: 413, "data.image_size": 413, UNKNOWN: 404, FULL: 507, "request.form": 400, "request.tensor": 400}
_RETRY_AFTER = "Retry-After"


def status_of(error: ChangenetError) -> int:
    """The HTTP status that an error has: 4xx where the client can mend it."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    return 422 if error.exit_code == InputError.exit_code else 500


def refusal(error: BaseException, *, plain: bool = False) -> Response:
    """The answer to a request that came to nothing.

    Args:
        error: an error of ours, `Busy`, `Closed` or `ScorerDied`.
        plain: the error as one text, as the Open Inference Protocol has it.
    """
    if isinstance(error, Busy):
        busy = NotReadyError("too many pairs wait", code="server.busy", remedy="come again as Retry-After says")
        return told(busy, 429, plain=plain, headers={_RETRY_AFTER: str(max(1, math.ceil(error.seconds)))})
    if isinstance(error, Closed | ScorerDied):
        ending = NotReadyError("the server ends, or starts again", code="server.ending", remedy="come again")
        return told(ending, 503, plain=plain, headers={_RETRY_AFTER: "1"})
    if not isinstance(error, ChangenetError):
        raise error
    return told(error, status_of(error), plain=plain)


def not_ready(service: Service, *, plain: bool = False) -> Response | None:
    """The answer where nothing can be judged yet, or any more; None where it can."""
    if service.state in {State.READY, State.ENDING}:
        return None
    error = service.failure or NotReadyError("the model is being loaded", code="server.starting", remedy="come again")
    return told(error, 503, plain=plain, headers={_RETRY_AFTER: "1"})
