# SPDX-License-Identifier: Apache-2.0
"""The tables of a store that PostgreSQL keeps, version by version; the present ones of `tables`, on a server."""

from __future__ import annotations

from core.postgres import tables

_OF_JOB = "job_id TEXT NOT NULL REFERENCES jobs (job_id)"
_FIRST = {
    "jobs": (
        "job_id TEXT PRIMARY KEY, action TEXT NOT NULL, task TEXT NOT NULL, runner TEXT NOT NULL, "
        "folder TEXT NOT NULL, results_dir TEXT NOT NULL, plan_id TEXT NOT NULL, config_sha256 TEXT NOT NULL, "
        "image TEXT, image_digest TEXT, parent_job_id TEXT, part_of TEXT, retry_of TEXT UNIQUE"
    ),
    "transitions": (
        f"sequence INTEGER PRIMARY KEY AUTOINCREMENT, {_OF_JOB}, "
        "state TEXT NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'COMPLETE', 'ERROR', 'CANCELED')), "
        "at TEXT NOT NULL, reason TEXT NOT NULL"
    ),
    "handles": f"sequence INTEGER PRIMARY KEY AUTOINCREMENT, {_OF_JOB}, at TEXT NOT NULL, document TEXT NOT NULL",
    "cancel_requests": "job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), at TEXT NOT NULL, reason TEXT NOT NULL",
    "outcomes": (
        "job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), exit_code INTEGER, metrics TEXT NOT NULL, "
        "failure_code TEXT, failure_message TEXT, failure_place TEXT, failure_remedy TEXT"
    ),
    "artifacts": (
        f"{_OF_JOB}, path TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, "
        "roles TEXT NOT NULL, epoch INTEGER, step INTEGER, PRIMARY KEY (job_id, path)"
    ),
    "image_digests": "job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), digest TEXT NOT NULL",
    "claims": f"claim TEXT PRIMARY KEY, {_OF_JOB}",
}
_SECOND = {"removals": "job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), at TEXT NOT NULL, bytes INTEGER NOT NULL"}
_RULES = """
CREATE INDEX jobs_in_order ON jobs (rowid);
CREATE INDEX jobs_of_plan ON jobs (plan_id);
CREATE INDEX parts_of_search ON jobs (part_of);
CREATE INDEX children_of_job ON jobs (parent_job_id);
CREATE INDEX transitions_of_job ON transitions (job_id, sequence);
CREATE INDEX handles_of_job ON handles (job_id, sequence);
CREATE INDEX ended_jobs ON transitions (job_id) WHERE state IN ('COMPLETE', 'ERROR', 'CANCELED');
CREATE FUNCTION terminal_states_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM transitions WHERE job_id = NEW.job_id AND state IN ('COMPLETE', 'ERROR', 'CANCELED')
    ) THEN
        RAISE EXCEPTION 'the job has ended' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER terminal_states_stay BEFORE INSERT ON transitions
    FOR EACH ROW EXECUTE FUNCTION terminal_states_stay();
"""
SCRIPTS = (tables(_FIRST) + _RULES, tables(_SECOND))
