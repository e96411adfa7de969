# SPDX-License-Identifier: Apache-2.0
"""`status.json`: one JSON object a line, appended while the action runs, so that others can follow it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from core.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

State = Literal["STARTED", "RUNNING", "SUCCESS", "FAILURE", "SKIPPED"]
Verbosity = Literal["INFO", "WARNING", "ERROR"]
Kpi = dict[str, float | int | None]  # key figures by name; None where the data can't give one


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training run stands. `epoch` counts from 1 here, times are in seconds."""

    epoch: int
    step: int
    max_epoch: int
    eta: float
    time_per_epoch: float

    def as_dict(self) -> dict[str, Any]:
        """The fields as the status file holds them, times as `h:mm:ss`."""
        times = {"eta": _clock(self.eta), "time_per_epoch": _clock(self.time_per_epoch)}
        return {"epoch": self.epoch, "step": self.step, "max_epoch": self.max_epoch, **times}


class StatusFile:
    """Appends records; each is on disk as soon as it is written. Ranks other than the first write nothing."""

    def __init__(self, path: Path, *, enabled: bool = True) -> None:
        self.path = path
        self.enabled = enabled

    def write(
        self,
        state: State,
        message: str,
        *,
        verbosity: Verbosity = "INFO",
        kpi: Mapping[str, float | None] | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Append one record; secrets in the message are masked, figures that are no finite number become null."""
        if not self.enabled:
            return
        now = datetime.now().astimezone()
        record: dict[str, Any] = {
            "date": f"{now.month}/{now.day}/{now.year}",
            "time": f"{now.hour}:{now.minute}:{now.second}",
            "status": state,
            "verbosity": verbosity,
            "message": redact_text(message),
        }
        record |= progress.as_dict() if progress else {}
        record |= {"kpi": {name: _finite(value) for name, value in kpi.items()}} if kpi else {}
        with self.path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(max(0.0, seconds))))
