# SPDX-License-Identifier: Apache-2.0
"""Requests and answers of the Open Inference Protocol, version 2, with tensors as JSON.

Source: https://github.com/kserve/open-inference-protocol (specification/protocol/inference_rest.md). Pictures are
tensors of UINT8 (batch, height, width, 3), or (batch, lighting, height, width, 3), or BYTES (batch) or (batch,
lighting) with files in base64. `golden` may have one picture for the whole batch; `golden_id` stands in for it.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import InputError
from core.served_pairs import Judged, Pair, Picture
from interfaces.serving.goldens import golden_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.served_pairs import Golden
    from interfaces.serving.goldens import Goldens

TEST, GOLDEN, GOLDEN_ID = "test", "golden", "golden_id"
WARNINGS = "warnings"  # what makes verdicts doubtful, one text, among the answer's parameters
INPUTS: list[dict[str, Any]] = [
    {"name": TEST, "datatype": "UINT8", "shape": [-1, -1, -1, 3]},
    {"name": GOLDEN, "datatype": "UINT8", "shape": [-1, -1, -1, 3]},
    {"name": GOLDEN_ID, "datatype": "BYTES", "shape": [-1]},
]
OUTPUTS: list[dict[str, Any]] = [
    {"name": "score", "datatype": "FP32", "shape": [-1]},
    {"name": "verdict", "datatype": "BYTES", "shape": [-1]},
    {"name": "threshold", "datatype": "FP32", "shape": [-1]},
]
_HOW = f"send the inputs {TEST} and {GOLDEN}, or {TEST} and {GOLDEN_ID}; GET the model's metadata for their shapes"


def pairs_of(body: bytes, goldens: Goldens) -> tuple[str | None, list[Pair], list[str]]:
    """The id of a request, its pairs, and the outputs that it asks for (all where it names none).

    Raises:
        InputError: it is no such request, or names a golden image that is not registered.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise _wrong("this is no JSON", "body") from None
    if not isinstance(document, dict):
        raise _wrong("this is no JSON object", "body")
    inputs = {entry["name"]: entry for entry in _entries(document, "inputs")}
    if unknown := inputs.keys() - {TEST, GOLDEN, GOLDEN_ID}:
        raise _wrong(f"there is no input '{min(unknown)}'", "inputs")
    tests = _images(inputs, TEST)
    chosen = _goldens(inputs, goldens)
    if len(chosen) not in {1, len(tests)}:
        raise _wrong(f"{len(tests)} test pictures have {len(chosen)} golden images", "inputs")
    pairs = [Pair(test, chosen[i % len(chosen)]) for i, test in enumerate(tests)]
    return _id_of(document), pairs, _asked(document)


def answer_of(model: str, request_id: str | None, answers: Sequence[Judged], asked: Sequence[str]) -> dict[str, Any]:
    """The answer to a request, whose pairs were all judged."""
    values = {
        "score": [answer.score for answer in answers],
        "verdict": [answer.verdict for answer in answers],
        "threshold": [answer.threshold for answer in answers],
    }
    outputs = [
        {"name": entry["name"], "datatype": entry["datatype"], "shape": [len(answers)], "data": values[entry["name"]]}
        for entry in OUTPUTS
        if entry["name"] in asked
    ]
    told = "; ".join(f"pair {number}: {text}" for number, one in enumerate(answers) for text in one.warnings)
    return {
        "model_name": model,
        **({"id": request_id} if request_id else {}),
        **({"parameters": {WARNINGS: told}} if told else {}),
        "outputs": outputs,
    }


def _entries(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = document.get(key, [])
    if not isinstance(found, list) or not all(isinstance(e, dict) and isinstance(e.get("name"), str) for e in found):
        raise _wrong(f"{key} is no list of objects with a name", key)
    return found


def _id_of(document: dict[str, Any]) -> str | None:
    found = document.get("id")
    if found is not None and not isinstance(found, str):
        raise _wrong("the id is no text", "id")
    return found


def _asked(document: dict[str, Any]) -> list[str]:
    known = [entry["name"] for entry in OUTPUTS]
    asked = [entry["name"] for entry in _entries(document, "outputs")]
    if unknown := set(asked) - set(known):
        raise _wrong(f"there is no output '{min(unknown)}'", "outputs")
    return asked or known


def _goldens(inputs: dict[str, Any], goldens: Goldens) -> list[Golden]:
    if (GOLDEN in inputs) == (GOLDEN_ID in inputs):
        raise _wrong(f"one of {GOLDEN} and {GOLDEN_ID} is needed", "inputs")
    if GOLDEN in inputs:
        return [golden_of(pictures) for pictures in _images(inputs, GOLDEN)]
    names = np.ravel(np.array(inputs[GOLDEN_ID].get("data", []), dtype=object)).tolist()
    return [goldens.get(str(name)) for name in names]


def _images(inputs: dict[str, Any], name: str) -> list[tuple[Picture, ...]]:
    """Per member of the batch a picture for each lighting."""
    if name not in inputs:
        raise _wrong(f"there is no input '{name}'", "inputs")
    tensor = inputs[name]
    shape, kind = tensor.get("shape"), tensor.get("datatype")
    if not isinstance(shape, list) or not all(isinstance(n, int) and n > 0 for n in shape):
        raise _wrong("the shape is no list of sizes above 0", name)
    if kind == "UINT8" and len(shape) in {4, 5} and shape[-1] == 3:
        return _pixels(tensor.get("data"), shape, name)
    if kind == "BYTES" and len(shape) in {1, 2}:
        return _files(tensor.get("data"), shape, name)
    raise _wrong(f"{kind} of shape {shape} is no batch of pictures", name)


def _pixels(data: Any, shape: list[int], name: str) -> list[tuple[Picture, ...]]:
    try:
        values = np.asarray(data)
        fits = values.size == np.prod(shape, dtype=object) and values.dtype.kind in "iu"
        in_range = fits and values.min() >= 0 and values.max() <= 255
    except (ValueError, TypeError, OverflowError):
        in_range = False
    if not in_range:
        raise _wrong(f"the data are no whole numbers from 0 to 255 of shape {shape}", name)
    images = values.astype(np.uint8).reshape(shape[0], -1, *shape[-3:])
    return [tuple(Picture(one.tobytes(), tuple(shape[-3:])) for one in lightings) for lightings in images]


def _files(data: Any, shape: list[int], name: str) -> list[tuple[Picture, ...]]:
    texts = np.ravel(np.array(data, dtype=object)).tolist()
    if len(texts) != np.prod(shape, dtype=object) or not all(isinstance(text, str) for text in texts):
        raise _wrong(f"the data are no texts of shape {shape}", name)
    try:
        files = [Picture(base64.b64decode(text, validate=True)) for text in texts]
    except binascii.Error:
        raise _wrong("the data are no base64", name) from None
    each = len(files) // shape[0]
    return [tuple(files[i * each : (i + 1) * each]) for i in range(shape[0])]


def _wrong(message: str, where: str) -> InputError:
    return InputError(message, code="request.tensor", where=where, remedy=_HOW)
