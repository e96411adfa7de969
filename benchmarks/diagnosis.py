# SPDX-License-Identifier: Apache-2.0
"""How well the causes of failures are told for a folder of logs that the rules were not written after.

    python benchmarks/diagnosis.py FOLDER [--json]

FOLDER holds the logs and `answers.jsonl`: one line each with `log` (a file name), `family` (the id of the right rule,
or `none` where no rule's cause can be told), and, where they are known, `cause` (a sentence, shown with a miss),
`exit_code`, `platform` and `record` (`action`, and `code` and `message` of the failure as the platform gave them).

Right: the cause of the family told with certainty, or none where there is none. Imprecise: the right one among those
told as likely or possible, or told in less detail by a rule that covers it. Unknown: no cause told where there is one.
Wrong: any other cause told with certainty. All misses are listed, with what was told as possible.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from core.file_names import LOG_FILE
from core.problem import Problem
from runners.diagnosis.diagnose import diagnose
from runners.diagnosis.rules import rules_for
from runners.jobs.job import Job, JobState
from runners.jobs.store import JobStore

ANSWERS = "answers.jsonl"
ROOT = Path(__file__).parents[1]
WORDS = ("right", "imprecise", "unknown", "wrong")


def job_of(answer: dict[str, Any], log: bytes, folder: Path) -> Job:
    """A failed job with this log, as far as its answer tells of it."""
    (folder / LOG_FILE).write_bytes(log)
    record, code = answer.get("record") or {}, answer.get("exit_code", 1)
    said = Problem(record.get("code", "action.failed"), folder.name, record.get("message", f"exit code {code}."))
    return Job(
        id=folder.name,
        action=record.get("action", "train"),
        task="classify",
        runner=record.get("runner", answer.get("platform", "local")),
        state=JobState.ERROR,
        folder=str(folder),
        results_dir=str(folder / "results"),
        plan_id="none",
        config_sha256="",
        transitions=(),
        exit_code=code,
        failure=said,
    )


def judged(folder: Path) -> list[dict[str, Any]]:
    """Each answer with what was told, and how that is judged."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="diagnosis-") as place:
        store = JobStore(Path(place))
        answers = map(json.loads, filter(str.strip, (folder / ANSWERS).read_text("utf-8").splitlines()))
        for number, answer in enumerate(answers):
            home = Path(place, f"job-{number}")
            home.mkdir()
            found = diagnose(store, job_of(answer, (folder / answer["log"]).read_bytes(), home))
            told = found.cause.rule if found.cause else "none"
            possible = [cause.rule for cause in found.possible]
            word = judgement(answer["family"], told, possible)
            rows.append({**answer, "told": told, "possible": possible, "judged": word})
    return rows


def judgement(family: str, told: str, possible: list[str]) -> str:
    """How a told cause, or `none` with what was told as possible, is judged."""
    rules = {rule.id: rule for rule in rules_for(ROOT)}
    if told == family:
        return "right"
    if family == "none":  # what happened, without a reason, is no cause
        return "right" if rules[told].between else "wrong"
    if family in possible or (told in rules and family in rules[told].covers):
        return "imprecise"
    return "unknown" if told == "none" or rules[told].between else "wrong"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    rows = judged(given.folder)
    counts = {word: Counter(row["judged"] for row in rows)[word] for word in WORDS}
    misses = [row for row in rows if row["judged"] != "right"]
    if given.json:
        print(json.dumps({"logs": len(rows), **counts, "misses": misses}))
        return
    print(f"{len(rows)} logs: " + ", ".join(f"{word} {n} ({n / max(1, len(rows)):.0%})" for word, n in counts.items()))
    for row in misses:
        print(f"{row['judged']:<8} {row['log']}: {row['family']}, told {row['told']}, possible {row['possible']}")
        print(f"         {row.get('cause', '')}")


if __name__ == "__main__":
    main()
