#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: Statements

#define OPERATION_COLUMNS \
  "o.id, o.application_id, o.kind, u.status, o.started_at, u.ended_at, o.actor, o.reason, " \
  "o.parameters, o.version_from, o.version_to, o.parallelism_from, o.parallelism_to, " \
  "o.caused_by, o.previous_id, u.rollback_decision, u.rollback_decision_reason"
#define WITH_OUTCOME "LEFT JOIN operation_outcomes AS u ON u.operation_id = o.id "

static const char *const statement_texts[statement_count] = {
    [begin] = "BEGIN IMMEDIATE",
    [begin_read] = "BEGIN",
    [commit] = "COMMIT",
    [roll_back] = "ROLLBACK",
    [read_standing] =
        "SELECT o.id, o.kind, u.status, u.version, u.parallelism, u.good_state, "
        "o.previous_failed_id, o.previous_successful_id, o.previous_start_id, "
        "o.previous_stop_id, o.previous_update_id, o.previous_scale_id, o.previous_snapshot_id "
        "FROM heads AS h JOIN operations AS o ON o.id = h.operation_id " WITH_OUTCOME
        "WHERE h.application_id = ?",
    [read_good_state] =
        "SELECT version, parallelism, good_state_below FROM operation_outcomes "
        "WHERE operation_id = ?",
    [insert_operation] =
        "INSERT INTO operations (application_id, kind, started_at, actor, reason, parameters, "
        "version_from, version_to, parallelism_from, parallelism_to, previous_id, "
        "previous_failed_id, previous_successful_id, previous_start_id, previous_stop_id, "
        "previous_update_id, previous_scale_id, previous_snapshot_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [upsert_head] =
        "INSERT INTO heads (application_id, operation_id) VALUES (?, ?) "
        "ON CONFLICT (application_id) DO UPDATE SET operation_id = excluded.operation_id",
    [insert_open] = "INSERT INTO open_operations (application_id, operation_id) VALUES (?, ?)",
    [insert_outcome] =
        "INSERT INTO operation_outcomes (operation_id, application_id, status, ended_at, "
        "application_status, version, parallelism, good_state, good_state_below, pushed_again) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [insert_step] =
        "INSERT INTO operation_steps (operation_id, sequence, at, step, detail) "
        "VALUES (?, ?, ?, ?, ?)",
    [insert_failure] =
        "INSERT INTO failures (operation_id, phase, root_cause, text, evidence) "
        "VALUES (?, 'deploy', ?, ?, '{}')",
    [delete_open] = "DELETE FROM open_operations WHERE application_id = ? AND operation_id = ?",
    [read_head] = "SELECT operation_id FROM heads WHERE application_id = ?",
    [read_operation] =
        "SELECT " OPERATION_COLUMNS " FROM operations AS o " WITH_OUTCOME "WHERE o.id = ?",
    [read_failure] =
        "SELECT phase, root_cause, text, evidence, log_tail FROM failures WHERE operation_id = ?",
    [read_steps] =
        "SELECT sequence, at, step, detail FROM operation_steps WHERE operation_id = ? "
        "ORDER BY sequence",
    [read_in_progress] =
        "SELECT " OPERATION_COLUMNS " FROM open_operations AS p "
        "JOIN operations AS o ON o.id = p.operation_id " WITH_OUTCOME
        "ORDER BY p.application_id",
    // The newest operation's outcome; while that one is in flight, its predecessor's.
    [read_newest_outcome] =
        "SELECT u.operation_id, u.status, u.version, u.parallelism, u.good_state "
        "FROM heads AS h JOIN operations AS o ON o.id = h.operation_id "
        "JOIN operation_outcomes AS u ON u.operation_id = ifnull("
        "(SELECT operation_id FROM operation_outcomes WHERE operation_id = o.id), o.previous_id) "
        "WHERE h.application_id = ?",
};

int refuse_with(baseline *journal, int code, const char *message) {
  snprintf(journal->message, sizeof journal->message, "%s", message);
  return code;
}

// Runs a statement that answers no row.
int run_statement(baseline *journal, enum statement which) {
  sqlite3_step(journal->statements[which]);
  // Resetting returns the step's error, if there was one.
  return sqlite3_reset(journal->statements[which]);
}

// Starts a statement with its one parameter: SQLITE_ROW where it answers.
int find_row(baseline *journal, enum statement which, int64_t key) {
  sqlite3_bind_int64(journal->statements[which], 1, key);
  return sqlite3_step(journal->statements[which]);
}

const char *column_text(sqlite3_stmt *statement, int column) {
  return (const char *)sqlite3_column_text(statement, column);
}

// Ends a transaction: for good, or without a trace where something in it failed.
int end_transaction(baseline *journal, int code) {
  if (code == SQLITE_OK) code = run_statement(journal, commit);
  if (code == SQLITE_OK) return code;
  if (!journal->message[0]) refuse_with(journal, code, sqlite3_errmsg(journal->db));
  // Some errors end the transaction by themselves.
  if (!sqlite3_get_autocommit(journal->db)) run_statement(journal, roll_back);
  return code;
}

// MARK: Opening and closing

// Runs a pragma and compares the one value that it answers.
static int expect(baseline *journal, const char *pragma, const char *expected) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(journal->db, pragma, -1, &statement, NULL);
  if (code != SQLITE_OK) return code;
  bool same = sqlite3_step(statement) == SQLITE_ROW && column_text(statement, 0) &&
      strcmp(column_text(statement, 0), expected) == 0;
  code = sqlite3_finalize(statement);
  if (code != SQLITE_OK) return code;
  return same ? SQLITE_OK : refuse_with(journal, SQLITE_ERROR, pragma);
}

static int configure(baseline *journal) {
  int code = expect(journal, "PRAGMA journal_mode = WAL", "wal");
  if (code == SQLITE_OK)
    code = sqlite3_exec(
        journal->db,
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 16000;"
        "PRAGMA cache_size = -32768",
        NULL, NULL, NULL);
  if (code == SQLITE_OK) code = expect(journal, "PRAGMA synchronous", "2");
  if (code == SQLITE_OK) code = expect(journal, "PRAGMA foreign_keys", "1");
  return code;
}

static int prepare_all(baseline *journal) {
  int code = SQLITE_OK;
  for (int i = 0; i < statement_count && code == SQLITE_OK; i++)
    code = sqlite3_prepare_v3(
        journal->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT, &journal->statements[i],
        NULL);
  return code;
}

int baseline_open(const char *path, baseline **opened) {
  *opened = calloc(1, sizeof **opened);
  if (!*opened) return SQLITE_NOMEM;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int code = sqlite3_open_v2(path, &(*opened)->db, flags, NULL);
  if (code == SQLITE_OK) code = configure(*opened);
  if (code == SQLITE_OK) code = prepare_all(*opened);
  return code;
}

void baseline_close(baseline *journal) {
  if (!journal) return;
  for (int i = 0; i < statement_count; i++) sqlite3_finalize(journal->statements[i]);
  sqlite3_close(journal->db);
  free(journal);
}

const char *baseline_message(baseline *journal) {
  if (!journal) return "out of memory";
  return journal->message[0] ? journal->message : sqlite3_errmsg(journal->db);
}

int baseline_checkpoint(baseline *journal) {
  return sqlite3_exec(journal->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
}
