# SPDX-License-Identifier: Apache-2.0
"""The tables of a store, version by version: no released script is ever changed, the next one goes on from it."""

from __future__ import annotations

from core.sqlite_migrations import append_only

_FIRST = """
CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY, action TEXT NOT NULL, task TEXT NOT NULL, runner TEXT NOT NULL,
    folder TEXT NOT NULL, results_dir TEXT NOT NULL, plan_id TEXT NOT NULL, config_sha256 TEXT NOT NULL,
    image TEXT, image_digest TEXT, parent_job_id TEXT
);
CREATE TABLE transitions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL REFERENCES jobs (job_id),
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'COMPLETE', 'ERROR', 'CANCELED')),
    at TEXT NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX transitions_of_job ON transitions (job_id, sequence);
CREATE TABLE processes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL REFERENCES jobs (job_id),
    role TEXT NOT NULL CHECK (role IN ('launcher', 'supervisor', 'action')),
    pid INTEGER NOT NULL, started TEXT NOT NULL, host TEXT NOT NULL, boot TEXT NOT NULL, namespace TEXT NOT NULL
);
CREATE INDEX processes_of_job ON processes (job_id);
CREATE TABLE cancel_requests (
    job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), at TEXT NOT NULL, reason TEXT NOT NULL
);
CREATE TABLE outcomes (
    job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), exit_code INTEGER, metrics TEXT NOT NULL,
    failure_kind TEXT, failure_message TEXT
);
CREATE TABLE artifacts (
    job_id TEXT NOT NULL REFERENCES jobs (job_id), path TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL,
    sha256 TEXT NOT NULL, roles TEXT NOT NULL, epoch INTEGER, step INTEGER, PRIMARY KEY (job_id, path)
);
CREATE TRIGGER terminal_states_stay BEFORE INSERT ON transitions
WHEN EXISTS (SELECT 1 FROM transitions WHERE job_id = NEW.job_id AND state IN ('COMPLETE', 'ERROR', 'CANCELED'))
BEGIN SELECT RAISE(ABORT, 'the job has ended'); END;
"""
_HANDLES = """
ALTER TABLE jobs ADD COLUMN part_of TEXT;
CREATE INDEX jobs_of_plan ON jobs (plan_id);
ALTER TABLE outcomes RENAME COLUMN failure_kind TO failure_code;
ALTER TABLE outcomes ADD COLUMN failure_place TEXT;
ALTER TABLE outcomes ADD COLUMN failure_remedy TEXT;
CREATE TABLE handles (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL REFERENCES jobs (job_id),
    at TEXT NOT NULL, document TEXT NOT NULL
);
CREATE INDEX handles_of_job ON handles (job_id, sequence);
INSERT INTO handles (job_id, at, document)
    SELECT job_id, (SELECT max(at) FROM transitions WHERE transitions.job_id = jobs.job_id), json_object(
        'platform', runner, 'details', json_group_object(role, json_object(
            'pid', pid, 'started', started, 'host', host, 'boot', boot, 'namespace', namespace)))
    FROM jobs JOIN processes USING (job_id)
    WHERE sequence IN (SELECT max(sequence) FROM processes GROUP BY job_id, role)
    GROUP BY job_id ORDER BY jobs.rowid;
DROP TABLE processes;
"""
_IMAGES = """
CREATE TABLE image_digests (job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), digest TEXT NOT NULL);
"""
_RETRIES = """
ALTER TABLE jobs ADD COLUMN retry_of TEXT;
CREATE UNIQUE INDEX one_retry_of_job ON jobs (retry_of);
"""
# A job that has none of these rows has not ended: so open jobs are found without reading the life of every other one.
_ENDS = """
CREATE INDEX ended_jobs ON transitions (job_id) WHERE state IN ('COMPLETE', 'ERROR', 'CANCELED');
CREATE INDEX parts_of_search ON jobs (part_of);
CREATE INDEX children_of_job ON jobs (parent_job_id);
"""
# A trial is claimed before it is launched: so it is launched once, whatever its controllers believe of each other.
_CLAIMS = """
CREATE TABLE claims (claim TEXT PRIMARY KEY, job_id TEXT NOT NULL REFERENCES jobs (job_id));
"""
_REMOVALS = """
CREATE TABLE removals (job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), at TEXT NOT NULL, bytes INTEGER NOT NULL);
"""
_FIRST_TABLES = ("jobs", "transitions", "processes", "cancel_requests", "outcomes", "artifacts")
# Each script brings a store of the version before it up to date; a new store runs them all.
MIGRATIONS = (
    _FIRST + "".join(map(append_only, _FIRST_TABLES)),
    _HANDLES + append_only("handles"),
    _IMAGES + append_only("image_digests"),
    _RETRIES,
    _ENDS,
    _CLAIMS + append_only("claims"),
    _REMOVALS + append_only("removals"),
)
