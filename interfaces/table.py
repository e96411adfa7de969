# SPDX-License-Identifier: Apache-2.0
"""Every verb, once: where it stands, what it does, how it is called. Each is loaded when it is asked for."""

from __future__ import annotations

from interfaces.house_verbs import HOUSE_VERBS
from interfaces.line_verbs import LINE_VERBS
from interfaces.work_verbs import WORK_VERBS

VERBS = {verb.name: verb for verb in (*WORK_VERBS, *LINE_VERBS, *HOUSE_VERBS)}
GROUPS = {
    "data": "check, import or draw data sets",
    "stage": "bring backbone weights, or data from elsewhere, to this machine",
}
