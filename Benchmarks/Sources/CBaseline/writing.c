#define _POSIX_C_SOURCE 200809L

#include "internal.h"

#include <stdlib.h>
#include <time.h>

enum { kind_start = 1, kind_update = 3, kind_scale = 4, frequent_kinds = 5 };
enum { application_running = 2 };

// Runs a statement whose parameters are an application and an operation of it.
static int run_for(baseline *journal, enum statement which, const struct begun *operation) {
  sqlite3_bind_int64(journal->statements[which], 1, operation->application_id);
  sqlite3_bind_int64(journal->statements[which], 2, operation->id);
  return run_statement(journal, which);
}

static void bind_or_null(sqlite3_stmt *statement, int index, int64_t value) {
  if (value) sqlite3_bind_int64(statement, index, value);
  else sqlite3_bind_null(statement, index);
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text) {
  // The request outlives the step, so that nothing is copied.
  sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

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
  if (find_row(journal, read_standing, application_id) == SQLITE_ROW) {
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

int64_t now(void) {
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
  return run_statement(journal, insert_operation);
}

int begin_one(
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
  if (find_row(journal, read_good_state, operation->good_state) == SQLITE_ROW)
    *answer = sqlite3_column_int64(s, 0) != operation->version ||
        sqlite3_column_int64(s, 1) != operation->parallelism;
  return sqlite3_reset(s);
}

int finish_one(baseline *journal, const struct begun *operation, bool fails) {
  bool pushed = false;
  int code = fails ? SQLITE_OK : pushes(journal, operation, &pushed);
  if (code != SQLITE_OK) return code;
  sqlite3_stmt *s = journal->statements[insert_outcome];
  sqlite3_bind_int64(s, 1, operation->id);
  sqlite3_bind_int64(s, 2, operation->application_id);
  sqlite3_bind_int(s, 3, fails ? status_failed : status_successful);
  sqlite3_bind_int64(s, 4, now());
  sqlite3_bind_int(s, 5, application_running);
  sqlite3_bind_int64(s, 6, operation->version);
  sqlite3_bind_int64(s, 7, operation->parallelism);
  bind_or_null(s, 8, pushed ? operation->id : operation->good_state);
  bind_or_null(s, 9, pushed ? operation->good_state : 0);
  bind_or_null(s, 10, pushed && operation->kind != kind_update);
  code = run_statement(journal, insert_outcome);
  if (code != SQLITE_OK) return code;
  return run_for(journal, delete_open, operation);
}

static int append(
    baseline *journal, const baseline_request *requests, struct begun *operations, int count) {
  journal->message[0] = '\0';
  int code = run_statement(journal, begin);
  for (int i = 0; i < count && code == SQLITE_OK; i++)
    code = begin_one(journal, &requests[i], &operations[i]);
  code = end_transaction(journal, code);
  if (code != SQLITE_OK) return code;
  code = run_statement(journal, begin);
  for (int i = 0; i < count && code == SQLITE_OK; i++)
    code = finish_one(journal, &operations[i], false);
  return end_transaction(journal, code);
}

int baseline_append_one(baseline *journal, const baseline_request *request) {
  struct begun operation;
  return append(journal, request, &operation, 1);
}

int baseline_append_batch(baseline *journal, const baseline_request *requests, int count) {
  struct begun *operations = calloc((size_t)count, sizeof *operations);
  if (!operations) return refuse_with(journal, SQLITE_NOMEM, "out of memory");
  int code = append(journal, requests, operations, count);
  free(operations);
  return code;
}
