# SPDX-License-Identifier: Apache-2.0
"""What tests of several rooms share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# A shell starts background work with Ctrl-C ignored, and children inherit that; tests of Ctrl-C would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def cache_of_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests, and the processes that they start, keep nothing in the cache of the user."""
    os.environ["CHANGENET_CACHE"] = str(tmp_path_factory.mktemp("cache"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real inspection pictures, or a skip that says why."""
    folder = Path(os.environ.get("CHANGENET_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "deeppcb").is_dir():
        pytest.skip(f"no real inspection data at {folder} (set CHANGENET_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout: SKILL.md, skill_info.yaml, schemas/ and references/ stand here."""
    return ROOT
