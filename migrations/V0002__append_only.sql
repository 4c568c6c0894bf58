-- The append-only tables refuse to be changed, whoever asks: UPDATE, DELETE, and an INSERT over an
-- existing key (INSERT OR REPLACE would forge a row). These guard against mistakes; SECURITY.md says
-- what they cannot guard against.

CREATE TRIGGER operations_no_update BEFORE UPDATE ON operations
BEGIN SELECT RAISE(ABORT, 'operations is append-only: rows are never changed'); END;
CREATE TRIGGER operations_no_delete BEFORE DELETE ON operations
BEGIN SELECT RAISE(ABORT, 'operations is append-only: rows are never deleted'); END;
CREATE TRIGGER operations_no_replace BEFORE INSERT ON operations
WHEN EXISTS (SELECT 1 FROM operations WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'operations is append-only: a row with this key exists'); END;

CREATE TRIGGER operation_steps_no_update BEFORE UPDATE ON operation_steps
BEGIN SELECT RAISE(ABORT, 'operation_steps is append-only: rows are never changed'); END;
CREATE TRIGGER operation_steps_no_delete BEFORE DELETE ON operation_steps
BEGIN SELECT RAISE(ABORT, 'operation_steps is append-only: rows are never deleted'); END;
CREATE TRIGGER operation_steps_no_replace BEFORE INSERT ON operation_steps
WHEN EXISTS (SELECT 1 FROM operation_steps WHERE operation_id = NEW.operation_id AND sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'operation_steps is append-only: a row with this key exists'); END;

CREATE TRIGGER operation_outcomes_no_update BEFORE UPDATE ON operation_outcomes
BEGIN SELECT RAISE(ABORT, 'operation_outcomes is append-only: rows are never changed'); END;
CREATE TRIGGER operation_outcomes_no_delete BEFORE DELETE ON operation_outcomes
BEGIN SELECT RAISE(ABORT, 'operation_outcomes is append-only: rows are never deleted'); END;
CREATE TRIGGER operation_outcomes_no_replace BEFORE INSERT ON operation_outcomes
WHEN EXISTS (SELECT 1 FROM operation_outcomes WHERE operation_id = NEW.operation_id)
BEGIN SELECT RAISE(ABORT, 'operation_outcomes is append-only: a row with this key exists'); END;

CREATE TRIGGER failures_no_update BEFORE UPDATE ON failures
BEGIN SELECT RAISE(ABORT, 'failures is append-only: rows are never changed'); END;
CREATE TRIGGER failures_no_delete BEFORE DELETE ON failures
BEGIN SELECT RAISE(ABORT, 'failures is append-only: rows are never deleted'); END;
CREATE TRIGGER failures_no_replace BEFORE INSERT ON failures
WHEN EXISTS (SELECT 1 FROM failures WHERE operation_id = NEW.operation_id)
BEGIN SELECT RAISE(ABORT, 'failures is append-only: a row with this key exists'); END;

CREATE TRIGGER cancellations_no_update BEFORE UPDATE ON cancellations
BEGIN SELECT RAISE(ABORT, 'cancellations is append-only: rows are never changed'); END;
CREATE TRIGGER cancellations_no_delete BEFORE DELETE ON cancellations
BEGIN SELECT RAISE(ABORT, 'cancellations is append-only: rows are never deleted'); END;
CREATE TRIGGER cancellations_no_replace BEFORE INSERT ON cancellations
WHEN EXISTS (SELECT 1 FROM cancellations WHERE operation_id = NEW.operation_id AND sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'cancellations is append-only: a row with this key exists'); END;

CREATE TRIGGER suspects_no_update BEFORE UPDATE ON suspects
BEGIN SELECT RAISE(ABORT, 'suspects is append-only: rows are never changed'); END;
CREATE TRIGGER suspects_no_delete BEFORE DELETE ON suspects
BEGIN SELECT RAISE(ABORT, 'suspects is append-only: rows are never deleted'); END;
CREATE TRIGGER suspects_no_replace BEFORE INSERT ON suspects
WHEN EXISTS (SELECT 1 FROM suspects WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'suspects is append-only: a row with this key exists'); END;

