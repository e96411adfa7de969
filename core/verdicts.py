# SPDX-License-Identifier: Apache-2.0
"""The two verdicts on a pair, as labels and as what a model says. Any other label names a kind of defect."""

from __future__ import annotations

PASS = "PASS"  # noqa: S105 - a verdict, no password
NO_PASS = "NO_PASS"  # noqa: S105
NOT_JUDGED = "NOT_JUDGED"
"""Nothing was found, but by a means that nobody has shown to find defects: no PASS."""
