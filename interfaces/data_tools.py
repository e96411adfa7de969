# SPDX-License-Identifier: Apache-2.0
"""The verbs that make data and schemas."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DataError
from core.installation import require
from interfaces.arguments import split_names
from interfaces.console import progress_line
from interfaces.tools import Outcome

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator


FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}  # met while writing, which names no file


@contextmanager
def disk_trouble_told() -> Iterator[None]:
    """What the disk refuses (no permission, no room, a loop of links) is an error of the path, not of this program.

    Raises:
        DataError: a file or folder can't be read or written.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno not in FULL:  # a pipe that was closed, for one
            raise
        message = f"it can't be read or written ({error.strerror})"
        remedy = "check the path, its permissions and the room on its disk"
        raise DataError(message, code="data.unreachable", where=error.filename or "", remedy=remedy) from error


@disk_trouble_told()
def verb_data_import(args: Namespace) -> Outcome:
    """Import a public data set into the layout that the actions read."""
    from pairs.deeppcb import import_deeppcb

    summary = import_deeppcb(
        Path(args.source),
        Path(args.out),
        task=args.task,
        crops=args.crops,
        size=args.size,
        force=args.force,
        progress=progress_line("import"),
    )
    return Outcome(summary.as_dict(), _described(args.out, summary.rows))


@disk_trouble_told()
def verb_data_synthesize(args: Namespace) -> Outcome:
    """Draw synthetic boards with known defects."""
    from boards import SynthesisSettings, synthesize

    given = {
        "task": args.task,
        "style": args.style,
        "boards": args.boards,
        "size": args.size,
        "lights": split_names(args.lights) or None,
        "components": args.components,
        "units": args.units,
        "defect_rate": args.defect_rate,
        "defects": split_names(args.defects) or None,
        "nuisance": args.nuisance,
        "image_ext": args.image_ext,
        "jobs": args.jobs,
        "seed": args.seed,
        "force": args.force,
    }
    settings = SynthesisSettings(**{name: value for name, value in given.items() if value is not None})
    summary = synthesize(Path(args.out), settings, progress=progress_line("draw"))
    return Outcome(summary.as_dict(), _described(args.out, summary.rows))


def verb_schemas(args: Namespace) -> Outcome:
    """Regenerate schemas and templates; or say where they have drifted from the spec, and what is declared wrongly."""
    require("spec", "pydantic", "jsonschema")
    from router.declarations import generated_root, skill_root
    from router.validation import SCHEMA_FILE
    from spec.declarations import declaration_problems
    from spec.schemas import generate

    if not args.check:
        generate(generated_root())
        return Outcome({"written": True}, "schemas/ and references/spec_template_* are written")
    drift, problems = generate(skill_root(), check=True), declaration_problems(skill_root(), SCHEMA_FILE)
    lines = [*drift, *(f"{one.where}: {one.message}" for one in problems)]
    text = (
        "\n".join(lines)
        or "schemas/ and references/spec_template_* agree with the spec, and all declarations are valid"
    )
    return Outcome({"drift": drift, "problems": [one.to_json() for one in problems]}, text, 2 if lines else 0)


def _described(out: str, rows: dict[str, int]) -> str:
    counts = ", ".join(f"{count:,} {split}" for split, count in rows.items())
    return f"{out}: {counts}\nnext: changenet run train --data {out}"
