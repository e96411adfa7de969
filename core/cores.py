# SPDX-License-Identifier: Apache-2.0
"""How many processors there are to work with."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Processors that this process may run on; fewer than the machine has inside a container or a batch job."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
