# SPDX-License-Identifier: Apache-2.0
"""The Open Inference Protocol, version 2: health, metadata, inference. Errors are one text, as it has them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import ChangenetError, InputError
from core.file_names import is_exported
from core.installation import version
from interfaces.serving.answers import not_ready, refusal
from interfaces.serving.forms import TOO_LARGE, limited
from interfaces.serving.inspect_routes import TOLD
from interfaces.serving.service import State
from interfaces.serving.tensors import INPUTS, OUTPUTS, answer_of, pairs_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from interfaces.serving.service import Service

_EXPORTED, _CHECKPOINT = "onnxruntime_onnx", "pytorch"


def protocol_routes(service: Service) -> list[Route]:
    """The routes below /v2."""

    async def server(_: Request) -> Response:
        return JSONResponse({"name": "changenet", "version": version(), "extensions": []})

    async def live(_: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(_: Request) -> Response:
        is_ready = service.state is State.READY
        return JSONResponse({"ready": is_ready, "state": service.state}, 200 if is_ready else 503)

    async def model_ready(request: Request) -> Response:
        return _unknown(service, request) or await ready(request)

    async def metadata(request: Request) -> Response:
        return _unknown(service, request) or JSONResponse(_metadata(service))

    async def infer(request: Request) -> Response:
        if refused := _unknown(service, request) or not_ready(service, plain=True):
            return refused
        try:
            return JSONResponse(await _inferred(service, await limited(request, service.limits.most_bytes).body()))
        except TOLD as error:
            return refusal(error, plain=True)

    return [
        Route("/v2", server),
        Route("/v2/health/live", live),
        Route("/v2/health/ready", ready),
        Route("/v2/models/{model}", metadata),
        Route("/v2/models/{model}/ready", model_ready),
        Route("/v2/models/{model}/infer", infer, methods=["POST"]),
    ]


async def _inferred(service: Service, body: bytes) -> dict[str, Any]:
    request_id, pairs, asked = await asyncio.to_thread(pairs_of, body, service.goldens)
    if len(pairs) > service.most_pairs:
        message = f"{len(pairs)} pairs are more than the queue holds, {service.most_pairs}"
        raise InputError(message, code=TOO_LARGE, where="inputs", remedy="send fewer at once")
    judged = []
    for number, answer in enumerate(await service.judged(pairs)):
        if isinstance(answer, ChangenetError):
            answer.where = f"pair {number}, {answer.where}"
            raise answer
        judged.append(answer)
    return answer_of(service.model.name, request_id, judged, asked)


def _unknown(service: Service, request: Request) -> Response | None:
    name = request.path_params["model"]
    if name == service.model.name:
        return None
    return JSONResponse({"error": f"there is no model {name!r}; this server has {service.model.name!r}"}, 404)


def _metadata(service: Service) -> dict[str, Any]:
    model = service.model
    return {
        "name": model.name,
        "versions": [],
        "platform": _EXPORTED if is_exported(model.path) else _CHECKPOINT,
        "inputs": INPUTS,
        "outputs": OUTPUTS,
        "parameters": {**service.scorer.facts, "self_test": service.scorer.self_test},
    }
