# SPDX-License-Identifier: Apache-2.0
"""Exported models in use: whatever judges with an ONNX file does it by this code, which loads no PyTorch.

Read `model_file` first: a file, and all that one has to know to use it. A network that compares two pictures has two
parts, one that describes a picture and one that compares two descriptions: `siamese_graph` joins them into the graph
that others run (two pictures in, one output) and takes such a graph apart again, so that a golden image is described
once however many pairs share it; `golden_shares` takes out of the comparing part what belongs to that image alone,
`golden_memory` keeps it, `quick_convolutions` saves products, `sessions` runs the parts. `pair_model` scores pairs from
pixels to verdict, `side_by_side`, with `pixel_alignment` and `second_look`; `self_test` asks whether a file still gives
the scores it was written with.
"""
