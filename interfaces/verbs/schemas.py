# SPDX-License-Identifier: Apache-2.0
"""`schemas`: what is generated from the spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import InputError
from core.installation import require
from interfaces.options import option
from interfaces.outcome import Outcome

if TYPE_CHECKING:
    from interfaces.outcome import Reporter


@dataclass(frozen=True, slots=True)
class SchemasOptions:
    """Whether anything is written."""

    check: bool = option("write nothing; print the drift and fail on any", default=False)


def schemas(options: SchemasOptions, reporter: Reporter) -> Outcome:
    """Regenerate schemas and templates; or say where they have drifted from the spec, and what is declared wrongly."""
    require("spec", "pydantic", "jsonschema")
    from router.declarations import generated_root, skill_root
    from router.validation import SCHEMA_FILE
    from spec.declarations import declaration_problems
    from spec.schemas import generate

    del reporter
    if not options.check:
        generate(generated_root())
        return Outcome({"written": True}, "schemas/ and references/spec_template_* are written")
    drift, problems = generate(skill_root(), check=True), declaration_problems(skill_root(), SCHEMA_FILE)
    lines = [*drift, *(f"{one.where}: {one.message}" for one in problems)]
    agreed = "schemas/ and references/spec_template_* agree with the spec, and all declarations are valid"
    document = {"drift": drift, "problems": [one.to_json() for one in problems]}
    return Outcome(document, "\n".join(lines) or agreed, InputError.exit_code if lines else 0)
