BEGIN TRANSACTION;
CREATE TABLE artifacts (
    job_id TEXT NOT NULL REFERENCES jobs (job_id), path TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL,
    sha256 TEXT NOT NULL, roles TEXT NOT NULL, epoch INTEGER, step INTEGER, PRIMARY KEY (job_id, path)
);
INSERT INTO "artifacts" VALUES('train-20261126-183317-8037e6','interval.json','file',40,'f4b35839401fc4bc2bede9b534d54d87fc407a846594174cae89135a436989bd','',NULL,NULL);
INSERT INTO "artifacts" VALUES('train-20261126-183317-8037e6','model_best_001.pth','checkpoint',219,'b19b5026dfe742d379a7e8d8e9139967dc8f468f4162e0c550fa8341f277ec5f','best top_k',1,20);
INSERT INTO "artifacts" VALUES('train-20261126-183317-8037e6','model_epoch_001_step_00020.pth','checkpoint',219,'b19b5026dfe742d379a7e8d8e9139967dc8f468f4162e0c550fa8341f277ec5f','latest periodic',1,20);
INSERT INTO "artifacts" VALUES('train-20261126-183317-8037e6','status.json','status',541,'95d2f1008fb826a1ef044c91bb8ff44ce1cb765b1b1782430afb1537e06f9f3a','',NULL,NULL);
INSERT INTO "artifacts" VALUES('train-20261126-183318-e16a00','status.json','status',86,'9c84d08ec40daf1368daf8ff14439c7a61f8f28e74684129c0758e79aa2ac6e7','',NULL,NULL);
CREATE TABLE cancel_requests (
    job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), at TEXT NOT NULL, reason TEXT NOT NULL
);
INSERT INTO "cancel_requests" VALUES('train-20261126-183318-e16a00','2026-11-26T18:33:19.636+00:00','the search was interrupted');
CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY, action TEXT NOT NULL, task TEXT NOT NULL, runner TEXT NOT NULL,
    folder TEXT NOT NULL, results_dir TEXT NOT NULL, plan_id TEXT NOT NULL, config_sha256 TEXT NOT NULL,
    image TEXT, image_digest TEXT, parent_job_id TEXT
);
INSERT INTO "jobs" VALUES('train-20261126-183317-8037e6','train','classify','local','@ROOT@/results/train-20261126-183317-8037e6','@ROOT@/results/train-20261126-183317-8037e6/results/train','86d32cbd17f21739a6b7d9d9ccbb77f1b6fc615872dedc33c49965c9af489b8b','056b4b2b8d2570e8ec22ace420f10bc79fccdcc1f4af51df95523e9452c91ade',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('train-20261126-183318-e16a00','train','classify','local','@ROOT@/results/train-20261126-183318-e16a00','@ROOT@/results/train-20261126-183318-e16a00/results/train','4244d29b03bd79d02e6d641a28c6935021c161b0b9fb1bb61e9a7aa8720505cb','2da73143e3b7ce982af172f8301a25db1f47ce93bfb40603f7c075ab5775c5bf',NULL,NULL,NULL);
CREATE TABLE outcomes (
    job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), exit_code INTEGER, metrics TEXT NOT NULL,
    failure_kind TEXT, failure_message TEXT
);
INSERT INTO "outcomes" VALUES('train-20261126-183317-8037e6',0,'{"val_loss": 1.5, "val_acc": 98.5, "val_far": 15.0}',NULL,NULL);
INSERT INTO "outcomes" VALUES('train-20261126-183318-e16a00',1,'{}',NULL,NULL);
CREATE TABLE processes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL REFERENCES jobs (job_id),
    role TEXT NOT NULL CHECK (role IN ('launcher', 'supervisor', 'action')),
    pid INTEGER NOT NULL, started TEXT NOT NULL, host TEXT NOT NULL, boot TEXT NOT NULL, namespace TEXT NOT NULL
);
INSERT INTO "processes" VALUES(1,'train-20261126-183317-8037e6','launcher',13427,'87270','board-pc','00000000-0000-0000-0000-000000000000','pid:[4026531836]');
INSERT INTO "processes" VALUES(2,'train-20261126-183317-8037e6','supervisor',13658,'87451','board-pc','00000000-0000-0000-0000-000000000000','pid:[4026531836]');
INSERT INTO "processes" VALUES(3,'train-20261126-183317-8037e6','action',13667,'87456','board-pc','00000000-0000-0000-0000-000000000000','pid:[4026531836]');
INSERT INTO "processes" VALUES(4,'train-20261126-183318-e16a00','launcher',13427,'87270','board-pc','00000000-0000-0000-0000-000000000000','pid:[4026531836]');
INSERT INTO "processes" VALUES(5,'train-20261126-183318-e16a00','supervisor',13725,'87510','board-pc','00000000-0000-0000-0000-000000000000','pid:[4026531836]');
INSERT INTO "processes" VALUES(6,'train-20261126-183318-e16a00','action',13734,'87513','board-pc','00000000-0000-0000-0000-000000000000','pid:[4026531836]');
CREATE TABLE transitions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL REFERENCES jobs (job_id),
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'COMPLETE', 'ERROR', 'CANCELED')),
    at TEXT NOT NULL, reason TEXT NOT NULL
);
INSERT INTO "transitions" VALUES(1,'train-20261126-183317-8037e6','PENDING','2026-11-26T18:33:17.629+00:00','the record is opened');
INSERT INTO "transitions" VALUES(2,'train-20261126-183317-8037e6','RUNNING','2026-11-26T18:33:17.888+00:00','the action is started');
INSERT INTO "transitions" VALUES(3,'train-20261126-183317-8037e6','COMPLETE','2026-11-26T18:33:18.051+00:00','exit code 0 and a log that says PASS');
INSERT INTO "transitions" VALUES(4,'train-20261126-183318-e16a00','PENDING','2026-11-26T18:33:18.230+00:00','the record is opened');
INSERT INTO "transitions" VALUES(5,'train-20261126-183318-e16a00','RUNNING','2026-11-26T18:33:18.462+00:00','the action is started');
INSERT INTO "transitions" VALUES(6,'train-20261126-183318-e16a00','CANCELED','2026-11-26T18:33:19.791+00:00','the search was interrupted');
CREATE INDEX transitions_of_job ON transitions (job_id, sequence);
CREATE INDEX processes_of_job ON processes (job_id);
CREATE TRIGGER terminal_states_stay BEFORE INSERT ON transitions
WHEN EXISTS (SELECT 1 FROM transitions WHERE job_id = NEW.job_id AND state IN ('COMPLETE', 'ERROR', 'CANCELED'))
BEGIN SELECT RAISE(ABORT, 'the job has ended'); END;
CREATE TRIGGER jobs_no_update BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'records of jobs are never changed'); END;
CREATE TRIGGER jobs_no_delete BEFORE DELETE ON jobs BEGIN SELECT RAISE(ABORT, 'records of jobs are never changed'); END;
CREATE TRIGGER transitions_no_update BEFORE UPDATE ON transitions BEGIN SELECT RAISE(ABORT, 'records of transitions are never changed'); END;
CREATE TRIGGER transitions_no_delete BEFORE DELETE ON transitions BEGIN SELECT RAISE(ABORT, 'records of transitions are never changed'); END;
CREATE TRIGGER processes_no_update BEFORE UPDATE ON processes BEGIN SELECT RAISE(ABORT, 'records of processes are never changed'); END;
CREATE TRIGGER processes_no_delete BEFORE DELETE ON processes BEGIN SELECT RAISE(ABORT, 'records of processes are never changed'); END;
CREATE TRIGGER cancel_requests_no_update BEFORE UPDATE ON cancel_requests BEGIN SELECT RAISE(ABORT, 'records of cancel_requests are never changed'); END;
CREATE TRIGGER cancel_requests_no_delete BEFORE DELETE ON cancel_requests BEGIN SELECT RAISE(ABORT, 'records of cancel_requests are never changed'); END;
CREATE TRIGGER outcomes_no_update BEFORE UPDATE ON outcomes BEGIN SELECT RAISE(ABORT, 'records of outcomes are never changed'); END;
CREATE TRIGGER outcomes_no_delete BEFORE DELETE ON outcomes BEGIN SELECT RAISE(ABORT, 'records of outcomes are never changed'); END;
CREATE TRIGGER artifacts_no_update BEFORE UPDATE ON artifacts BEGIN SELECT RAISE(ABORT, 'records of artifacts are never changed'); END;
CREATE TRIGGER artifacts_no_delete BEFORE DELETE ON artifacts BEGIN SELECT RAISE(ABORT, 'records of artifacts are never changed'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('transitions',6);
INSERT INTO "sqlite_sequence" VALUES('processes',6);
COMMIT;
PRAGMA user_version = 1;
