#include "internal.h"

static baseline_operation operation_of(sqlite3_stmt *s) {
  bool ended = sqlite3_column_type(s, 3) != SQLITE_NULL;
  return (baseline_operation){
      .id = sqlite3_column_int64(s, 0),
      .application_id = sqlite3_column_int64(s, 1),
      .kind = sqlite3_column_int(s, 2),
      .status = ended ? sqlite3_column_int(s, 3) : status_in_progress,
      .started_at = sqlite3_column_int64(s, 4),
      .ended_at = sqlite3_column_int64(s, 5),
      .actor = column_text(s, 6),
      .reason = column_text(s, 7),
      .parameters = column_text(s, 8),
      .version_from = sqlite3_column_int64(s, 9),
      .version_to = sqlite3_column_int64(s, 10),
      .parallelism_from = sqlite3_column_int64(s, 11),
      .parallelism_to = sqlite3_column_int64(s, 12),
      .caused_by = sqlite3_column_int64(s, 13),
      .previous_id = sqlite3_column_int64(s, 14),
      .rollback_decision = column_text(s, 15),
      .rollback_decision_reason = column_text(s, 16)};
}

// Reads of several statements see one state of the journal: each function reads in one transaction.
static int begin_reading(baseline *journal) {
  journal->message[0] = '\0';
  return run_statement(journal, begin_read);
}

static int read_id(baseline *journal, enum statement which, int64_t key, int64_t *id) {
  *id = 0;
  if (find_row(journal, which, key) == SQLITE_ROW)
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
    if (find_row(journal, read_operation, id) == SQLITE_ROW) {
      baseline_operation operation = operation_of(s);
      previous = operation.previous_id;
      visit(context, &operation);
    }
    code = sqlite3_reset(s);
    id = previous;
  }
  return end_transaction(journal, code);
}

static int count_steps(baseline *journal, int64_t operation_id, int *steps) {
  sqlite3_stmt *s = journal->statements[read_steps];
  *steps = 0;
  for (int code = find_row(journal, read_steps, operation_id); code == SQLITE_ROW;
       code = sqlite3_step(s)) {
    // The detail is fetched, since who describes an operation shows it.
    column_text(s, 3);
    ++*steps;
  }
  return sqlite3_reset(s);
}

static int read_details(baseline *journal, int64_t operation_id, baseline_details *details) {
  sqlite3_stmt *s = journal->statements[read_failure];
  *details = (baseline_details){0};
  int code = count_steps(journal, operation_id, &details->steps);
  if (code != SQLITE_OK) return code;
  code = find_row(journal, read_failure, operation_id);
  if (code == SQLITE_DONE) return sqlite3_reset(s);
  if (code != SQLITE_ROW) return code;
  details->phase = column_text(s, 0);
  details->root_cause = column_text(s, 1);
  details->text = column_text(s, 2);
  details->evidence = column_text(s, 3);
  details->log_tail = column_text(s, 4);
  return SQLITE_OK;
}

int baseline_describe(
    baseline *journal, int64_t operation_id, baseline_describer describe, void *context) {
  baseline_details details;
  int code = begin_reading(journal);
  if (code != SQLITE_OK) return code;
  code = read_details(journal, operation_id, &details);
  if (code == SQLITE_OK) code = find_row(journal, read_operation, operation_id);
  if (code == SQLITE_ROW) {
    baseline_operation operation = operation_of(journal->statements[read_operation]);
    describe(context, &operation, &details);
    code = SQLITE_OK;
  } else if (code == SQLITE_DONE) {
    code = refuse_with(journal, SQLITE_NOTFOUND, "there is no such operation");
  }
  // Both stood on their rows until now, which kept the texts alive.
  sqlite3_reset(journal->statements[read_operation]);
  sqlite3_reset(journal->statements[read_failure]);
  return end_transaction(journal, code);
}

static int read_state(
    baseline *journal, int64_t operation_id, baseline_good_state *state, int64_t *below) {
  sqlite3_stmt *s = journal->statements[read_good_state];
  *below = 0;
  if (operation_id == 0) return SQLITE_OK;
  if (find_row(journal, read_good_state, operation_id) == SQLITE_ROW) {
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
  if (find_row(journal, read_newest_outcome, application_id) == SQLITE_ROW) {
    decision->operation_id = sqlite3_column_int64(s, 0);
    decision->status = sqlite3_column_int(s, 1);
    decision->version = sqlite3_column_int64(s, 2);
    decision->parallelism = sqlite3_column_int64(s, 3);
    top = sqlite3_column_int64(s, 4);
  }
  code = sqlite3_reset(s);
  if (code == SQLITE_OK) code = read_state(journal, top, &decision->top, &below);
  if (code == SQLITE_OK) code = read_state(journal, below, &decision->below, &further);
  return end_transaction(journal, code);
}

int baseline_in_progress(baseline *journal, baseline_visitor visit, void *context) {
  sqlite3_stmt *s = journal->statements[read_in_progress];
  while (sqlite3_step(s) == SQLITE_ROW) {
    baseline_operation operation = operation_of(s);
    visit(context, &operation);
  }
  return sqlite3_reset(s);
}
