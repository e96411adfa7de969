# SPDX-License-Identifier: Apache-2.0
"""Trained networks written as ONNX files, which the room `deployed` reads and uses.

`tracing` writes a module as a graph; `quantization` gives a graph numbers of 8 bits, layer by layer (`layers`).
"""
