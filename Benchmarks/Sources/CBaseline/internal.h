// What the baseline's own files share.

#ifndef ROLLBOOK_BASELINE_INTERNAL_H
#define ROLLBOOK_BASELINE_INTERNAL_H

#include "CBaseline.h"

#include <sqlite3.h>
#include <stdbool.h>

enum statement {
  begin, begin_read, commit, roll_back,
  read_standing, read_good_state,
  insert_operation, upsert_head, insert_open, insert_outcome, delete_open,
  insert_step, insert_failure,
  read_head, read_operation, read_failure, read_steps, read_in_progress, read_newest_outcome,
  statement_count
};

enum { status_in_progress = 1, status_successful = 2, status_failed = 3 };

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

int begin_one(baseline *journal, const baseline_request *request, struct begun *operation);
// Ends an operation SUCCESSFUL, the application RUNNING; or FAILED, where the caller has said why.
int finish_one(baseline *journal, const struct begun *operation, bool fails);
int64_t now(void);

int refuse_with(baseline *journal, int code, const char *message);
// Runs a statement that answers no row.
int run_statement(baseline *journal, enum statement which);
// Starts a statement with its one parameter: SQLITE_ROW where it answers.
int find_row(baseline *journal, enum statement which, int64_t key);
const char *column_text(sqlite3_stmt *statement, int column);
// Ends a transaction: for good, or without a trace where something in it failed.
int end_transaction(baseline *journal, int code);

#endif
