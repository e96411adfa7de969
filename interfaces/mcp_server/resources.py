# SPDX-License-Identifier: Apache-2.0
"""Pages of the skill, and what jobs left, as resources: read whole only by who asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ChangenetError, InputError, RequestError
from core.file_names import LOG_FILE, PLAN_FILE, SPEC_FILE
from core.files import read_ordinary
from core.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEME = "changenet://"
JOB_TEMPLATE = f"{SCHEME}jobs/{{job}}/{{part}}"
_MOST_BYTES = 1024 * 1024
_PAGES = {"SKILL.md": "SKILL.md", "references": "references", "schemas": "schemas"}
_TYPES = {".md": "text/markdown", ".json": "application/json", ".yaml": "application/yaml", ".html": "text/html"}
JOB_PARTS = {"plan": PLAN_FILE, "spec": SPEC_FILE, "log": LOG_FILE, "report": "report.html"}


@dataclass(frozen=True, slots=True)
class Page:
    """One resource: its address, its name, the type of its content."""

    uri: str
    name: str
    mime_type: str


def pages(skill: Path) -> Iterator[Page]:
    """SKILL.md, the reference pages with the spec templates, and the schemas."""
    yield Page(f"{SCHEME}SKILL.md", "SKILL.md", "text/markdown")
    for folder in ("references", "schemas"):
        for path in sorted((skill / folder).iterdir()):
            if path.suffix in _TYPES:
                yield Page(f"{SCHEME}{folder}/{path.name}", path.name, _TYPES[path.suffix])


def read(uri: str, skill: Path, results_root: str | None) -> tuple[str, str]:
    """The text of a resource, secrets masked, and its type.

    Raises:
        RequestError: there is no such resource; no address leads out of the skill's folder or the job's.
        InputError: it can't be read.
    """
    if uri.startswith(f"{SCHEME}jobs/"):
        path = _of_job(uri, results_root)
    else:
        found = next((page for page in pages(skill) if page.uri == uri), None)
        if found is None:
            raise _unknown(uri)
        path = skill / uri.removeprefix(SCHEME)
    text = read_ordinary(path, _MOST_BYTES).decode("utf-8", errors="replace")
    return redact_text(text), type_of(path.name)


def type_of(name: str) -> str:
    """The media type of a page by its ending."""
    return _TYPES.get(Path(name).suffix, "text/plain")


def _of_job(uri: str, results_root: str | None) -> Path:
    from runners.api import get_job, open_store

    job_id, _, part = uri.removeprefix(f"{SCHEME}jobs/").partition("/")
    if part not in JOB_PARTS:
        raise _unknown(uri, f"a job has: {', '.join(JOB_PARTS)}")
    try:
        job = get_job(job_id, open_store(results_root))
    except ChangenetError as error:
        raise InputError(error.message, code=error.code, where=uri, remedy="the tool `jobs` lists them") from None
    folder = Path(job.results_dir if part == "report" else job.folder)
    return folder / JOB_PARTS[part]


def _unknown(uri: str, remedy: str = "list the resources") -> RequestError:
    return RequestError(f"there is no resource {uri}", code="resource.unknown", where=uri, remedy=remedy)
