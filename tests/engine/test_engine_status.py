# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from engine.status import Progress, StatusFile

if TYPE_CHECKING:
    from pathlib import Path


def test_each_record_is_one_line_of_strict_json_on_disk_at_once(tmp_path: Path) -> None:
    status = StatusFile(tmp_path / "status.json")
    status.write("STARTED", "go", kpi={})
    first = json.loads((tmp_path / "status.json").read_text())
    assert first["status"] == "STARTED"
    assert "kpi" not in first
    assert re.fullmatch(r"\d{1,2}/\d{1,2}/\d{4}", first["date"])
    assert re.fullmatch(r"\d{1,2}:\d{1,2}:\d{1,2}", first["time"])
    status.write("RUNNING", "on", kpi={"a": float("nan"), "b": 1.5, "c": None}, progress=Progress(2, 30, 9, 3700.2, 61))
    second = json.loads((tmp_path / "status.json").read_text().splitlines()[1])
    assert second["kpi"] == {"a": None, "b": 1.5, "c": None}
    assert {key: second[key] for key in ("epoch", "step", "max_epoch", "eta", "time_per_epoch")} == {
        "epoch": 2,
        "step": 30,
        "max_epoch": 9,
        "eta": "1:01:40",
        "time_per_epoch": "0:01:01",
    }


def test_messages_are_masked_and_other_processes_write_nothing(tmp_path: Path) -> None:
    StatusFile(tmp_path / "status.json").write("FAILURE", "api_key=abc123secret", verbosity="ERROR")
    assert "abc123secret" not in (tmp_path / "status.json").read_text()
    StatusFile(tmp_path / "other.json", enabled=False).write("STARTED", "go")
    assert not (tmp_path / "other.json").exists()
