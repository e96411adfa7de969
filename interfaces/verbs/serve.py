# SPDX-License-Identifier: Apache-2.0
"""`serve`: a model behind HTTP, until the process is asked to end."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import RequestError
from core.installation import require
from interfaces.http_access import address_of, require_token
from interfaces.options import argument, option
from interfaces.outcome import Outcome
from interfaces.verbs.common import RESULTS

if TYPE_CHECKING:
    from interfaces.outcome import Reporter

TOKEN_VARIABLE = "CHANGENET_SERVE_TOKEN"  # noqa: S105 - the variable's name
_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Which model, where, and how much at a time."""

    model: str = argument(".onnx or .pth file, or the job or search that made one", metavar="MODEL")
    listen: str = option(
        f"address; one that other machines reach takes a token in ${TOKEN_VARIABLE}",
        metavar="HOST:PORT",
        default="127.0.0.1:8000",
    )
    name: str | None = option("what clients call the model", metavar="NAME", otherwise="the file's name, or the job's")
    boards: bool = option("judge whole boards with a classify model, crop by crop", default=False)
    batch: int = option("most pairs judged together", metavar="PAIRS", default=16)
    batch_ms: float = option("how long a free scorer waits for more pairs", metavar="MS", default=0.0)
    queue: int = option("most pairs that wait; more are answered 429", metavar="PAIRS", default=128)
    most_mb: int = option("longest request", metavar="MB", default=32)
    most_megapixels: float = option("largest picture", metavar="MP", default=50.0)
    drain: float = option("how long requests are still taken after SIGTERM", metavar="SECONDS", default=2.0)
    results_root: str | None = option(**RESULTS)


def serve(options: ServeOptions, reporter: Reporter) -> Outcome:
    """Serve until SIGTERM or Ctrl-C; what was taken is answered.

    Raises:
        RequestError: a number or address can't be.
        MissingInputError: others could reach the server, and no token is set.
        ChangenetError: the model can't be used.
    """
    # python-multipart, which other libraries bring, has a module `multipart` as well.
    require("serve", "starlette", "uvicorn", "prometheus_client", distributions=["multipart"])
    for name in ("batch", "queue", "most_mb", "most_megapixels"):
        _require_above(name, getattr(options, name), least=1)
    for name in ("batch_ms", "drain"):
        _require_above(name, getattr(options, name), least=0)
    from interfaces.serving.batches import BatchSettings
    from interfaces.serving.model import ServedModel, engine_command, find_model
    from interfaces.serving.scorer_process import ScorerProcess
    from interfaces.serving.server import FLAG
    from interfaces.serving.server import serve as run_server
    from interfaces.serving.service import Limits, Service

    address, token = address_of(options.listen, FLAG), os.environ.get(TOKEN_VARIABLE, "")
    if not address.is_loopback:
        require_token(token, TOKEN_VARIABLE)
    model = find_model(options.model, options.results_root)
    model = ServedModel(model.path, options.name or model.name)
    limits = Limits(options.most_mb * _MEBIBYTE, int(options.most_megapixels * 1e6))
    settings = BatchSettings(options.batch, options.batch_ms / 1000.0, options.queue)
    scorer = ScorerProcess(engine_command(), model.path, limits.most_pixels, boards=options.boards)
    service = Service(model, scorer, settings, limits, reporter.say)
    run_server(service, address, token, options.drain, lambda url: reporter.say(f"serving {model.name} at {url}"))
    return Outcome({"model": model.name, "ended": True}, "ended; every request that was taken is answered")


def _require_above(name: str, value: float, least: float) -> None:
    if not value >= least:
        flag = f"--{name.replace('_', '-')}"
        raise RequestError(f"{value} is too small", code="usage.value", where=flag, remedy=f"give {least} or more")
