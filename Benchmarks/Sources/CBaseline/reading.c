#include "internal.h"

#include <stdlib.h>

// The types of columns, one letter each: i an integer, t a text.
#define OPERATION_TYPES "iiiitttiiiiiiiiiiiii"
#define OUTCOME_TYPES "iiiiiiiiiiitti"
#define RECORD_TYPES OPERATION_TYPES OUTCOME_TYPES

_Static_assert(sizeof RECORD_TYPES == 20 + 14 + 1, "a letter for each column");

static volatile int64_t taken;  // so that no read can be left out

// Takes every column of the row, as whoever makes a value of it does.
static void take(sqlite3_stmt *s, const char *types) {
  int64_t sum = 0;
  for (int column = 0; types[column]; column++) {
    if (types[column] == 'i') {
      sum += sqlite3_column_int64(s, column);
    } else {
      const unsigned char *text = sqlite3_column_text(s, column);
      if (text) sum += text[0] + sqlite3_column_bytes(s, column);
    }
  }
  taken += sum;
}

// Reads the rows of a statement with one parameter, and counts them.
static int take_rows(
    baseline *journal, enum statement which, int64_t key, const char *types, int *rows) {
  sqlite3_stmt *s = journal->statements[which];
  if (sqlite3_bind_parameter_count(s) > 0) sqlite3_bind_int64(s, 1, key);
  while (sqlite3_step(s) == SQLITE_ROW) {
    take(s, types);
    ++*rows;
  }
  return sqlite3_reset(s);
}

// Reads of several statements see one state of the journal: each function reads in one transaction.
static int begin_reading(baseline *journal, int *rows) {
  *rows = 0;
  journal->message[0] = '\0';
  return run_statement(journal, begin_read);
}

int baseline_newest(baseline *journal, int64_t application_id, int limit, int *rows) {
  sqlite3_stmt *s = journal->statements[read_record];
  int64_t id = 0;
  int code = begin_reading(journal, rows);
  if (code != SQLITE_OK) return code;
  if (find_row(journal, read_head, application_id) == SQLITE_ROW)
    id = sqlite3_column_int64(journal->statements[read_head], 0);
  code = sqlite3_reset(journal->statements[read_head]);
  while (id != 0 && *rows < limit && code == SQLITE_OK) {
    int64_t previous = 0;
    if (find_row(journal, read_record, id) == SQLITE_ROW) {
      take(s, RECORD_TYPES);
      previous = sqlite3_column_int64(s, column_previous);
      ++*rows;
    }
    code = sqlite3_reset(s);
    id = previous;
  }
  return end_transaction(journal, code);
}

int baseline_describe(baseline *journal, int64_t operation_id, int *rows) {
  int code = begin_reading(journal, rows);
  if (code != SQLITE_OK) return code;
  code = take_rows(journal, read_record, operation_id, RECORD_TYPES, rows);
  if (code == SQLITE_OK) code = take_rows(journal, read_failure, operation_id, "ttttt", rows);
  if (code == SQLITE_OK) code = take_rows(journal, read_steps, operation_id, "iitt", rows);
  return end_transaction(journal, code);
}

static int read_state(baseline *journal, int64_t operation_id, int64_t *below, int *rows) {
  sqlite3_stmt *s = journal->statements[read_good_state];
  *below = 0;
  if (operation_id == 0) return SQLITE_OK;
  if (find_row(journal, read_good_state, operation_id) == SQLITE_ROW) {
    take(s, "iii");
    *below = sqlite3_column_int64(s, 2);
    ++*rows;
  }
  return sqlite3_reset(s);
}

// The newest record of an application; where it has no outcome, its predecessor's outcome too.
static int read_newest(
    baseline *journal, int64_t application_id, int64_t *good_state, int *rows) {
  sqlite3_stmt *s = journal->statements[read_newest_record];
  int64_t previous = 0;
  *good_state = 0;
  if (find_row(journal, read_newest_record, application_id) == SQLITE_ROW) {
    take(s, RECORD_TYPES);
    ++*rows;
    *good_state = sqlite3_column_int64(s, column_good_state);
    if (sqlite3_column_type(s, outcome_offset) == SQLITE_NULL)
      previous = sqlite3_column_int64(s, column_previous);
  }
  int code = sqlite3_reset(s);
  if (code != SQLITE_OK || previous == 0) return code;
  return take_rows(journal, read_outcome, previous, OUTCOME_TYPES, rows);
}