CREATE TRIGGER suspect_resolutions_no_update BEFORE UPDATE ON suspect_resolutions
BEGIN SELECT RAISE(ABORT, 'suspect_resolutions is append-only: rows are never changed'); END;
CREATE TRIGGER suspect_resolutions_no_delete BEFORE DELETE ON suspect_resolutions
BEGIN SELECT RAISE(ABORT, 'suspect_resolutions is append-only: rows are never deleted'); END;
CREATE TRIGGER suspect_resolutions_no_replace BEFORE INSERT ON suspect_resolutions
WHEN EXISTS (SELECT 1 FROM suspect_resolutions WHERE suspect_id = NEW.suspect_id)
BEGIN SELECT RAISE(ABORT, 'suspect_resolutions is append-only: a row with this key exists'); END;

CREATE TRIGGER application_changes_no_update BEFORE UPDATE ON application_changes
BEGIN SELECT RAISE(ABORT, 'application_changes is append-only: rows are never changed'); END;
CREATE TRIGGER application_changes_no_delete BEFORE DELETE ON application_changes
BEGIN SELECT RAISE(ABORT, 'application_changes is append-only: rows are never deleted'); END;
CREATE TRIGGER application_changes_no_replace BEFORE INSERT ON application_changes
WHEN EXISTS (SELECT 1 FROM application_changes WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'application_changes is append-only: a row with this key exists'); END;

CREATE TRIGGER versions_no_update BEFORE UPDATE ON versions
BEGIN SELECT RAISE(ABORT, 'versions is append-only: rows are never changed'); END;
CREATE TRIGGER versions_no_delete BEFORE DELETE ON versions
BEGIN SELECT RAISE(ABORT, 'versions is append-only: rows are never deleted'); END;
CREATE TRIGGER versions_no_replace BEFORE INSERT ON versions
WHEN EXISTS (SELECT 1 FROM versions WHERE operation_id = NEW.operation_id)
  OR EXISTS (SELECT 1 FROM versions
             WHERE application_id = NEW.application_id AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'versions is append-only: a row with this key exists'); END;

CREATE TRIGGER snapshots_no_update BEFORE UPDATE ON snapshots
BEGIN SELECT RAISE(ABORT, 'snapshots is append-only: rows are never changed'); END;
CREATE TRIGGER snapshots_no_delete BEFORE DELETE ON snapshots
BEGIN SELECT RAISE(ABORT, 'snapshots is append-only: rows are never deleted'); END;
CREATE TRIGGER snapshots_no_replace BEFORE INSERT ON snapshots
WHEN EXISTS (SELECT 1 FROM snapshots WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'snapshots is append-only: a row with this key exists'); END;

CREATE TRIGGER snapshot_outcomes_no_update BEFORE UPDATE ON snapshot_outcomes
BEGIN SELECT RAISE(ABORT, 'snapshot_outcomes is append-only: rows are never changed'); END;
CREATE TRIGGER snapshot_outcomes_no_delete BEFORE DELETE ON snapshot_outcomes
BEGIN SELECT RAISE(ABORT, 'snapshot_outcomes is append-only: rows are never deleted'); END;
CREATE TRIGGER snapshot_outcomes_no_replace BEFORE INSERT ON snapshot_outcomes
WHEN EXISTS (SELECT 1 FROM snapshot_outcomes WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM snapshot_outcomes WHERE snapshot_id = NEW.snapshot_id)
BEGIN SELECT RAISE(ABORT, 'snapshot_outcomes is append-only: a row with this key exists'); END;

CREATE TRIGGER snapshot_deletions_no_update BEFORE UPDATE ON snapshot_deletions
BEGIN SELECT RAISE(ABORT, 'snapshot_deletions is append-only: rows are never changed'); END;
CREATE TRIGGER snapshot_deletions_no_delete BEFORE DELETE ON snapshot_deletions
BEGIN SELECT RAISE(ABORT, 'snapshot_deletions is append-only: rows are never deleted'); END;
CREATE TRIGGER snapshot_deletions_no_replace BEFORE INSERT ON snapshot_deletions
WHEN EXISTS (SELECT 1 FROM snapshot_deletions WHERE snapshot_id = NEW.snapshot_id)
BEGIN SELECT RAISE(ABORT, 'snapshot_deletions is append-only: a row with this key exists'); END;

CREATE TRIGGER prunings_no_update BEFORE UPDATE ON prunings
BEGIN SELECT RAISE(ABORT, 'prunings is append-only: rows are never changed'); END;
CREATE TRIGGER prunings_no_delete BEFORE DELETE ON prunings
BEGIN SELECT RAISE(ABORT, 'prunings is append-only: rows are never deleted'); END;
CREATE TRIGGER prunings_no_replace BEFORE INSERT ON prunings
WHEN EXISTS (SELECT 1 FROM prunings WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'prunings is append-only: a row with this key exists'); END;

