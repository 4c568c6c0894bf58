#define _POSIX_C_SOURCE 200809L

#include "CBaseline.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kind_start = 1, kind_update = 3, kind_scale = 4, frequent_kinds = 5 };
enum { status_in_progress = 1, status_successful = 2 };
enum { application_running = 2 };

// MARK: Statements

enum statement {
  begin, commit, roll_back,
  read_standing, read_good_state,
  insert_operation, upsert_head, insert_open, insert_outcome, delete_open,
  read_head, read_operation, read_failure, read_steps, read_in_progress, read_newest_outcome,
  statement_count
};

#define OPERATION_COLUMNS \
  "o.id, o.application_id, o.kind, u.status, o.started_at, u.ended_at, o.actor, o.reason, " \
  "o.parameters, o.version_from, o.version_to, o.parallelism_from, o.parallelism_to, " \
  "o.caused_by, o.previous_id, u.rollback_decision, u.rollback_decision_reason"
#define WITH_OUTCOME "LEFT JOIN operation_outcomes AS u ON u.operation_id = o.id "

static const char *const statement_texts[statement_count] = {
    [begin] = "BEGIN IMMEDIATE",
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
        "application_status, version, parallelism, good_state, good_state_below) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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

struct baseline {
  sqlite3 *db;
  sqlite3_stmt *statements[statement_count];
  char message[256];  // of the newest error, where SQLite does not have it any more
};

// An operation between its two transactions.
struct begun {
  int64_t id, application_id;
  int kind;
  int64_t version, parallelism;  // what a success leaves behind
  int64_t good_state;            // on top before it
};

static int refuse(baseline *journal, int code, const char *message) {
  snprintf(journal->message, sizeof journal->message, "%s", message);
  return code;
}

// Runs a statement that answers no row.
static int run(baseline *journal, enum statement which) {
  sqlite3_step(journal->statements[which]);
  // Resetting returns the step's error, if there was one.
  return sqlite3_reset(journal->statements[which]);
}

// Runs a statement whose parameters are an application and an operation of it.
static int run_for(baseline *journal, enum statement which, const struct begun *operation) {
  sqlite3_bind_int64(journal->statements[which], 1, operation->application_id);
  sqlite3_bind_int64(journal->statements[which], 2, operation->id);
  return run(journal, which);
}

// Starts a statement with its one parameter: SQLITE_ROW where it answers.
static int find(baseline *journal, enum statement which, int64_t key) {
  sqlite3_bind_int64(journal->statements[which], 1, key);
  return sqlite3_step(journal->statements[which]);
}

static void bind_or_null(sqlite3_stmt *statement, int index, int64_t value) {
  if (value) sqlite3_bind_int64(statement, index, value);
  else sqlite3_bind_null(statement, index);
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text) {
  // The request outlives the step, so that nothing is copied.
  sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static const char *text(sqlite3_stmt *statement, int column) {
  return (const char *)sqlite3_column_text(statement, column);
}

// MARK: Opening and closing

// Runs a pragma and compares the one value that it answers.
static int expect(baseline *journal, const char *pragma, const char *expected) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(journal->db, pragma, -1, &statement, NULL);
  if (code != SQLITE_OK) return code;
  bool same = sqlite3_step(statement) == SQLITE_ROW && text(statement, 0) &&
      strcmp(text(statement, 0), expected) == 0;
  code = sqlite3_finalize(statement);
  if (code != SQLITE_OK) return code;
  return same ? SQLITE_OK : refuse(journal, SQLITE_ERROR, pragma);
}

static int configure(baseline *journal) {
  int code = expect(journal, "PRAGMA journal_mode = WAL", "wal");
  if (code == SQLITE_OK)
    code = sqlite3_exec(
        journal->db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", NULL, NULL, NULL);
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

// MARK: Writing

// What an application's newest operation tells the one that follows it.
struct standing {
  int64_t id;  // 0 where the application has no operation yet
  int kind, status;
  int64_t version, parallelism, good_state;
  int64_t previous_failed, previous_successful;
  int64_t previous_of_kind[frequent_kinds + 1];
};

static int read_last(baseline *journal, int64_t application_id, struct standing *last) {
  sqlite3_stmt *s = journal->statements[read_standing];
  *last = (struct standing){.version = 1, .parallelism = 1};
  if (find(journal, read_standing, application_id) == SQLITE_ROW) {
    last->id = sqlite3_column_int64(s, 0);
    last->kind = sqlite3_column_int(s, 1);
    last->status = sqlite3_column_int(s, 2);
    last->version = sqlite3_column_int64(s, 3);
    last->parallelism = sqlite3_column_int64(s, 4);
    last->good_state = sqlite3_column_int64(s, 5);
    last->previous_failed = sqlite3_column_int64(s, 6);
    last->previous_successful = sqlite3_column_int64(s, 7);
    for (int kind = 1; kind <= frequent_kinds; kind++)
      last->previous_of_kind[kind] = sqlite3_column_int64(s, 7 + kind);
  }
  return sqlite3_reset(s);
}

// Makes of what the last operation pointed to what the next one points to.
static void move_pointers(struct standing *last) {
  if (last->id == 0) return;
  if (last->status == status_successful) last->previous_successful = last->id;
  else last->previous_failed = last->id;
  if (last->kind <= frequent_kinds) last->previous_of_kind[last->kind] = last->id;
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static int insert(
    baseline *journal, const baseline_request *request, const struct standing *last) {
  sqlite3_stmt *s = journal->statements[insert_operation];
  sqlite3_bind_int64(s, 1, request->application_id);
  sqlite3_bind_int(s, 2, request->kind);
  sqlite3_bind_int64(s, 3, now());
  bind_text(s, 4, request->actor);
  bind_text(s, 5, request->reason);
  bind_text(s, 6, request->parameters);
  sqlite3_bind_int64(s, 7, last->version);
  bind_or_null(s, 8, request->version_to);
  sqlite3_bind_int64(s, 9, last->parallelism);
  bind_or_null(s, 10, request->parallelism_to);
  bind_or_null(s, 11, last->id);
  bind_or_null(s, 12, last->previous_failed);
  bind_or_null(s, 13, last->previous_successful);
  for (int kind = 1; kind <= frequent_kinds; kind++)
    bind_or_null(s, 13 + kind, last->previous_of_kind[kind]);
  return run(journal, insert_operation);
}

static int begin_one(
    baseline *journal, const baseline_request *request, struct begun *operation) {
  struct standing last;
  int code = read_last(journal, request->application_id, &last);
  if (code != SQLITE_OK) return code;
  move_pointers(&last);
  code = insert(journal, request, &last);
  if (code != SQLITE_OK) return code;
  *operation = (struct begun){
      .id = sqlite3_last_insert_rowid(journal->db),
      .application_id = request->application_id,
      .kind = request->kind,
      .version = request->version_to ? request->version_to : last.version,
      .parallelism = request->parallelism_to ? request->parallelism_to : last.parallelism,
      .good_state = last.good_state};
  code = run_for(journal, upsert_head, operation);
  if (code != SQLITE_OK) return code;
  return run_for(journal, insert_open, operation);
}

// Whether a success pushes what it leaves behind as a good state: not where that is on top already.
static int pushes(baseline *journal, const struct begun *operation, bool *answer) {
  *answer = operation->kind == kind_start || operation->kind == kind_update ||
      operation->kind == kind_scale;
  if (!*answer || operation->good_state == 0) return SQLITE_OK;
  sqlite3_stmt *s = journal->statements[read_good_state];
  if (find(journal, read_good_state, operation->good_state) == SQLITE_ROW)
    *answer = sqlite3_column_int64(s, 0) != operation->version ||
        sqlite3_column_int64(s, 1) != operation->parallelism;
  return sqlite3_reset(s);
}

static int finish_one(baseline *journal, const struct begun *operation) {
  bool pushed;
  int code = pushes(journal, operation, &pushed);
  if (code != SQLITE_OK) return code;
  sqlite3_stmt *s = journal->statements[insert_outcome];
  sqlite3_bind_int64(s, 1, operation->id);
  sqlite3_bind_int64(s, 2, operation->application_id);
  sqlite3_bind_int(s, 3, status_successful);
  sqlite3_bind_int64(s, 4, now());
  sqlite3_bind_int(s, 5, application_running);
  sqlite3_bind_int64(s, 6, operation->version);
  sqlite3_bind_int64(s, 7, operation->parallelism);
  bind_or_null(s, 8, pushed ? operation->id : operation->good_state);
  bind_or_null(s, 9, pushed ? operation->good_state : 0);
  code = run(journal, insert_outcome);
  if (code != SQLITE_OK) return code;
  return run_for(journal, delete_open, operation);
}

// Ends a transaction: for good, or without a trace where something in it failed.
static int end(baseline *journal, int code) {
  if (code == SQLITE_OK) code = run(journal, commit);
  if (code == SQLITE_OK) return code;
  if (!journal->message[0]) refuse(journal, code, sqlite3_errmsg(journal->db));
  // Some errors end the transaction by themselves.
  if (!sqlite3_get_autocommit(journal->db)) run(journal, roll_back);
  return code;
}

static int append(
    baseline *journal, const baseline_request *requests, struct begun *operations, int count) {
  journal->message[0] = '\0';
  int code = run(journal, begin);
  for (int i = 0; i < count && code == SQLITE_OK; i++)
    code = begin_one(journal, &requests[i], &operations[i]);
  code = end(journal, code);
  if (code != SQLITE_OK) return code;
  code = run(journal, begin);
  for (int i = 0; i < count && code == SQLITE_OK; i++)
    code = finish_one(journal, &operations[i]);
  return end(journal, code);
}

int baseline_append_one(baseline *journal, const baseline_request *request) {
  struct begun operation;
  return append(journal, request, &operation, 1);
}

int baseline_append_batch(baseline *journal, const baseline_request *requests, int count) {
  struct begun *operations = calloc((size_t)count, sizeof *operations);
  if (!operations) return refuse(journal, SQLITE_NOMEM, "out of memory");
  int code = append(journal, requests, operations, count);
  free(operations);
  return code;
}

// MARK: Reading

static baseline_operation operation_of(sqlite3_stmt *s) {
  bool ended = sqlite3_column_type(s, 3) != SQLITE_NULL;
  return (baseline_operation){
      .id = sqlite3_column_int64(s, 0),
      .application_id = sqlite3_column_int64(s, 1),
      .kind = sqlite3_column_int(s, 2),
      .status = ended ? sqlite3_column_int(s, 3) : status_in_progress,
      .started_at = sqlite3_column_int64(s, 4),
      .ended_at = sqlite3_column_int64(s, 5),
      .actor = text(s, 6),
      .reason = text(s, 7),
      .parameters = text(s, 8),
      .version_from = sqlite3_column_int64(s, 9),
      .version_to = sqlite3_column_int64(s, 10),
      .parallelism_from = sqlite3_column_int64(s, 11),
      .parallelism_to = sqlite3_column_int64(s, 12),
      .caused_by = sqlite3_column_int64(s, 13),
      .previous_id = sqlite3_column_int64(s, 14),
      .rollback_decision = text(s, 15),
      .rollback_decision_reason = text(s, 16)};
}

// Reads of several statements see one state of the journal: each function reads in one transaction.
static int begin_reading(baseline *journal) {
  journal->message[0] = '\0';
  return sqlite3_exec(journal->db, "BEGIN", NULL, NULL, NULL);
}

static int read_id(baseline *journal, enum statement which, int64_t key, int64_t *id) {
  *id = 0;
  if (find(journal, which, key) == SQLITE_ROW)
    *id = sqlite3_column_int64(journal->statements[which], 0);
  return sqlite3_reset(journal->statements[which]);
}

int baseline_newest(
    baseline *journal, int64_t application_id, int limit, baseline_visitor visit, void *context) {
  sqlite3_stmt *s = journal->statements[read_operation];
  int64_t id = 0;
  int code = begin_reading(journal);
  if (code != SQLITE_OK) return code;
  code = read_id(journal, read_head, application_id, &id);
  for (int visited = 0; id != 0 && visited < limit && code == SQLITE_OK; visited++) {
    int64_t previous = 0;
    if (find(journal, read_operation, id) == SQLITE_ROW) {
      baseline_operation operation = operation_of(s);
      previous = operation.previous_id;
      visit(context, &operation);
    }
    code = sqlite3_reset(s);
    id = previous;
  }
  return end(journal, code);
}

static int count_steps(baseline *journal, int64_t operation_id, int *steps) {
  sqlite3_stmt *s = journal->statements[read_steps];
  *steps = 0;
  for (int code = find(journal, read_steps, operation_id); code == SQLITE_ROW;
       code = sqlite3_step(s)) {
    // The detail is fetched, since who describes an operation shows it.
    text(s, 3);
    ++*steps;
  }
  return sqlite3_reset(s);
}

static int read_details(baseline *journal, int64_t operation_id, baseline_details *details) {
  sqlite3_stmt *s = journal->statements[read_failure];
  *details = (baseline_details){0};
  int code = count_steps(journal, operation_id, &details->steps);
  if (code != SQLITE_OK) return code;
  code = find(journal, read_failure, operation_id);
  if (code == SQLITE_DONE) return sqlite3_reset(s);
  if (code != SQLITE_ROW) return code;
  details->phase = text(s, 0);
  details->root_cause = text(s, 1);
  details->text = text(s, 2);
  details->evidence = text(s, 3);
  details->log_tail = text(s, 4);
  return SQLITE_OK;
}

int baseline_describe(
    baseline *journal, int64_t operation_id, baseline_describer describe, void *context) {
  baseline_details details;
  int code = begin_reading(journal);
  if (code != SQLITE_OK) return code;
  code = read_details(journal, operation_id, &details);
  if (code == SQLITE_OK) code = find(journal, read_operation, operation_id);
  if (code == SQLITE_ROW) {
    baseline_operation operation = operation_of(journal->statements[read_operation]);
    describe(context, &operation, &details);
    code = SQLITE_OK;
  } else if (code == SQLITE_DONE) {
    code = refuse(journal, SQLITE_NOTFOUND, "there is no such operation");
  }
  // Both stood on their rows until now, which kept the texts alive.
  sqlite3_reset(journal->statements[read_operation]);
  sqlite3_reset(journal->statements[read_failure]);
  return end(journal, code);
}

static int read_state(
    baseline *journal, int64_t operation_id, baseline_good_state *state, int64_t *below) {
  sqlite3_stmt *s = journal->statements[read_good_state];
  *below = 0;
  if (operation_id == 0) return SQLITE_OK;
  if (find(journal, read_good_state, operation_id) == SQLITE_ROW) {
    *state = (baseline_good_state){
        .operation_id = operation_id,
        .version = sqlite3_column_int64(s, 0),
        .parallelism = sqlite3_column_int64(s, 1)};
    *below = sqlite3_column_int64(s, 2);
  }
  return sqlite3_reset(s);
}

int baseline_decide_rollback(
    baseline *journal, int64_t application_id, baseline_decision *decision) {
  sqlite3_stmt *s = journal->statements[read_newest_outcome];
  int64_t top = 0, below = 0, further = 0;
  *decision = (baseline_decision){0};
  int code = begin_reading(journal);
  if (code != SQLITE_OK) return code;
  if (find(journal, read_newest_outcome, application_id) == SQLITE_ROW) {
    decision->operation_id = sqlite3_column_int64(s, 0);
    decision->status = sqlite3_column_int(s, 1);
    decision->version = sqlite3_column_int64(s, 2);
    decision->parallelism = sqlite3_column_int64(s, 3);
    top = sqlite3_column_int64(s, 4);
  }
  code = sqlite3_reset(s);
  if (code == SQLITE_OK) code = read_state(journal, top, &decision->top, &below);
  if (code == SQLITE_OK) code = read_state(journal, below, &decision->below, &further);
  return end(journal, code);
}

int baseline_in_progress(baseline *journal, baseline_visitor visit, void *context) {
  sqlite3_stmt *s = journal->statements[read_in_progress];
  while (sqlite3_step(s) == SQLITE_ROW) {
    baseline_operation operation = operation_of(s);
    visit(context, &operation);
  }
  return sqlite3_reset(s);
}
