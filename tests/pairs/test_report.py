# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

from core.problem import Problem
from pairs.report import Report


def test_text_for_people_holds_nothing_that_a_terminal_obeys() -> None:
    odd, long = "\x1b[2J\r\udcff", "a/" * 4000
    findings = (
        Problem("data.image_missing", f"{odd}.csv", f"the picture {odd} is missing"),
        Problem("data.folder_missing", "", f"no folder {long}"),
    )
    report = Report("classify", findings, {f"{odd}.csv": {"rows": 1, "labels": {odd: 1}}})
    text = report.as_text()
    assert "the picture \\x1b[2J\\x0d\\udcff is missing" in text
    assert all(line.isprintable() and len(line) < 700 for line in text.splitlines())
    assert json.loads(json.dumps(report.as_dict()))["errors"][1]["message"] == f"no folder {long}"
    assert Problem.from_json(report.as_dict()["errors"][0]) == report.errors[0]
