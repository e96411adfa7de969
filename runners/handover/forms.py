# SPDX-License-Identifier: Apache-2.0
"""The forms of a hand-over folder, by the runner whose plans they carry."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from core.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runners.planning.plan import Plan

ENDED = "ended.txt"
"""What a run leaves beside results/: how it ended, a line each, name=value."""
# The module whose `FORM` it is.
FORMS = {
    "docker": "runners.handover.docker_form",
    "slurm": "runners.handover.slurm_form",
    "kubernetes": "runners.handover.kubernetes_form",
    "ray": "runners.handover.ray_form",
}


class Form(Protocol):
    """What the folder of a runner has beside plan, spec and checksums."""

    @property
    def scripts(self) -> Mapping[str, str]:
        """The template of each file."""

    def facts(self, plan: Plan) -> dict[str, Any]:
        """What its templates ask for beside plan and places; `spec_home` stands before the paths of the spec."""


def form_of(runner: str) -> Form:
    """The form for plans of a runner.

    Raises:
        RequestError: there is none.
    """
    if runner not in FORMS:
        remedy = f"plan it for --runner {' or --runner '.join(FORMS)}"
        message = f"plans for runner {runner} are not carried in a folder"
        raise RequestError(message, code="handover.runner", where="out", remedy=remedy)
    form: Form = import_module(FORMS[runner]).FORM
    return form
