-- The views are a public contract: docs/SQL.md describes every column.

-- Every application with what its newest operation leaves behind, or shows while in flight.
CREATE VIEW application_status AS
SELECT
  a.name AS application,
  a.id AS application_id,
  a.runtime AS runtime,
  CASE
    WHEN o.operation_id IS NOT NULL THEN (
      SELECT s.name FROM application_statuses AS s WHERE s.status = o.application_status)
    WHEN n.kind = 1 THEN 'STARTING'
    WHEN n.kind = 2 THEN iif(n.parameters ->> '$.force', 'FORCE_STOPPING', 'STOPPING')
    WHEN n.kind = 3 THEN 'UPDATING'
    WHEN n.kind = 4 THEN 'AUTOSCALING'
    WHEN n.kind = 11 THEN 'DELETING'
    WHEN n.kind IN (12, 13) THEN 'ROLLING_BACK'
    ELSE (SELECT s.name FROM application_statuses AS s WHERE s.status = p.application_status)
  END AS status,
  coalesce(o.version, iif(n.kind = 3, n.version_to, NULL), p.version) AS version,
  coalesce(o.parallelism, iif(n.kind IN (3, 4), n.parallelism_to, NULL), p.parallelism)
    AS parallelism,
  iif(o.operation_id IS NULL, n.id, NULL) AS operation_in_progress,
  iif(o.operation_id IS NOT NULL, o.updated_from,
      iif(n.kind = 3, n.version_from, p.updated_from)) AS updated_from,
  iif(o.operation_id IS NOT NULL, o.rolled_back_from, iif(n.kind = 3, NULL, p.rolled_back_from))
    AS rolled_back_from,
  iif(o.operation_id IS NOT NULL, o.rolled_back_to, iif(n.kind = 3, NULL, p.rolled_back_to))
    AS rolled_back_to,
  n.id AS newest_operation_id,
  strftime('%Y-%m-%dT%H:%M:%S', a.created_at / 1000000, 'unixepoch')
    || printf('.%06dZ', a.created_at % 1000000) AS created_at,
  strftime('%Y-%m-%dT%H:%M:%S', a.deleted_at / 1000000, 'unixepoch')
    || printf('.%06dZ', a.deleted_at % 1000000) AS deleted_at
FROM applications AS a
JOIN heads AS h ON h.application_id = a.id
JOIN operations AS n ON n.id = h.operation_id
LEFT JOIN operation_outcomes AS o ON o.operation_id = n.id
LEFT JOIN operation_outcomes AS p ON p.operation_id = n.previous_id;

-- Every operation, with its outcome and the cause of its failure.
CREATE VIEW operation_history AS
SELECT
  a.name AS application,
  n.application_id AS application_id,
  n.id AS operation_id,
  coalesce(n.parameters ->> '$.name', k.name) AS kind,
  coalesce(s.name, 'IN_PROGRESS') AS status,
  n.actor AS actor,
  n.reason AS reason,
  n.version_from AS from_version,
  n.version_to AS to_version,
  n.parallelism_from AS from_parallelism,
  n.parallelism_to AS to_parallelism,
  f.phase AS phase,
  f.root_cause AS root_cause,
  o.rollback_decision AS rollback_decision,
  o.rollback_decision_reason AS rollback_decision_reason,
  o.rollback_operation_id AS rollback_operation_id,
  n.caused_by AS caused_by_operation_id,
  strftime('%Y-%m-%dT%H:%M:%S', n.started_at / 1000000, 'unixepoch')
    || printf('.%06dZ', n.started_at % 1000000) AS started_at,
  strftime('%Y-%m-%dT%H:%M:%S', o.ended_at / 1000000, 'unixepoch')
    || printf('.%06dZ', o.ended_at % 1000000) AS ended_at,
  (o.ended_at - n.started_at) / 1000000.0 AS seconds
FROM operations AS n
JOIN applications AS a ON a.id = n.application_id
JOIN operation_kinds AS k ON k.kind = n.kind
LEFT JOIN operation_outcomes AS o ON o.operation_id = n.id
LEFT JOIN operation_statuses AS s ON s.status = o.status
LEFT JOIN failures AS f ON f.operation_id = n.id;

