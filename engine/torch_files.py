# SPDX-License-Identifier: Apache-2.0
"""Whether a file that torch wrote is still what was written."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def damaged_part(path: Path) -> str:
    """The first part of an archive whose checksum is wrong, empty where all are right; torch asks for none.

    Files of the format before archives have no checksums.
    """
    if not zipfile.is_zipfile(path):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() or ""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as problem:
        return str(problem)
