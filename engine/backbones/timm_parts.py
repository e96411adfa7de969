# SPDX-License-Identifier: Apache-2.0
"""The one place that imports timm, after torch is prepared. Its annotations say less than its code takes: Any."""

from __future__ import annotations

from typing import Any

from engine.torch_setup import prepare_torch

prepare_torch()

import timm as _timm  # noqa: E402 - timm imports torchvision, which needs the step above
from timm.models import convnext as _convnext  # noqa: E402
from timm.models import vision_transformer as _vision_transformer  # noqa: E402
from timm.models import xcit as _xcit  # noqa: E402

timm: Any = _timm
layers: Any = _timm.layers
convnext: Any = _convnext
vision_transformer: Any = _vision_transformer
xcit: Any = _xcit
