# SPDX-License-Identifier: Apache-2.0
"""Trained networks written as ONNX files, which the room `deployed` reads and uses.

`tracing` writes a module as a graph; `quantization` gives a graph numbers of 8 bits, layer by layer (`layers`).
`deployment` makes a file ready for ONNX Runtime, or has the engine built that is named (`tensorrt_action`), of a graph
that `tensorrt_graph` writes, by the library that `tensorrt_library` finds; `tensorrt_session` runs it on a GPU.
"""
