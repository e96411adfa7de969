# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

from pairs.findings import Finding
from pairs.report import Report


def test_text_for_people_holds_nothing_that_a_terminal_obeys() -> None:
    odd, long = "\x1b[2J\r\udcff", "a/" * 4000
    findings = (
        Finding("data.image_missing", "error", f"the picture {odd} is missing", f"{odd}.csv"),
        Finding("data.folder_missing", "error", f"no folder {long}"),
    )
    report = Report("classify", findings, {f"{odd}.csv": {"rows": 1, "labels": {odd: 1}}})
    text = report.as_text()
    assert "the picture \\x1b[2J\\r\\udcff is missing" in text
    assert all(line.isprintable() and len(line) < 700 for line in text.splitlines())
    assert json.loads(json.dumps(report.as_dict()))["errors"][1]["message"] == f"no folder {long}"
