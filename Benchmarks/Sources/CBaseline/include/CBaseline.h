// What the journal's work costs in plain C on SQLite's own interface: the other side of the ratios.
//
// The functions work on a journal that Rollbook's migrations have made, or on one of the plain
// layout. A `baseline` belongs to one thread at a time. Every function that returns an int returns
// an SQLite result code: 0 (SQLITE_OK), or an error that `baseline_message` explains.

#ifndef ROLLBOOK_BASELINE_H
#define ROLLBOOK_BASELINE_H

#include <stdint.h>

typedef struct baseline baseline;

// How a journal is opened: each sets what Rollbook sets for the same use, and reads it back.
enum baseline_use {
  baseline_reads,         // read only, SQLite's own settings
  baseline_writes,        // WAL, synchronous=FULL, foreign keys, the sizes of WAL and cache
  baseline_writes_plain,  // the same, in a journal of the plain layout
};

int baseline_open(const char *path, enum baseline_use use, baseline **opened);
void baseline_close(baseline *journal);
const char *baseline_message(baseline *journal);

// A statement that peers in other languages run too; NULL past the last one.
typedef struct {
  const char *name;
  const char *sql;
} baseline_statement;
baseline_statement baseline_statement_at(int index);

// MARK: Writing

// An operation that is asked for: a scaling to a parallelism, an update to the next version, or one
// of another frequent kind, which changes neither.
typedef struct {
  int64_t application_id;
  int kind;  // a row of operation_kinds below 10
  int64_t parallelism;
} baseline_request;

// Whole operations, each of another application: all begun in one durable transaction, and all
// finished SUCCESSFUL in a second one.
int baseline_operate(baseline *journal, const baseline_request *requests, int count);

// Begins an operation of each of `count` applications from `first` on, in one transaction, and tells
// their numbers; `baseline_end_open` ends them in another.
int baseline_begin_open(baseline *journal, int64_t first, int count, int64_t *ids);
int baseline_end_open(baseline *journal);

// A step for each of these operations in flight, all in one durable transaction.
int baseline_append_steps(baseline *journal, const int64_t *operations, int count);

// Makes the main file hold everything, and lets the WAL be written from its beginning again.
int baseline_checkpoint(baseline *journal);

// Says of every operation in progress that a generation of its application runs.
int baseline_set_running(baseline *journal);

// MARK: Reading

// Each answers how many rows it read, so that nobody measures a read that found nothing.
int baseline_newest(baseline *journal, int64_t application_id, int limit, int *rows);
// An operation, its outcome, its failure, its steps.
int baseline_describe(baseline *journal, int64_t operation_id, int *rows);
// The newest outcome, the good state on top, the one below it.
int baseline_decide_rollback(baseline *journal, int64_t application_id, int *rows);
// The operations in progress, the oldest first.
int baseline_in_progress(baseline *journal, int *rows);
// All that has to be known of the operations in progress before they can be settled, once each:
// operation, application, what stood before, what runs, versions, suspects, steps.
int baseline_read_to_settle(baseline *journal, int *rows);

// MARK: Files

// Makes an empty journal of the plain layout out of the migrations: an index on the application
// instead of back pointers and heads; triggers as in Rollbook's own.
int baseline_make_plain(const char *path, const char *migrations, baseline **opened);

// Fills a new journal with applications and operations. Fast, not durable, the same at every run.
// Application `baseline_busy` has every tenth operation and three failures in all. Every fiftieth
// operation, of another application, has steps.
enum { baseline_busy = 1, baseline_with_steps = 50 };
int baseline_fill(baseline *journal, int applications, int64_t operations);

// Bytes of the tables and indices that an operation and its outcome stand in.
int baseline_operation_bytes(baseline *journal, int64_t *bytes);

// How many transactions the WAL beside a journal holds; -1 where it cannot be read.
int64_t baseline_commits_in_wal(const char *journal_path);

// MARK: Programs

// Runs a program with its output thrown away.
typedef struct {
  int status;  // as waitpid tells it; -1 where it could not be started
  double seconds;
} baseline_process;
baseline_process baseline_run_program(char *const arguments[]);

// A program that is told things by its input and answers by its output, line by line.
typedef struct {
  int pid;
  int socket;
} baseline_peer;
// The process id is -1 where it could not be started.
baseline_peer baseline_start_peer(char *const arguments[]);
// Sends a line and waits for the answer; false where the peer has ended.
int baseline_ask_peer(baseline_peer peer, const char *question, char *answer, int size);
void baseline_end_peer(baseline_peer peer);

// The processor time of this process so far, in microseconds.
int64_t baseline_processor_time(void);

#endif
