// What the baseline's own files share.

#ifndef ROLLBOOK_BASELINE_INTERNAL_H
#define ROLLBOOK_BASELINE_INTERNAL_H

#include "CBaseline.h"

#include <sqlite3.h>
#include <stdbool.h>

enum statement {
  begin, begin_read, commit, roll_back,
  read_newest_record, read_has_ended, read_good_state,
  insert_operation, upsert_head, insert_open, insert_outcome, delete_open, insert_step,
  read_head, read_record, read_operation, read_outcome, read_failure, read_steps, read_open,
  read_application, read_all_running, read_running, read_version, read_suspects,
  read_all_suspects,
  statement_count
};

// The columns of a record: an operation's, then its outcome's.
enum {
  column_kind = 2, column_parallelism_to = 10, column_version_to = 8, column_version_from = 7,
  column_previous = 12, column_previous_failed, column_previous_successful,
  column_previous_start, outcome_offset = 20, column_status = outcome_offset + 1,
  column_version = outcome_offset + 4, column_parallelism, column_good_state = outcome_offset + 9
};

enum { frequent_kinds = 5, kind_start = 1, kind_update = 3, kind_scale = 4 };
enum { status_successful = 2, status_failed = 3 };
enum { application_ready = 1, application_running = 2 };

// What an operation tells the one that follows it.
struct standing {
  int64_t id;  // 0 where the application has no operation yet
  int kind, status;
  int64_t version, parallelism, good_state;
  int64_t previous_failed, previous_successful;
  int64_t previous_of_kind[frequent_kinds + 1];
};

// An operation, as it is begun and as it ends.
struct operation {
  int64_t id, application_id;
  int kind;
  int64_t version_from, version_to, parallelism_from, parallelism_to;
  int64_t caused_by;
  int64_t good_state;  // on top before it
};

struct baseline {
  sqlite3 *db;
  enum baseline_use use;
  sqlite3_stmt *statements[statement_count];
  struct operation *open;  // what `baseline_begin_open` began
  int open_count;
  char message[256];  // of the newest error, where SQLite does not have it any more
};

// The text of a statement in the layout of a journal; NULL where that layout has none.
const char *statement_text(enum baseline_use use, enum statement which);

int refuse_with(baseline *journal, int code, const char *message);
int prepare_all(baseline *journal);
int execute(baseline *journal, const char *sql);
// Runs a statement that answers no row.
int run_statement(baseline *journal, enum statement which);
// Starts a statement with its one parameter: SQLITE_ROW where it answers.
int find_row(baseline *journal, enum statement which, int64_t key);
// Ends a transaction: for good, or without a trace where something in it failed.
int end_transaction(baseline *journal, int code);
void bind_or_null(sqlite3_stmt *statement, int index, int64_t value);
// The text outlives the step, so that nothing is copied.
void bind_text(sqlite3_stmt *statement, int index, const char *text);
int64_t now(void);

// Makes of what an operation pointed to what the next one points to.
void move_pointers(struct standing *last);
int insert_operation_row(
    baseline *journal, struct operation *operation, const struct standing *last,
    const char *reason, const char *parameters, int64_t at);
struct outcome {
  int status, application_status;
  int64_t version, parallelism;
  bool pushes, pushes_again;
  int64_t good_state, good_state_below;
  const char *decision, *decision_reason;
  int64_t at;
};
int insert_outcome_row(
    baseline *journal, const struct operation *operation, const struct outcome *outcome);
int insert_step_row(
    baseline *journal, int64_t operation_id, const char *step, const char *detail, int64_t at);
int run_for(baseline *journal, enum statement which, const struct operation *operation);

#endif
