# SPDX-License-Identifier: Apache-2.0
"""Whether the PyTorch that is installed is a build for CPUs, or for NVIDIA GPUs: python check_torch.py cpu|cuda."""

from __future__ import annotations

import sys

import torch

found = "cuda" if torch.version.cuda else "cpu"
if [found] != sys.argv[1:]:
    sys.exit(
        f"PyTorch {torch.__version__} is a build for {found}, not {' '.join(sys.argv[1:])}\n"
        "  remedy: name the index of such builds by TORCH_INDEX; its address is on PyTorch's start page"
    )
