# SPDX-License-Identifier: Apache-2.0
"""Trained networks as ONNX files, and the ONNX Runtime sessions that run them.

A network that compares two pictures has two parts: one describes a picture, the other compares two descriptions.
`tracing` writes each part as a graph, `siamese_graph` joins them into the file that others run (two pictures in, one
output) and takes such a file apart again, so that a golden image is described once however many pairs share it.
`onnx_file` is what stands in a file beside the graph: all that one has to know to use it. `sessions` runs the parts.
"""
