#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

int run_for(baseline *journal, enum statement which, const struct operation *operation) {
  sqlite3_bind_int64(journal->statements[which], 1, operation->application_id);
  sqlite3_bind_int64(journal->statements[which], 2, operation->id);
  return run_statement(journal, which);
}

static int read_last(baseline *journal, int64_t application_id, struct standing *last) {
  sqlite3_stmt *s = journal->statements[read_newest_record];
  *last = (struct standing){.version = 1, .parallelism = 1};
  if (find_row(journal, read_newest_record, application_id) == SQLITE_ROW) {
    last->id = sqlite3_column_int64(s, 0);
    last->kind = sqlite3_column_int(s, column_kind);
    last->status = sqlite3_column_int(s, column_status);
    last->version = sqlite3_column_int64(s, column_version);
    last->parallelism = sqlite3_column_int64(s, column_parallelism);
    last->good_state = sqlite3_column_int64(s, column_good_state);
    last->previous_failed = sqlite3_column_int64(s, column_previous_failed);
    last->previous_successful = sqlite3_column_int64(s, column_previous_successful);
    for (int kind = 1; kind <= frequent_kinds; kind++)
      last->previous_of_kind[kind] = sqlite3_column_int64(s, column_previous_start + kind - 1);
  }
  return sqlite3_reset(s);
}

void move_pointers(struct standing *last) {
  if (last->id == 0) return;
  if (last->status == status_successful) last->previous_successful = last->id;
  else last->previous_failed = last->id;
  if (last->kind <= frequent_kinds) last->previous_of_kind[last->kind] = last->id;
}

int insert_operation_row(
    baseline *journal, struct operation *operation, const struct standing *last,
    const char *reason, const char *parameters, int64_t at) {
  sqlite3_stmt *s = journal->statements[insert_operation];
  sqlite3_bind_int64(s, 1, operation->application_id);
  sqlite3_bind_int(s, 2, operation->kind);
  sqlite3_bind_int64(s, 3, at);
  bind_text(s, 4, "deploy@build-07");
  bind_text(s, 5, reason);
  bind_text(s, 6, parameters);
  sqlite3_bind_int64(s, 7, operation->version_from);
  bind_or_null(s, 8, operation->version_to);
  sqlite3_bind_int64(s, 9, operation->parallelism_from);
  bind_or_null(s, 10, operation->parallelism_to);
  bind_or_null(s, 11, operation->caused_by);
  if (journal->use != baseline_writes_plain) {
    bind_or_null(s, 12, last->id);
    bind_or_null(s, 13, last->previous_failed);
    bind_or_null(s, 14, last->previous_successful);
    for (int kind = 1; kind <= frequent_kinds; kind++)
      bind_or_null(s, 14 + kind, last->previous_of_kind[kind]);
  }
  int code = run_statement(journal, insert_operation);
  operation->id = sqlite3_last_insert_rowid(journal->db);
  return code;
}

int insert_outcome_row(
    baseline *journal, const struct operation *operation, const struct outcome *outcome) {
  sqlite3_stmt *s = journal->statements[insert_outcome];
  sqlite3_bind_int64(s, 1, operation->id);
  sqlite3_bind_int64(s, 2, operation->application_id);
  sqlite3_bind_int(s, 3, outcome->status);
  sqlite3_bind_int64(s, 4, outcome->at);
  sqlite3_bind_int(s, 5, outcome->application_status);
  sqlite3_bind_int64(s, 6, outcome->version);
  sqlite3_bind_int64(s, 7, outcome->parallelism);
  bind_or_null(s, 8, 0);
  bind_or_null(s, 9, 0);
  bind_or_null(s, 10, 0);
  bind_or_null(s, 11, outcome->good_state);
  bind_or_null(s, 12, outcome->good_state_below);
  bind_or_null(s, 13, outcome->pushes_again);
  bind_text(s, 14, outcome->decision);
  bind_text(s, 15, outcome->decision_reason);
  bind_or_null(s, 16, 0);
  return run_statement(journal, insert_outcome);
}

static int begin_one(
    baseline *journal, const baseline_request *request, struct operation *operation) {
  struct standing last;
  int code = read_last(journal, request->application_id, &last);
  if (code != SQLITE_OK) return code;
  move_pointers(&last);
  *operation = (struct operation){
      .application_id = request->application_id, .kind = request->kind,
      .version_from = last.version,
      .version_to = request->kind == kind_update ? last.version + 1 : 0,
      .parallelism_from = last.parallelism,
      .parallelism_to = request->kind == kind_scale ? request->parallelism : 0,
      .good_state = last.good_state};
  code = insert_operation_row(journal, operation, &last, NULL, NULL, now());
  if (code != SQLITE_OK) return code;
  if (journal->statements[upsert_head]) code = run_for(journal, upsert_head, operation);
  if (code != SQLITE_OK) return code;
  return run_for(journal, insert_open, operation);
}

