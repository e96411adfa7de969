# SPDX-License-Identifier: Apache-2.0
"""The files in a search's folder."""

from __future__ import annotations

from runners.names import SEARCH_RECORD

RECORD = "experiment.sqlite3"
LOG = "log.txt"
STORAGE = "optuna_journal.log"
FILES = {
    "record": RECORD,
    "best": SEARCH_RECORD,
    "leaderboard": "leaderboard.csv",
    "report": "automl_report.html",
}
"""What a search leaves for people and programs, by what it is called in documents; `best` is written for a parent."""
BEST, LEADERBOARD, REPORT = FILES["best"], FILES["leaderboard"], FILES["report"]
