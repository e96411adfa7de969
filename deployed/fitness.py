# SPDX-License-Identifier: Apache-2.0
"""What can't be done with a model's file as it is, told alike by a plan and by the engine that it would run."""

from __future__ import annotations

from core.problem import Problem

FLOAT, STATIC = "fp32", "int8"
"""Precisions of files: all in float; weights and activations in 8 bits. Others have 8 bits for weights alone."""


def quantised_twice(place: str, precision: str) -> list[Problem]:
    """A file with 8-bit numbers is not quantised again."""
    if precision in {"", FLOAT}:
        return []
    message, remedy = f"the model is quantised already ({precision})", "name the model it was made from"
    return [Problem("quantize.twice", place, message, remedy)]


def numbers_of_deployment(place: str, asked: str, precision: str) -> list[Problem]:
    """ONNX Runtime computes with the numbers of the file: a deployment gets no others."""
    if asked.lower() != STATIC or precision in {"", STATIC}:
        return []
    message = f"ONNX Runtime takes the numbers of the file, which are {precision}: nothing is quantised here"
    remedy = "make an 8-bit file, whose verdicts are checked, and build from that (changenet run quantize)"
    return [Problem("spec.precision", place, message, remedy)]


def numbers_of_engine(place: str, precision: str) -> list[Problem]:
    """TensorRT takes no 8 bits of the form that is quickest on processors."""
    if precision != STATIC:
        return []
    message = "the 8 bits of the file are for ONNX Runtime on a processor: TensorRT takes none without a sign, none "
    message += "whose range is not even around zero, and biases in float alone"
    remedy = "build from the file that it was made from, with tensorrt.data_type=int8 and calibration pictures"
    return [Problem("spec.precision", place, message, remedy)]


def batch_of_deployment(place: str, asked: int, smallest: int, largest: int) -> list[Problem]:
    """A batch that was chosen lies within what was built."""
    if smallest <= asked <= largest:
        return []
    message = f"the deployment takes batches from {smallest} to {largest}, and {asked} are asked for"
    remedy = "set a size in between, or build it again with gen_trt_engine.tensorrt.max_batch_size"
    return [Problem("spec.batch", place, message, remedy)]
