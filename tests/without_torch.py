# SPDX-License-Identifier: Apache-2.0
"""The engine as a process of its own, asked whether PyTorch was loaded."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

from core.documents import dump_yaml

if TYPE_CHECKING:
    from pathlib import Path


def run_without_torch(folder: Path, command: str, tree: dict[str, Any], *overrides: str) -> str:
    """What the engine said, which ends well and imports no PyTorch."""
    spec = folder / "bare.yaml"
    spec.write_text(dump_yaml(tree), encoding="utf-8")
    argv = [sys.executable, "-X", "importtime", "-m", "engine.cli", command, "-e", str(spec), *overrides]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "onnxruntime" in imported
    assert not imported & {"torch", "torchvision", "timm", "lightning"}
    return done.stdout
