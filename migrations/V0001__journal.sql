-- The journal: what was asked, what was done, what came of it.
--
-- Integers inside, names at the edge: kinds and statuses are numbers here and words in the views.
-- Times are microseconds since 1970-01-01 00:00 UTC.
-- An operation without an outcome is in progress.

CREATE TABLE operation_kinds (
  kind INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Kinds below 10 are the frequent ones: operations point to the newest earlier operation of each.
-- Kinds from 10 on are rare: the index operations_rare finds them.
INSERT INTO operation_kinds (kind, name) VALUES
  (1, 'StartApplication'),
  (2, 'StopApplication'),
  (3, 'UpdateApplication'),
  (4, 'ScaleApplication'),
  (5, 'CreateApplicationSnapshot'),
  (10, 'CreateApplication'),
  (11, 'DeleteApplication'),
  (12, 'RollbackApplication'),
  (13, 'SystemRollbackApplication'),
  (14, 'DeleteApplicationSnapshot'),
  (15, 'ApplicationEnded');

CREATE TABLE operation_statuses (
  status INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO operation_statuses (status, name) VALUES
  (1, 'IN_PROGRESS'), (2, 'SUCCESSFUL'), (3, 'FAILED'), (4, 'CANCELLED');

CREATE TABLE application_statuses (
  status INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO application_statuses (status, name) VALUES
  (1, 'READY'), (2, 'RUNNING'), (3, 'STARTING'), (4, 'STOPPING'), (5, 'FORCE_STOPPING'),
  (6, 'UPDATING'), (7, 'AUTOSCALING'), (8, 'ROLLING_BACK'), (9, 'DELETING'), (10, 'DELETED');

-- One row for each application that ever was. A name is unique among the living.
CREATE TABLE applications (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  runtime TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;

CREATE UNIQUE INDEX applications_living ON applications (name) WHERE deleted_at IS NULL;
CREATE INDEX applications_named ON applications (name);

-- Every change that was asked for, in the order in which it began.
CREATE TABLE operations (
  id INTEGER PRIMARY KEY,
  application_id INTEGER NOT NULL REFERENCES applications (id),
  kind INTEGER NOT NULL REFERENCES operation_kinds (kind),
  started_at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT,
  parameters TEXT CHECK (parameters IS NULL OR json_valid(parameters)),  -- the request, whole
  version_from INTEGER,
  version_to INTEGER,      -- where the operation changes the version
  parallelism_from INTEGER,
  parallelism_to INTEGER,  -- where the operation changes the parallelism
  caused_by INTEGER,       -- the operation whose outcome began this one
  -- Back pointers within the application, so that lists walk primary keys:
  previous_id INTEGER,
  previous_failed_id INTEGER,      -- the newest earlier one that is FAILED or CANCELLED
  previous_successful_id INTEGER,
  previous_start_id INTEGER,
  previous_stop_id INTEGER,
  previous_update_id INTEGER,
  previous_scale_id INTEGER,
  previous_snapshot_id INTEGER
) STRICT;

CREATE INDEX operations_rare ON operations (application_id, kind) WHERE kind >= 10;

-- Which versions were rolled back from: kinds 12 and 13.
CREATE INDEX operations_rolled_back ON operations (application_id, version_from)
  WHERE kind IN (12, 13);

-- The newest operation of each application. Written when an operation begins.
CREATE TABLE heads (
  application_id INTEGER PRIMARY KEY REFERENCES applications (id),
  operation_id INTEGER NOT NULL
) STRICT;

-- The operation in flight of each application that has one.
CREATE TABLE open_operations (
  application_id INTEGER PRIMARY KEY REFERENCES applications (id),
  operation_id INTEGER NOT NULL
) STRICT;

-- Which generation of each running application runs, and where.
CREATE TABLE running (
  application_id INTEGER PRIMARY KEY REFERENCES applications (id),
  generation TEXT NOT NULL,
  operation_id INTEGER NOT NULL REFERENCES operations (id),  -- the one that deployed it
  version INTEGER NOT NULL,
  parallelism INTEGER NOT NULL,
  place TEXT CHECK (place IS NULL OR json_valid(place))
) STRICT;

-- What an operation did, step by step; a step before a side effect holds the ids it will carry.
CREATE TABLE operation_steps (
  operation_id INTEGER NOT NULL REFERENCES operations (id),
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  step TEXT NOT NULL,
  detail TEXT CHECK (detail IS NULL OR json_valid(detail)),
  PRIMARY KEY (operation_id, sequence)
) STRICT, WITHOUT ROWID;

-- How an operation ended, and what it left behind.
CREATE TABLE operation_outcomes (
  operation_id INTEGER PRIMARY KEY REFERENCES operations (id),
  application_id INTEGER NOT NULL,
  status INTEGER NOT NULL REFERENCES operation_statuses (status) CHECK (status > 1),
  ended_at INTEGER NOT NULL,
  application_status INTEGER NOT NULL REFERENCES application_statuses (status),
  version INTEGER NOT NULL,
  parallelism INTEGER NOT NULL,
  updated_from INTEGER,
  rolled_back_from INTEGER,
  rolled_back_to INTEGER,
  -- A good state is the version and parallelism of the outcome that pushed it on the stack.
  good_state INTEGER,        -- the operation whose outcome pushed the one now on top
  good_state_below INTEGER,  -- where this outcome pushed: the one that was on top before
  -- 1 where this outcome pushed a version that another operation had made. What the operation that
  -- made a version pushed is found through the version; so this index stays small.
  pushed_again INTEGER CHECK (pushed_again = 1),
  rollback_decision TEXT,
  rollback_decision_reason TEXT,
  rollback_operation_id INTEGER
) STRICT;

CREATE INDEX operation_outcomes_pushed_again ON operation_outcomes (application_id, version)
  WHERE pushed_again = 1;

-- Why an operation failed: kept for good.
CREATE TABLE failures (
  operation_id INTEGER PRIMARY KEY REFERENCES operations (id),
  phase TEXT NOT NULL,
  root_cause TEXT NOT NULL,
  text TEXT NOT NULL,
  evidence TEXT NOT NULL CHECK (json_valid(evidence)),
  log_tail TEXT
) STRICT;

-- Somebody asked that an operation in flight be given up, and what is to follow.
CREATE TABLE cancellations (
  operation_id INTEGER NOT NULL REFERENCES operations (id),
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT,
  follows TEXT NOT NULL CHECK (json_valid(follows)),
  PRIMARY KEY (operation_id, sequence)
) STRICT, WITHOUT ROWID;

-- A generation that may still run although nobody could make sure.
CREATE TABLE suspects (
  id INTEGER PRIMARY KEY,
  application_id INTEGER NOT NULL REFERENCES applications (id),
  operation_id INTEGER NOT NULL REFERENCES operations (id),
  generation TEXT NOT NULL,
  place TEXT CHECK (place IS NULL OR json_valid(place)),
  cluster TEXT,  -- the address of the cluster that it may start on
  since INTEGER NOT NULL
) STRICT;

CREATE TABLE suspect_resolutions (
  suspect_id INTEGER PRIMARY KEY REFERENCES suspects (id),
  resolution TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- The suspects without a resolution: few, so that they are read whole. Written with those rows, and
-- rebuildable from them.
CREATE TABLE open_suspects (
  suspect_id INTEGER PRIMARY KEY REFERENCES suspects (id)
) STRICT;

-- What was changed of an application without an operation; the newest row of a kind is what stands.
CREATE TABLE application_changes (
  id INTEGER PRIMARY KEY,
  application_id INTEGER NOT NULL REFERENCES applications (id),
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('tags', 'maintenance window')),
  value TEXT NOT NULL CHECK (json_valid(value))
) STRICT;

CREATE INDEX application_changes_newest ON application_changes (application_id, kind);

-- Every configuration that an application ever had.
CREATE TABLE versions (
  operation_id INTEGER PRIMARY KEY REFERENCES operations (id),  -- the one that made it
  application_id INTEGER NOT NULL REFERENCES applications (id),
  version INTEGER NOT NULL CHECK (version BETWEEN 1 AND 999999999),
  created_at INTEGER NOT NULL,
  artifact TEXT NOT NULL,  -- sha256 of the bytes in the artifact store
  runtime_environment TEXT NOT NULL,
  configuration TEXT NOT NULL CHECK (json_valid(configuration))
) STRICT;

CREATE UNIQUE INDEX versions_by_number ON versions (application_id, version);

-- A snapshot's intent; its outcome row says whether there is one.
CREATE TABLE snapshots (
  id INTEGER PRIMARY KEY,
  application_id INTEGER NOT NULL REFERENCES applications (id),
  name TEXT NOT NULL,
  operation_id INTEGER NOT NULL REFERENCES operations (id),
  version INTEGER NOT NULL,
  runtime_environment TEXT NOT NULL,
  generation TEXT NOT NULL,
  started_at INTEGER NOT NULL
) STRICT;

CREATE INDEX snapshots_by_application ON snapshots (application_id);
CREATE INDEX snapshots_by_name ON snapshots (application_id, name);

CREATE TABLE snapshot_outcomes (
  id INTEGER PRIMARY KEY,  -- the newest snapshot is the one with the highest
  snapshot_id INTEGER NOT NULL UNIQUE REFERENCES snapshots (id),
  application_id INTEGER NOT NULL,
  ready INTEGER NOT NULL CHECK (ready IN (0, 1)),
  ended_at INTEGER NOT NULL,
  location TEXT,
  size INTEGER,
  digest TEXT,
  failure TEXT
) STRICT;

CREATE INDEX snapshot_outcomes_ready ON snapshot_outcomes (application_id) WHERE ready = 1;

CREATE TABLE snapshot_deletions (
  snapshot_id INTEGER PRIMARY KEY REFERENCES snapshots (id),
  operation_id INTEGER NOT NULL REFERENCES operations (id),
  deleted_at INTEGER NOT NULL
) STRICT;

-- What `prune` is about to remove: bytes, never a row. Written before they are removed, so that what
-- could not be removed, or not at once, has a row too, and one for each attempt.
CREATE TABLE prunings (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('code', 'snapshot', 'generation')),
  application_id INTEGER REFERENCES applications (id),  -- not of code: applications may share it
  name TEXT NOT NULL,  -- the code's digest, the snapshot's number, the generation's token
  size INTEGER NOT NULL,
  newest_operation_id INTEGER NOT NULL  -- of the journal, when it was written
) STRICT;

CREATE INDEX prunings_by_name ON prunings (kind, name);