CREATE TRIGGER schema_migrations_no_update BEFORE UPDATE ON schema_migrations
BEGIN SELECT RAISE(ABORT, 'schema_migrations is append-only: rows are never changed'); END;
CREATE TRIGGER schema_migrations_no_delete BEFORE DELETE ON schema_migrations
BEGIN SELECT RAISE(ABORT, 'schema_migrations is append-only: rows are never deleted'); END;
CREATE TRIGGER schema_migrations_no_replace BEFORE INSERT ON schema_migrations
WHEN EXISTS (SELECT 1 FROM schema_migrations WHERE version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'schema_migrations is append-only: a row with this key exists'); END;

-- Nothing is added to an operation that has ended, and one application has one operation in flight.

CREATE TRIGGER operation_steps_only_while_open BEFORE INSERT ON operation_steps
WHEN EXISTS (SELECT 1 FROM operation_outcomes WHERE operation_id = NEW.operation_id)
BEGIN SELECT RAISE(ABORT, 'the operation has ended: no step can be added'); END;

CREATE TRIGGER cancellations_only_while_open BEFORE INSERT ON cancellations
WHEN EXISTS (SELECT 1 FROM operation_outcomes WHERE operation_id = NEW.operation_id)
BEGIN SELECT RAISE(ABORT, 'the operation has ended: it cannot be cancelled'); END;

CREATE TRIGGER open_operations_one_at_a_time BEFORE INSERT ON open_operations
WHEN EXISTS (SELECT 1 FROM open_operations WHERE application_id = NEW.application_id)
BEGIN SELECT RAISE(ABORT, 'the application has an operation in flight'); END;

CREATE TRIGGER applications_no_delete BEFORE DELETE ON applications
BEGIN SELECT RAISE(ABORT, 'applications are never deleted: deleted_at says when one ended'); END;

CREATE TRIGGER applications_no_replace BEFORE INSERT ON applications
WHEN EXISTS (SELECT 1 FROM applications WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'applications are never deleted: a row with this key exists'); END;

-- The words for kinds and statuses: what the views say must not change its meaning.

CREATE TRIGGER operation_kinds_no_update BEFORE UPDATE ON operation_kinds
BEGIN SELECT RAISE(ABORT, 'operation_kinds is fixed: rows are never changed'); END;
CREATE TRIGGER operation_kinds_no_delete BEFORE DELETE ON operation_kinds
BEGIN SELECT RAISE(ABORT, 'operation_kinds is fixed: rows are never deleted'); END;
CREATE TRIGGER operation_kinds_no_replace BEFORE INSERT ON operation_kinds
WHEN EXISTS (SELECT 1 FROM operation_kinds WHERE kind = NEW.kind OR name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'operation_kinds is fixed: a row with this key exists'); END;

CREATE TRIGGER operation_statuses_no_update BEFORE UPDATE ON operation_statuses
BEGIN SELECT RAISE(ABORT, 'operation_statuses is fixed: rows are never changed'); END;
CREATE TRIGGER operation_statuses_no_delete BEFORE DELETE ON operation_statuses
BEGIN SELECT RAISE(ABORT, 'operation_statuses is fixed: rows are never deleted'); END;
CREATE TRIGGER operation_statuses_no_replace BEFORE INSERT ON operation_statuses
WHEN EXISTS (SELECT 1 FROM operation_statuses WHERE status = NEW.status OR name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'operation_statuses is fixed: a row with this key exists'); END;

CREATE TRIGGER application_statuses_no_update BEFORE UPDATE ON application_statuses
BEGIN SELECT RAISE(ABORT, 'application_statuses is fixed: rows are never changed'); END;
CREATE TRIGGER application_statuses_no_delete BEFORE DELETE ON application_statuses
BEGIN SELECT RAISE(ABORT, 'application_statuses is fixed: rows are never deleted'); END;
CREATE TRIGGER application_statuses_no_replace BEFORE INSERT ON application_statuses
WHEN EXISTS (SELECT 1 FROM application_statuses WHERE status = NEW.status OR name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'application_statuses is fixed: a row with this key exists'); END;
