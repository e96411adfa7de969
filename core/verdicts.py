# SPDX-License-Identifier: Apache-2.0
"""The two verdicts on a pair, as labels and as what a model says, and those of boards that got neither.

Any other label names a kind of defect.
"""

from __future__ import annotations

PASS = "PASS"  # noqa: S105 - a verdict, no password
NO_PASS = "NO_PASS"  # noqa: S105
NOT_JUDGED = "NOT_JUDGED"
"""Nothing was found, but by a means that nobody has shown to find defects: no PASS."""
NOT_INSPECTED = "NOT_INSPECTED"
"""The pictures can't be registered, or nothing was found on one that is unlike all that the model was trained on."""
UNLIKE, UNSEEN, UNREGISTERED = "inspect.unlike", "inspect.covered", "data.registration"
"""The codes of what is told then: unlike those of the training, a part of the board alone, not registered."""
