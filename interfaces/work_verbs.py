# SPDX-License-Identifier: Apache-2.0
"""The verbs of requests, and of the jobs and models that come of them."""

from __future__ import annotations

from interfaces.verb import ROOM, Verb

_REQUEST_EXAMPLES = """\
examples:
  changenet {verb} "evaluate ChangeNet classify on ./boards" --parent train-20260101-120000-0a1b2c
  changenet {verb} train --data boards -s train.num_epochs=30 -s train.optim.lr=2e-4
  changenet {verb} train --train boards/train --eval boards/val --automl off
  changenet {verb} inference --data boards --parent train-20260101-120000-0a1b2c --json

  AutoML (a training without --automl off):
  changenet {verb} train --data boards --trials 20 --parallel 2 --wall-minutes 60 -s num_epochs=10
  changenet {verb} train --data boards --algorithm asha --trials 27 -s num_epochs=27 --objective val_f1:maximize
  changenet {verb} train --data boards --range lr=1e-4..1e-2 --range batch_size=8,16 --search train.optim.policy
"""

WORK_VERBS = (
    Verb(
        "plan",
        f"{ROOM}.plan",
        "plan",
        "show what a request would run, without running it; with --out, write it for another machine",
        _REQUEST_EXAMPLES.format(verb="plan"),
    ),
    Verb(
        "run",
        f"{ROOM}.run",
        "run",
        "run a request and follow it to its end",
        _REQUEST_EXAMPLES.format(verb="run"),
        slow=True,
        is_tool=False,
    ),
    Verb(
        "import-job",
        f"{ROOM}.handover",
        "import_job",
        "take back what ran in a folder that `changenet plan --out` wrote, as a job",
        "example:\n  changenet plan train --data boards --automl off --runner docker --out handover\n"
        "  (there: sh fetch.sh, sh run.sh)\n  changenet import-job handover\n",
        slow=True,
        is_tool=False,
    ),
    Verb("jobs", f"{ROOM}.jobs", "jobs", "list the jobs, newest first", read_only=True),
    Verb("status", f"{ROOM}.jobs", "status", "show one job: state, progress, metrics", read_only=True),
    Verb("logs", f"{ROOM}.jobs", "logs", "print a job's log", read_only=True, slow=True),
    Verb("cancel", f"{ROOM}.jobs", "cancel", "stop a running job with all its processes", destructive=True),
    Verb(
        "result",
        f"{ROOM}.jobs",
        "result",
        "show what a job made: metrics, artifacts, or why it failed",
        read_only=True,
    ),
    Verb(
        "advise",
        f"{ROOM}.advise",
        "advise",
        "image size for boards and defects of a size; memory, epochs and time",
        "example:\n  changenet advise --board 30x20 --defect 0.1\n",
        read_only=True,
    ),
    Verb(
        "compare",
        f"{ROOM}.compare",
        "compare",
        "which of two models is better",
        "example:\n  changenet compare evaluate-20260101-120000-0a1b2c evaluate-20260102-120000-0a1b2c\n",
        read_only=True,
    ),
    Verb(
        "remove",
        f"{ROOM}.remove",
        "remove",
        "remove the files of a job or search; its record stays",
        "example:\n  changenet remove train-20260101-120000-0a1b2c --yes\n",
        destructive=True,
    ),
    Verb(
        "diagnose",
        f"{ROOM}.diagnose",
        "diagnose",
        "tell why a job failed, and what helps",
        "example:\n  changenet diagnose train-20260101-120000-0a1b2c\n",
        read_only=True,
    ),
    Verb(
        "report",
        f"{ROOM}.report",
        "report",
        "write an inspection report anew, for another target",
        'example:\n  changenet report evaluate-20260101-120000-0a1b2c --target "far<=0.5% at recall=99%"\n',
        destructive=True,
    ),
)
"""In the order of the help."""
