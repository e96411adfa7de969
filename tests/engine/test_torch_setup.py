# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from engine.torch_setup import prepare_torch


def test_threads_are_set_and_never_none() -> None:
    before = torch.get_num_threads()
    try:
        for asked, given in ((2, 2), (None, 2), (0, 1)):
            prepare_torch(asked)
            assert torch.get_num_threads() == given
    finally:
        torch.set_num_threads(before)


@pytest.mark.long
def test_torchvision_imports_after_preparing_and_threads_are_set() -> None:
    # In a process of its own: what is imported once can't be imported anew.
    code = (
        "from engine.torch_setup import prepare_torch\n"
        "prepare_torch(2); prepare_torch(1)\n"
        "import torch, torchvision, os\n"
        "print(torch.get_num_threads(), hasattr(torch.ops.torchvision, 'nms'), os.environ['OMP_WAIT_POLICY'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "True", "PASSIVE"]
