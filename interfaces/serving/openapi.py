# SPDX-License-Identifier: Apache-2.0
"""What the server takes and answers, as an OpenAPI 3.1 document."""

from __future__ import annotations

from typing import Any

from core.installation import version

Tree = dict[str, Any]

_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}}
_TEST = {**_FILES, "description": "The test picture: a file for each lighting, in the model's order."}
_GOLDEN = {**_FILES, "description": "The golden image: a file for each lighting, in the model's order."}
_GOLDEN_ID = {"type": "string", "description": "A golden image that was registered, instead of golden."}
_OVERLAY = {"type": "boolean", "default": False, "description": "Whether the answer shows where the evidence is."}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_TENSORS = {"type": "array", "items": {"type": "object"}}
_INPUTS = {
    **_TENSORS,
    "description": "test, and golden or golden_id, with name, shape, datatype and data. Pictures are UINT8 (batch, "
    "height, width, 3) or BYTES (batch), files in base64; a second dimension holds several lightings.",
}
_OUTPUTS = {**_TENSORS, "description": "Which of score, verdict and threshold are wanted; all where left out."}
_VERDICT = {
    "type": "object",
    "properties": {
        "verdict": {"enum": ["PASS", "NO_PASS"]},
        "score": {"type": "number"},
        "threshold": {"type": "number"},
        "width": {"type": "integer"},
        "height": {"type": "integer"},
        "regions": {"type": "array", "items": {"type": "object"}},
        "overlay": {"type": ["string", "null"], "description": "A PNG as a data address."},
        "warnings": {**_TEXTS, "description": "What makes the verdict doubtful."},
        "model": {"type": "string"},
    },
}
_ERRORS = {
    "400": "The request is no such form or tensors.",
    "404": "There is no such golden image or model.",
    "413": "Too many bytes or pixels.",
    "422": "A picture is none, is broken, or there are too few of them.",
    "429": "Too many pairs wait; Retry-After says when to come again.",
    "503": "The model is being loaded, or the server ends.",
}


def openapi_document() -> Tree:
    """The document."""
    inspected = _body(
        "multipart/form-data", {"test": _TEST, "golden": _GOLDEN, "golden_id": _GOLDEN_ID, "overlay": _OVERLAY}, "test"
    )
    registered = _body("multipart/form-data", {"golden": _GOLDEN}, "golden")
    inferred = _body("application/json", {"id": _text("Comes back."), "inputs": _INPUTS, "outputs": _OUTPUTS}, "inputs")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "changenet",
            "version": version(),
            "description": "Judges test pictures against golden images: PASS or NO_PASS, with a score.",
        },
        "paths": {
            "/inspect": {
                "post": _operation(
                    "Judge one pair.",
                    inspected,
                    {"200": _answer("The verdict.", _VERDICT)},
                    "400",
                    "404",
                    "413",
                    "422",
                    "429",
                    "503",
                )
            },
            "/golden": {
                "post": _operation(
                    "Register a golden image.",
                    registered,
                    {"201": _answer("Its golden_id.")},
                    "400",
                    "413",
                    "422",
                    "503",
                ),
                "get": _operation("List the golden images.", None, {"200": _answer("golden_ids.")}),
            },
            "/golden/{golden_id}": {
                "delete": _operation(
                    "Forget a golden image.", None, {"204": _answer("It is forgotten.")}, "404", where="golden_id"
                )
            },
            "/v2": {"get": _operation("Name and version of the server.", None, {"200": _answer("Both.")})},
            "/v2/health/live": {"get": _operation("Whether the server runs.", None, {"200": _answer("It does.")})},
            "/v2/health/ready": {"get": _operation("Whether it judges.", None, {"200": _answer("It does.")}, "503")},
            "/v2/models/{model}": {
                "get": _operation(
                    "Inputs, outputs and facts of the model.",
                    None,
                    {"200": _answer("All of it.")},
                    "404",
                    where="model",
                )
            },
            "/v2/models/{model}/ready": {
                "get": _operation(
                    "Whether the model judges.", None, {"200": _answer("It does.")}, "404", "503", where="model"
                )
            },
            "/v2/models/{model}/infer": {
                "post": _operation(
                    "Judge pairs, by the Open Inference Protocol.",
                    inferred,
                    {"200": _answer("The outputs; what makes verdicts doubtful, in parameters.warnings.")},
                    *_ERRORS,
                    where="model",
                )
            },
            "/metrics": {"get": _operation("Figures for Prometheus.", None, {"200": _answer("Its text format.")})},
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }


def _operation(summary: str, body: Tree | None, answers: Tree, *errors: str, where: str = "") -> Tree:
    found: Tree = {"summary": summary, **({"requestBody": body} if body else {})}
    if where:
        found["parameters"] = [{"name": where, "in": "path", "required": True, "schema": {"type": "string"}}]
    return {**found, "responses": {**answers, **{status: _answer(_ERRORS[status]) for status in errors}}}


def _body(kind: str, properties: Tree, required: str) -> Tree:
    schema = {"type": "object", "properties": properties, "required": [required]}
    return {"required": True, "content": {kind: {"schema": schema}}}


def _text(description: str) -> Tree:
    return {"type": "string", "description": description}


def _answer(description: str, schema: Tree | None = None) -> Tree:
    return {"description": description, **({"content": {"application/json": {"schema": schema}}} if schema else {})}
