// What the journal's work costs in plain C on SQLite's own interface: the other side of the ratios.
//
// The functions work on a journal that Rollbook's migrations have made and that holds the
// applications named. A `baseline` belongs to one thread at a time. Every function that returns an
// int returns an SQLite result code: 0 (SQLITE_OK), or an error that `baseline_message` explains.

#ifndef ROLLBOOK_BASELINE_H
#define ROLLBOOK_BASELINE_H

#include <stdint.h>

typedef struct baseline baseline;

// An operation that is asked for. `reason` and `parameters` (JSON) may be NULL where the schema
// allows it. `version_to` and `parallelism_to` are 0 where the operation does not change them.
typedef struct {
  int64_t application_id;
  int kind;  // a row of operation_kinds
  const char *actor;
  const char *reason;
  const char *parameters;
  int64_t version_to;
  int64_t parallelism_to;
} baseline_request;

// An operation that was read. Texts belong to SQLite and live as long as the visit; those that are
// NULL in the journal are NULL here, and so are numbers 0.
typedef struct {
  int64_t id;
  int64_t application_id;
  int kind;
  int status;  // 1 (IN_PROGRESS) where there is no outcome
  int64_t started_at;
  int64_t ended_at;
  const char *actor;
  const char *reason;
  const char *parameters;
  int64_t version_from, version_to;
  int64_t parallelism_from, parallelism_to;
  int64_t caused_by;
  int64_t previous_id;
  const char *rollback_decision;
  const char *rollback_decision_reason;
} baseline_operation;

// What a description tells besides the operation; belongs to SQLite like the operation's texts.
typedef struct {
  const char *phase;  // this and the next four: NULL where the operation did not fail
  const char *root_cause;
  const char *text;
  const char *evidence;
  const char *log_tail;
  int steps;
} baseline_details;

typedef struct {
  int64_t operation_id;  // 0: there is none
  int64_t version;
  int64_t parallelism;
} baseline_good_state;

// What a rollback is decided on: the newest outcome, the good state on top, the one below it.
typedef struct {
  int64_t operation_id;  // 0: the application has no outcome yet
  int status;
  int64_t version;
  int64_t parallelism;
  baseline_good_state top;
  baseline_good_state below;
} baseline_decision;

typedef void (*baseline_visitor)(void *context, const baseline_operation *operation);
typedef void (*baseline_describer)(
    void *context, const baseline_operation *operation, const baseline_details *details);

// Opens a journal for reading and writing (WAL, synchronous=FULL, foreign keys; each is read back)
// and prepares every statement. On an error `*opened` is NULL or can tell its message; it is to be
// closed in both cases.
int baseline_open(const char *path, baseline **opened);
void baseline_close(baseline *journal);
const char *baseline_message(baseline *journal);

// One whole operation, as one caller does it: begun in one durable transaction, finished
// SUCCESSFUL, the application RUNNING, in a second one.
int baseline_append_one(baseline *journal, const baseline_request *request);

// As many whole operations as there are requests, all begun in one durable transaction and all
// finished in a second one: what a writer that coalesces its callers does. The requests are for
// different applications, since an application has one operation in flight.
int baseline_append_batch(baseline *journal, const baseline_request *requests, int count);

// Visits the newest operations of an application, newest first, along its back pointers.
int baseline_newest(
    baseline *journal, int64_t application_id, int limit, baseline_visitor visit, void *context);

// Describes one operation: itself, its outcome, its failure, its steps. An operation that is not
// there is not described: SQLITE_NOTFOUND.
int baseline_describe(
    baseline *journal, int64_t operation_id, baseline_describer describe, void *context);

int baseline_decide_rollback(
    baseline *journal, int64_t application_id, baseline_decision *decision);

// Visits every operation in progress, in the order of their applications.
int baseline_in_progress(baseline *journal, baseline_visitor visit, void *context);

// Fills a new journal with applications and whole operations, their steps, and the failures of one
// in twenty updates and scalings. Fast, not durable; the same at every run.
int baseline_fill(baseline *journal, int applications, int64_t operations);

// Makes the WAL empty, so that each side of a comparison begins with the same.
int baseline_checkpoint(baseline *journal);

// Runs a program with its output thrown away.
typedef struct {
  int status;         // as waitpid tells it; -1 where it could not be started
  double seconds;     // from before its start until after its end
} baseline_process;
baseline_process baseline_run_program(char *const arguments[]);

#endif