int baseline_decide_rollback(baseline *journal, int64_t application_id, int *rows) {
  int64_t top = 0, below = 0, further = 0;
  int code = begin_reading(journal, rows);
  if (code != SQLITE_OK) return code;
  code = read_newest(journal, application_id, &top, rows);
  if (code == SQLITE_OK) code = read_state(journal, top, &below, rows);
  if (code == SQLITE_OK) code = read_state(journal, below, &further, rows);
  return end_transaction(journal, code);
}

static int ascending(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

enum { most_open = 256 };

// The numbers of the operations in progress, the oldest first.
static int read_open_ids(baseline *journal, int64_t *ids, int *count) {
  sqlite3_stmt *s = journal->statements[read_open];
  *count = 0;
  while (*count < most_open && sqlite3_step(s) == SQLITE_ROW)
    ids[(*count)++] = sqlite3_column_int64(s, 0);
  qsort(ids, (size_t)*count, sizeof *ids, ascending);
  return sqlite3_reset(s);
}

int baseline_in_progress(baseline *journal, int *rows) {
  int64_t ids[most_open];
  int count = 0;
  int code = begin_reading(journal, rows);
  if (code != SQLITE_OK) return code;
  code = read_open_ids(journal, ids, &count);
  for (int i = 0; i < count && code == SQLITE_OK; i++)
    code = take_rows(journal, read_operation, ids[i], OPERATION_TYPES, rows);
  return end_transaction(journal, code);
}

// MARK: Settling

static int read_version_of(
    baseline *journal, int64_t application_id, int64_t version, int *rows) {
  sqlite3_bind_int64(journal->statements[read_version], 2, version);
  return take_rows(journal, read_version, application_id, "iiiittt", rows);
}

static int read_one_to_settle(baseline *journal, int64_t id, int *rows) {
  sqlite3_stmt *s = journal->statements[read_operation];
  int64_t application_id = 0, from = 0, to = 0, good_state = 0;
  if (find_row(journal, read_operation, id) == SQLITE_ROW) {
    take(s, OPERATION_TYPES);
    application_id = sqlite3_column_int64(s, 1);
    from = sqlite3_column_int64(s, column_version_from);
    to = sqlite3_column_int64(s, column_version_to);
    ++*rows;
  }
  int code = sqlite3_reset(s);
  if (code == SQLITE_OK)
    code = take_rows(journal, read_application, application_id, "ittii", rows);
  if (code == SQLITE_OK) code = read_newest(journal, application_id, &good_state, rows);
  if (code == SQLITE_OK)
    code = take_rows(journal, read_running, application_id, "itiiit", rows);
  if (code == SQLITE_OK)
    code = take_rows(journal, read_suspects, application_id, "iiitti", rows);
  if (code == SQLITE_OK) code = read_version_of(journal, application_id, from, rows);
  if (code == SQLITE_OK) code = read_version_of(journal, application_id, to, rows);
  if (code == SQLITE_OK) code = take_rows(journal, read_steps, id, "iitt", rows);
  return code;
}

int baseline_read_to_settle(baseline *journal, int *rows) {
  int64_t ids[most_open];
  int count = 0;
  int code = begin_reading(journal, rows);
  if (code != SQLITE_OK) return code;
  code = read_open_ids(journal, ids, &count);
  if (code == SQLITE_OK) code = take_rows(journal, read_all_running, 0, "itiiit", rows);
  if (code == SQLITE_OK) code = take_rows(journal, read_all_suspects, 0, "iiitti", rows);
  for (int i = 0; i < count && code == SQLITE_OK; i++)
    code = read_one_to_settle(journal, ids[i], rows);
  return end_transaction(journal, code);
}
