#include "internal.h"

#include <stddef.h>

// The texts are those of Rollbook's own statements (Sources/Rollbook/Journal): the same work.

#define OPERATION_COLUMNS \
  "o.id, o.application_id, o.kind, o.started_at, o.actor, o.reason, o.parameters, " \
  "o.version_from, o.version_to, o.parallelism_from, o.parallelism_to, o.caused_by, "
#define POINTERS \
  "o.previous_id, o.previous_failed_id, o.previous_successful_id, o.previous_start_id, " \
  "o.previous_stop_id, o.previous_update_id, o.previous_scale_id, o.previous_snapshot_id"
#define NO_POINTERS "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
#define OUTCOME_COLUMNS \
  "u.operation_id, u.status, u.ended_at, u.application_status, u.version, u.parallelism, " \
  "u.updated_from, u.rolled_back_from, u.rolled_back_to, u.good_state, u.good_state_below, " \
  "u.rollback_decision, u.rollback_decision_reason, u.rollback_operation_id"
#define WITH_OUTCOME "LEFT JOIN operation_outcomes AS u ON u.operation_id = o.id "
#define VERSION_COLUMNS \
  "application_id, version, operation_id, created_at, artifact, runtime_environment, configuration"
#define RUNNING_COLUMNS "application_id, generation, operation_id, version, parallelism, place"
#define OPEN_SUSPECTS \
  "SELECT s.id, s.application_id, s.operation_id, s.generation, s.place, s.since " \
  "FROM open_suspects CROSS JOIN suspects AS s ON s.id = open_suspects.suspect_id "

static const char *const texts[statement_count] = {
    [begin] = "BEGIN IMMEDIATE",
    [begin_read] = "BEGIN",
    [commit] = "COMMIT",
    [roll_back] = "ROLLBACK",
    [read_newest_record] =
        "SELECT " OPERATION_COLUMNS POINTERS ", " OUTCOME_COLUMNS
        " FROM heads AS h JOIN operations AS o ON o.id = h.operation_id " WITH_OUTCOME
        "WHERE h.application_id = ?",
    [read_has_ended] = "SELECT 1 FROM operation_outcomes WHERE operation_id = ?",
    [read_good_state] =
        "SELECT version, parallelism, good_state_below FROM operation_outcomes "
        "WHERE operation_id = ? AND good_state = operation_id",
    [insert_operation] =
        "INSERT INTO operations (application_id, kind, started_at, actor, reason, parameters, "
        "version_from, version_to, parallelism_from, parallelism_to, caused_by, previous_id, "
        "previous_failed_id, previous_successful_id, previous_start_id, previous_stop_id, "
        "previous_update_id, previous_scale_id, previous_snapshot_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [upsert_head] =
        "INSERT INTO heads (application_id, operation_id) VALUES (?1, ?2) "
        "ON CONFLICT (application_id) DO UPDATE SET operation_id = ?2",
    [insert_open] = "INSERT INTO open_operations (application_id, operation_id) VALUES (?, ?)",
    [insert_outcome] =
        "INSERT INTO operation_outcomes (operation_id, application_id, status, ended_at, "
        "application_status, version, parallelism, updated_from, rolled_back_from, "
        "rolled_back_to, good_state, good_state_below, pushed_again, rollback_decision, "
        "rollback_decision_reason, rollback_operation_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [delete_open] = "DELETE FROM open_operations WHERE application_id = ?",
    [insert_step] =
        "INSERT INTO operation_steps (operation_id, sequence, at, step, detail) "
        "VALUES (?1, (SELECT coalesce(max(sequence), 0) + 1 FROM operation_steps "
        "WHERE operation_id = ?1), ?2, ?3, ?4)",
    [read_head] = "SELECT operation_id FROM heads WHERE application_id = ?",
    [read_record] =
        "SELECT " OPERATION_COLUMNS POINTERS ", " OUTCOME_COLUMNS " FROM operations AS o "
        WITH_OUTCOME "WHERE o.id = ?",
    [read_operation] =
        "SELECT " OPERATION_COLUMNS POINTERS " FROM operations AS o WHERE o.id = ?",
    [read_outcome] =
        "SELECT " OUTCOME_COLUMNS " FROM operation_outcomes AS u WHERE u.operation_id = ?",
    [read_failure] =
        "SELECT phase, root_cause, text, evidence, log_tail FROM failures WHERE operation_id = ?",
    [read_steps] =
        "SELECT sequence, at, step, detail FROM operation_steps WHERE operation_id = ? "
        "ORDER BY sequence",
    [read_open] = "SELECT operation_id FROM open_operations",
    [read_application] =
        "SELECT id, name, runtime, created_at, deleted_at FROM applications WHERE id = ?",
    [read_all_running] = "SELECT " RUNNING_COLUMNS " FROM running",
    [read_running] = "SELECT " RUNNING_COLUMNS " FROM running WHERE application_id = ?",
    [read_version] =
        "SELECT " VERSION_COLUMNS " FROM versions WHERE application_id = ? AND version = ?",
    [read_suspects] = OPEN_SUSPECTS "WHERE s.application_id = ? ORDER BY s.id",
    [read_all_suspects] = OPEN_SUSPECTS "ORDER BY s.id",
};

// Where the plain layout differs.
static const char *const plain_texts[statement_count] = {
    [read_newest_record] =
        "SELECT " OPERATION_COLUMNS NO_POINTERS ", " OUTCOME_COLUMNS " FROM operations AS o "
        WITH_OUTCOME "WHERE o.application_id = ? ORDER BY o.id DESC LIMIT 1",
    [insert_operation] =
        "INSERT INTO operations (application_id, kind, started_at, actor, reason, parameters, "
        "version_from, version_to, parallelism_from, parallelism_to, caused_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
};

const char *statement_text(enum baseline_use use, enum statement which) {
  if (use != baseline_writes_plain) return texts[which];
  if (plain_texts[which]) return plain_texts[which];
  bool walks = which == upsert_head || which == read_head || which == read_record ||
      which == read_operation;
  return walks ? NULL : texts[which];
}

baseline_statement baseline_statement_at(int index) {
  static const struct { const char *name; enum statement which; } shared[] = {
      {"newest_record", read_newest_record}, {"has_ended", read_has_ended},
      {"good_state", read_good_state}, {"insert_operation", insert_operation},
      {"upsert_head", upsert_head}, {"insert_open", insert_open},
      {"insert_outcome", insert_outcome}, {"delete_open", delete_open},
      {"insert_step", insert_step}, {"head", read_head}, {"record", read_record},
      {"failure", read_failure}, {"steps", read_steps}};
  if (index < 0 || (size_t)index >= sizeof shared / sizeof shared[0])
    return (baseline_statement){NULL, NULL};
  return (baseline_statement){shared[index].name, texts[shared[index].which]};
}
