# SPDX-License-Identifier: Apache-2.0
"""timm imports torchvision, which needs the missing operators declared first."""

from __future__ import annotations

from engine.torch_setup import prepare_torch

prepare_torch(threads=1)
