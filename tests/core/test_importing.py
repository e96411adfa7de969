# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gc
import importlib

import pytest

from core.importing import uncollected


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_looked_for_again_afterwards_if_it_was_before(enabled: bool) -> None:
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(ImportError), uncollected():
            importlib.import_module("no_such_module_of_anybody")
        assert gc.isenabled() is enabled
        with uncollected():
            assert not gc.isenabled()
            made = [[] for _ in range(1000)]
        assert gc.isenabled() is enabled
        assert gc.get_freeze_count() >= len(made)
    finally:
        gc.enable()
        gc.unfreeze()
