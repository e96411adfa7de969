# SPDX-License-Identifier: Apache-2.0
"""Pictures in, verdicts out, and golden images that are sent once."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import ChangenetError
from interfaces.serving.answers import not_ready, refusal
from interfaces.serving.batches import Busy, Closed
from interfaces.serving.forms import golden_in, limited, pair_of
from interfaces.serving.scorer_process import ScorerDied

if TYPE_CHECKING:
    from starlette.requests import Request

    from core.served_pairs import Judged
    from interfaces.serving.service import Service

TOLD = (ChangenetError, Busy, Closed, ScorerDied)


def inspect_routes(service: Service) -> list[Route]:
    """The routes that take forms."""

    async def inspect(request: Request) -> Response:
        if waiting := not_ready(service):
            return waiting
        try:
            pair = await pair_of(limited(request, service.limits.most_bytes), service.goldens)
            (answer,) = await service.judged([pair])
        except TOLD as error:
            return refusal(error)
        return refusal(answer) if isinstance(answer, ChangenetError) else JSONResponse(_told(service, answer))

    async def register(request: Request) -> Response:
        if waiting := not_ready(service):
            return waiting
        try:
            golden = await golden_in(limited(request, service.limits.most_bytes))
            await service.register(golden)
        except TOLD as error:
            return refusal(error)
        return JSONResponse({"golden_id": golden.name}, 201)

    async def listed(_: Request) -> Response:
        return JSONResponse({"golden_ids": service.goldens.ids})

    async def remove(request: Request) -> Response:
        try:
            service.goldens.remove(request.path_params["golden_id"])
        except ChangenetError as error:
            return refusal(error)
        return Response(status_code=204)

    return [
        Route("/inspect", inspect, methods=["POST"]),
        Route("/golden", register, methods=["POST"]),
        Route("/golden", listed, methods=["GET"]),
        Route("/golden/{golden_id}", remove, methods=["DELETE"]),
    ]


def _told(service: Service, answer: Judged) -> dict[str, Any]:
    overlay = f"data:image/png;base64,{base64.b64encode(answer.overlay).decode()}" if answer.overlay else None
    return {
        "verdict": answer.verdict,
        "score": answer.score,
        "threshold": answer.threshold,
        "width": answer.size[0],
        "height": answer.size[1],
        "regions": answer.regions,
        "overlay": overlay,
        "warnings": answer.warnings,
        "model": service.model.name,
    }
