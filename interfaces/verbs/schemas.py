# SPDX-License-Identifier: Apache-2.0
"""`schemas`: what is generated from the spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import InputError
from interfaces.options import option
from interfaces.outcome import Outcome
from interfaces.skill import skill_root

if TYPE_CHECKING:
    from interfaces.outcome import Reporter


@dataclass(frozen=True, slots=True)
class SchemasOptions:
    """Whether anything is written."""

    check: bool = option("write nothing; print the drift and fail on any", default=False)


def schemas(options: SchemasOptions, reporter: Reporter) -> Outcome:
    """Regenerate schemas and templates, or say where they have drifted from the spec (exit code 2)."""
    from spec.schemas import generate

    del reporter
    drift = generate(skill_root(), check=options.check)
    if not options.check:
        return Outcome({"written": True}, "schemas/ and references/spec_template_* are written")
    text = "\n".join(drift) if drift else "schemas/ and references/spec_template_* agree with the spec"
    return Outcome({"drift": drift}, text, InputError.exit_code if drift else 0)