-- Every version of every application.
CREATE VIEW version_history AS
SELECT
  a.name AS application,
  v.application_id AS application_id,
  v.version AS version,
  v.operation_id AS operation_id,
  n.actor AS actor,
  n.reason AS reason,
  v.artifact AS artifact,
  v.runtime_environment AS runtime_environment,
  v.configuration AS configuration,
  EXISTS (
    SELECT 1 FROM operation_outcomes AS g
    WHERE g.operation_id = v.operation_id AND g.good_state = g.operation_id)
  OR EXISTS (
    SELECT 1 FROM operation_outcomes AS g
    WHERE g.pushed_again = 1
      AND g.application_id = v.application_id AND g.version = v.version) AS reached_running,
  strftime('%Y-%m-%dT%H:%M:%S', v.created_at / 1000000, 'unixepoch')
    || printf('.%06dZ', v.created_at % 1000000) AS created_at
FROM versions AS v
JOIN applications AS a ON a.id = v.application_id
JOIN operations AS n ON n.id = v.operation_id;

-- Every snapshot of every application, the failed and the deleted ones included.
CREATE VIEW snapshot_history AS
SELECT
  a.name AS application,
  s.application_id AS application_id,
  s.id AS snapshot_id,
  s.name AS snapshot,
  CASE
    WHEN d.snapshot_id IS NOT NULL THEN 'DELETED'
    WHEN o.ready = 1 THEN 'READY'
    WHEN o.ready = 0 THEN 'FAILED'
    ELSE 'CREATING'
  END AS status,
  s.version AS version,
  s.runtime_environment AS runtime_environment,
  s.operation_id AS operation_id,
  o.location AS location,
  o.size AS size,
  o.digest AS digest,
  o.failure AS failure,
  strftime('%Y-%m-%dT%H:%M:%S', s.started_at / 1000000, 'unixepoch')
    || printf('.%06dZ', s.started_at % 1000000) AS started_at,
  strftime('%Y-%m-%dT%H:%M:%S', o.ended_at / 1000000, 'unixepoch')
    || printf('.%06dZ', o.ended_at % 1000000) AS ended_at,
  strftime('%Y-%m-%dT%H:%M:%S', d.deleted_at / 1000000, 'unixepoch')
    || printf('.%06dZ', d.deleted_at % 1000000) AS deleted_at
FROM snapshots AS s
JOIN applications AS a ON a.id = s.application_id
LEFT JOIN snapshot_outcomes AS o ON o.snapshot_id = s.id
LEFT JOIN snapshot_deletions AS d ON d.snapshot_id = s.id;

-- One row for each rollback: what was rolled back, when, by whom, why, and what came of it.
CREATE VIEW rollback_history AS
SELECT
  a.name AS application,
  r.application_id AS application_id,
  k.name AS kind,
  r.version_from AS from_version,
  r.version_to AS to_version,
  r.caused_by AS failed_operation_id,
  r.id AS rollback_operation_id,
  (SELECT t.detail ->> '$.snapshot' FROM operation_steps AS t
   WHERE t.operation_id = r.id AND t.step = 'deploying'
   ORDER BY t.sequence DESC LIMIT 1) AS snapshot,
  coalesce(f.phase, rf.phase) AS phase,
  coalesce(f.root_cause, rf.root_cause) AS root_cause,
  coalesce(c.actor, r.actor) AS actor,
  iif(c.id IS NULL, r.reason, c.reason) AS reason,
  coalesce(s.name, 'IN_PROGRESS') AS outcome,
  strftime('%Y-%m-%dT%H:%M:%S', r.started_at / 1000000, 'unixepoch')
    || printf('.%06dZ', r.started_at % 1000000) AS started_at,
  strftime('%Y-%m-%dT%H:%M:%S', o.ended_at / 1000000, 'unixepoch')
    || printf('.%06dZ', o.ended_at % 1000000) AS ended_at,
  (o.ended_at - r.started_at) / 1000000.0 AS seconds
FROM operations AS r
JOIN applications AS a ON a.id = r.application_id
JOIN operation_kinds AS k ON k.kind = r.kind
LEFT JOIN operations AS c ON c.id = r.caused_by AND r.kind = 13
LEFT JOIN operation_outcomes AS o ON o.operation_id = r.id
LEFT JOIN operation_statuses AS s ON s.status = o.status
LEFT JOIN failures AS f ON f.operation_id = r.caused_by
LEFT JOIN failures AS rf ON rf.operation_id = r.id
WHERE r.kind >= 10 AND r.kind IN (12, 13);