// Whether a success pushes what it leaves behind as a good state: not where that is on top already.
static int pushes(
    baseline *journal, const struct operation *operation, const struct outcome *outcome,
    bool *answer) {
  int kind = operation->kind;
  *answer = kind == kind_start || kind == kind_update || kind == kind_scale;
  if (!*answer || operation->good_state == 0) return SQLITE_OK;
  sqlite3_stmt *s = journal->statements[read_good_state];
  if (find_row(journal, read_good_state, operation->good_state) == SQLITE_ROW)
    *answer = sqlite3_column_int64(s, 0) != outcome->version ||
        sqlite3_column_int64(s, 1) != outcome->parallelism;
  return sqlite3_reset(s);
}

static int refuse_ended(baseline *journal, int64_t operation_id) {
  bool ended = find_row(journal, read_has_ended, operation_id) == SQLITE_ROW;
  int code = sqlite3_reset(journal->statements[read_has_ended]);
  return ended ? refuse_with(journal, SQLITE_CONSTRAINT, "the operation has ended") : code;
}

static int finish_one(baseline *journal, const struct operation *operation) {
  bool changes_version = operation->version_to != 0;
  bool changes_parallelism = operation->parallelism_to != 0;
  bool pushed = false;
  struct outcome outcome = {
      .status = status_successful, .application_status = application_running,
      .version = changes_version ? operation->version_to : operation->version_from,
      .parallelism = changes_parallelism ? operation->parallelism_to : operation->parallelism_from,
      .at = now()};
  int code = pushes(journal, operation, &outcome, &pushed);
  if (code == SQLITE_OK) code = refuse_ended(journal, operation->id);
  if (code != SQLITE_OK) return code;
  outcome.good_state = pushed ? operation->id : operation->good_state;
  outcome.good_state_below = pushed ? operation->good_state : 0;
  outcome.pushes_again = pushed && operation->kind != kind_update;
  code = insert_outcome_row(journal, operation, &outcome);
  if (code != SQLITE_OK) return code;
  sqlite3_bind_int64(journal->statements[delete_open], 1, operation->application_id);
  return run_statement(journal, delete_open);
}

static int begin_all(
    baseline *journal, const baseline_request *requests, int count, struct operation *begun) {
  journal->message[0] = '\0';
  int code = run_statement(journal, begin);
  for (int i = 0; i < count && code == SQLITE_OK; i++)
    code = begin_one(journal, &requests[i], &begun[i]);
  return end_transaction(journal, code);
}

static int finish_all(baseline *journal, const struct operation *begun, int count) {
  journal->message[0] = '\0';
  int code = run_statement(journal, begin);
  for (int i = 0; i < count && code == SQLITE_OK; i++) code = finish_one(journal, &begun[i]);
  return end_transaction(journal, code);
}

int baseline_operate(baseline *journal, const baseline_request *requests, int count) {
  struct operation few[256];
  if (count > 256) return refuse_with(journal, SQLITE_TOOBIG, "at most 256 at once");
  int code = begin_all(journal, requests, count, few);
  return code == SQLITE_OK ? finish_all(journal, few, count) : code;
}

int baseline_begin_open(baseline *journal, int64_t first, int count, int64_t *ids) {
  baseline_request *requests = calloc((size_t)count, sizeof *requests);
  free(journal->open);
  journal->open = calloc((size_t)count, sizeof *journal->open);
  journal->open_count = count;
  if (!requests || !journal->open) {
    free(requests);
    return refuse_with(journal, SQLITE_NOMEM, "out of memory");
  }
  for (int i = 0; i < count; i++)
    requests[i] = (baseline_request){
        .application_id = first + i, .kind = kind_scale, .parallelism = i % 8 + 1};
  int code = begin_all(journal, requests, count, journal->open);
  for (int i = 0; i < count && code == SQLITE_OK; i++) ids[i] = journal->open[i].id;
  free(requests);
  return code;
}

int baseline_end_open(baseline *journal) {
  return finish_all(journal, journal->open, journal->open_count);
}

// MARK: Steps

int insert_step_row(
    baseline *journal, int64_t operation_id, const char *step, const char *detail, int64_t at) {
  sqlite3_stmt *s = journal->statements[insert_step];
  sqlite3_bind_int64(s, 1, operation_id);
  sqlite3_bind_int64(s, 2, at);
  bind_text(s, 3, step);
  bind_text(s, 4, detail);
  return run_statement(journal, insert_step);
}

int baseline_append_steps(baseline *journal, const int64_t *operations, int count) {
  char detail[100];
  journal->message[0] = '\0';
  int code = run_statement(journal, begin);
  for (int i = 0; i < count && code == SQLITE_OK; i++) {
    code = refuse_ended(journal, operations[i]);
    snprintf(detail, sizeof detail,
        "{\"generation\":\"%032llx\",\"parallelism\":4,\"version\":7}",
        (unsigned long long)operations[i]);
    if (code == SQLITE_OK)
      code = insert_step_row(journal, operations[i], "deploying", detail, now());
  }
  return end_transaction(journal, code);
}

int baseline_set_running(baseline *journal) {
  return execute(journal,
      "INSERT INTO running (application_id, generation, operation_id, version, parallelism, place) "
      "SELECT p.application_id, printf('%032x', p.application_id), o.previous_id, "
      "o.version_from, o.parallelism_from, '{\"pid\":\"4711\"}' "
      "FROM open_operations AS p JOIN operations AS o ON o.id = p.operation_id");
}
