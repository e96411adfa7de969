# SPDX-License-Identifier: Apache-2.0
"""Cells that other programs would obey: a spreadsheet a formula, a browser markup, a terminal a control character."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pairs.classify_csv import PairRow

ODD_REMEDY = "rename it; results repeat it as it is, so open such tables as plain text, never in a spreadsheet"
_KINDS = {
    "formula": "begins like a spreadsheet formula",
    "markup": "holds markup",
    "control": "holds control or direction characters",
}
# Numbers may be signed. Cells are joined by a character that no cell can hold, so that one search serves a whole row.
_ODD = re.compile(
    r"(?P<formula>(?:^|(?<=\0))(?:[=@]|[+-](?![\d.])))|(?P<markup><[a-zA-Z!/])"
    r"|(?P<control>[\x01-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069])"
)


def odd_text(row: PairRow) -> str:
    """What is odd about a cell of the row, in words with the cell's beginning; empty where nothing is."""
    cells = (row.input_path, row.golden_path, row.label, row.object_name, *row.extra.values())
    joined = "\0".join(cells)
    match = _ODD.search(joined)
    if match is None:
        return ""
    cell = cells[joined.count("\0", 0, match.start())]
    return f"the cell {cell[:40]!r} {_KINDS[str(match.lastgroup)]}"
