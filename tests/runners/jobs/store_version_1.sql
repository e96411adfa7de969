BEGIN TRANSACTION;
CREATE TABLE artifacts (
    job_id TEXT NOT NULL REFERENCES jobs (job_id), path TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL,
    sha256 TEXT NOT NULL, roles TEXT NOT NULL, epoch INTEGER, step INTEGER, PRIMARY KEY (job_id, path)
);
INSERT INTO "artifacts" VALUES('train-20261126-183350-a1fd80','experiment.yaml','spec',104,'e908318b8cab74d0f0eaaf8e339ec648fb97b8e16161a1644351595f0ccde704','',NULL,NULL);
INSERT INTO "artifacts" VALUES('train-20261126-183350-a1fd80','model_best_000.pth','checkpoint',187,'e0753902af1d800c5f913eb57ed9e001c0d0a1112775d44fd650fbc1650e9989','best top_k',0,10);
INSERT INTO "artifacts" VALUES('train-20261126-183350-a1fd80','model_epoch_000_step_00010.pth','checkpoint',187,'e0753902af1d800c5f913eb57ed9e001c0d0a1112775d44fd650fbc1650e9989','latest periodic',0,10);
INSERT INTO "artifacts" VALUES('train-20261126-183350-a1fd80','status.json','status',191,'6066f18983535c798a60af9c05a592b68f3363fde91bc92209257372692de650','',NULL,NULL);
INSERT INTO "artifacts" VALUES('train-20261126-183351-6cb583','experiment.yaml','spec',155,'f55bfe3810b39f815b8f0907bb85bf3a2918ccc45a6dfc224351e03dec32a0d2','',NULL,NULL);
INSERT INTO "artifacts" VALUES('train-20261126-183351-6cb583','status.json','status',90,'296215d414e6b339380203b09eb4ae603f4e60fd4477999ea025d7abe5b7b6ae','',NULL,NULL);
INSERT INTO "artifacts" VALUES('train-20261126-183351-2d8905','experiment.yaml','spec',91,'3359c504e0714e4196188961db4d1b4caa3e8d6a2371daa56268d008750a7e93','',NULL,NULL);
INSERT INTO "artifacts" VALUES('train-20261126-183351-2d8905','ready','file',5,'73fdedb8f28f6b528d987448f7abb0016e7d6c14e3622480176d0c7db48cfbd9','',NULL,NULL);
INSERT INTO "artifacts" VALUES('train-20261126-183351-2d8905','status.json','status',42,'8c7c3430ebf32f44508e6407f7d0203603d4fd3e0b9f026f91778b4cb1499b5b','',NULL,NULL);
CREATE TABLE cancel_requests (
    job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), at TEXT NOT NULL, reason TEXT NOT NULL
);
INSERT INTO "cancel_requests" VALUES('train-20261126-183351-2d8905','2026-11-26T18:33:54.112+00:00','canceled by the user');
CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY, action TEXT NOT NULL, task TEXT NOT NULL, runner TEXT NOT NULL,
    folder TEXT NOT NULL, results_dir TEXT NOT NULL, plan_id TEXT NOT NULL, config_sha256 TEXT NOT NULL,
    image TEXT, image_digest TEXT, parent_job_id TEXT
);
INSERT INTO "jobs" VALUES('train-20261126-183350-a1fd80','train','classify','local','/srv/results/train-20261126-183350-a1fd80','/srv/results/train-20261126-183350-a1fd80/results/train','36bfd47ff1f28d8fc794d2ec18a63a55c1d7c9923cad66756a5d01e37a6cc157','1fe1b4d29c27f0dd0c67a323d3bc4fafe02ec48162810c4cd3df3b70d2f91ba9',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('train-20261126-183351-6cb583','train','classify','local','/srv/results/train-20261126-183351-6cb583','/srv/results/train-20261126-183351-6cb583/results/train','e0241a4e2b9b114947404f28897c3fb5463c81cdff67ab5f0f04ec3a80832a90','1e93e39e5c85eddb8308540a7ab0da078fcebdfd694b9bafe7083acb1000b7eb',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('train-20261126-183351-2d8905','train','classify','local','/srv/results/train-20261126-183351-2d8905','/srv/results/train-20261126-183351-2d8905/results/train','6e21abfc7544e2e5f505559fcc732cdcb7fbd0cd9d9df8dc36c4daec1f70c37f','0ed6ec49a986ab52f3de705872a8246f87e03857db4b9712179c2b02334004d0',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('train-20261126-183354-da9999','train','classify','local','/srv/results/train-20261126-183354-da9999','/srv/results/train-20261126-183354-da9999/results/train','6e21abfc7544e2e5f505559fcc732cdcb7fbd0cd9d9df8dc36c4daec1f70c37f','5ad042a3778eef943624782b0a7ff61c20450ec803a75a21219b4f5737e83d8d',NULL,NULL,NULL);
CREATE TABLE outcomes (
    job_id TEXT PRIMARY KEY REFERENCES jobs (job_id), exit_code INTEGER, metrics TEXT NOT NULL,
    failure_kind TEXT, failure_message TEXT
);
INSERT INTO "outcomes" VALUES('train-20261126-183350-a1fd80',0,'{"val_loss": 0.5}',NULL,NULL);
INSERT INTO "outcomes" VALUES('train-20261126-183351-6cb583',1,'{}','action.failed','exit code 1. no such csv');
INSERT INTO "outcomes" VALUES('train-20261126-183351-2d8905',1,'{}',NULL,NULL);
CREATE TABLE processes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL REFERENCES jobs (job_id),
    role TEXT NOT NULL CHECK (role IN ('launcher', 'supervisor', 'action')),
    pid INTEGER NOT NULL, started TEXT NOT NULL, host TEXT NOT NULL, boot TEXT NOT NULL, namespace TEXT NOT NULL
);
INSERT INTO "processes" VALUES(1,'train-20261126-183350-a1fd80','launcher',14891,'90646','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(2,'train-20261126-183350-a1fd80','supervisor',14933,'90720','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(3,'train-20261126-183350-a1fd80','action',14934,'90725','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(4,'train-20261126-183351-6cb583','launcher',14891,'90646','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(5,'train-20261126-183351-6cb583','supervisor',14951,'90789','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(6,'train-20261126-183351-6cb583','action',14952,'90793','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(7,'train-20261126-183351-2d8905','launcher',14891,'90646','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(8,'train-20261126-183351-2d8905','supervisor',14959,'90862','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(9,'train-20261126-183351-2d8905','action',14961,'90868','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(10,'train-20261126-183354-da9999','launcher',14891,'90646','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(11,'train-20261126-183354-da9999','supervisor',14979,'91099','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
INSERT INTO "processes" VALUES(12,'train-20261126-183354-da9999','action',14980,'91101','bench','11111111-2222-4333-8444-555555555555','pid:[4026531836]');
CREATE TABLE transitions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL REFERENCES jobs (job_id),
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'COMPLETE', 'ERROR', 'CANCELED')),
    at TEXT NOT NULL, reason TEXT NOT NULL
);
INSERT INTO "transitions" VALUES(1,'train-20261126-183350-a1fd80','PENDING','2026-11-26T18:33:50.155+00:00','the record is opened');
INSERT INTO "transitions" VALUES(2,'train-20261126-183350-a1fd80','RUNNING','2026-11-26T18:33:50.588+00:00','the action is started');
INSERT INTO "transitions" VALUES(3,'train-20261126-183350-a1fd80','COMPLETE','2026-11-26T18:33:50.859+00:00','exit code 0 and a log that says PASS');
INSERT INTO "transitions" VALUES(4,'train-20261126-183351-6cb583','PENDING','2026-11-26T18:33:51.100+00:00','the record is opened');
INSERT INTO "transitions" VALUES(5,'train-20261126-183351-6cb583','RUNNING','2026-11-26T18:33:51.248+00:00','the action is started');
INSERT INTO "transitions" VALUES(6,'train-20261126-183351-6cb583','ERROR','2026-11-26T18:33:51.427+00:00','exit code 1. no such csv');
INSERT INTO "transitions" VALUES(7,'train-20261126-183351-2d8905','PENDING','2026-11-26T18:33:51.767+00:00','the record is opened');
INSERT INTO "transitions" VALUES(8,'train-20261126-183351-2d8905','RUNNING','2026-11-26T18:33:52.004+00:00','the action is started');
INSERT INTO "transitions" VALUES(9,'train-20261126-183351-2d8905','CANCELED','2026-11-26T18:33:54.228+00:00','canceled by the user');
INSERT INTO "transitions" VALUES(10,'train-20261126-183354-da9999','PENDING','2026-11-26T18:33:54.280+00:00','the record is opened');
INSERT INTO "transitions" VALUES(11,'train-20261126-183354-da9999','RUNNING','2026-11-26T18:33:54.354+00:00','the action is started');
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
INSERT INTO "sqlite_sequence" VALUES('transitions',11);
INSERT INTO "sqlite_sequence" VALUES('processes',12);
COMMIT;
PRAGMA user_version = 1;
