// The journals that are measured: made from the migrations, filled, and written as Rollbook writes.

#ifndef LAYOUT_JOURNAL_H
#define LAYOUT_JOURNAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
  applications = 10000,
  busy_application = 1,  // has every tenth operation of the fill, and three failures in all
  max_batch = 256,
};

enum kind { start = 1, stop, update, scale, snapshot, rollback = 12, system_rollback, forget };
enum { frequent_kinds = 5 };
enum status { successful = 2, failed = 3 };

// Which outcomes that push a good state are in an index by application and version: those that
// pushed again what another operation had made (as in the migrations), all of them, none.
enum pushed_index { pushed_again, all_pushed, none_pushed };

// What is measured. Several variants can share one file: foreign keys and triggers are switched off
// by the connection.
struct variant {
  const char *name;
  const char *file;
  bool heads;  // back pointers and heads; otherwise the index
  bool kind_pointers;
  bool successful_pointer;
  enum pushed_index pushed_index;
  bool foreign_keys;
  bool triggers;
  bool small_only;  // not measured at ten million, so that all files fit into memory
};

struct journal {
  sqlite3 *db;
  struct variant variant;
  sqlite3_stmt *begin, *commit;
  sqlite3_stmt *read_standing, *read_below;
  sqlite3_stmt *insert_operation, *upsert_head, *insert_open;
  sqlite3_stmt *insert_outcome, *delete_open;
};

extern const char *migrations_folder, *scratch_folder;

// Any error ends the program: a benchmark that goes on measures something else.
void fail(const char *format, ...);
void check(sqlite3 *db, int code);

double seconds(clockid_t clock);
// The journals are the same at every run: all that is drawn depends on the seed.
void seed_chance(uint64_t seed);
uint32_t chance(uint32_t bound);

sqlite3_stmt *prepare(sqlite3 *db, const char *sql);
void execute(sqlite3 *db, const char *sql);
void run(sqlite3_stmt *statement);
// Fails unless the statement answers this value.
void expect(sqlite3 *db, const char *sql, const char *expected);

// A file of its own for each `variant.file`, in the scratch folder.
void make_empty(const struct variant *v);
void make_filled(const struct variant *v, int64_t count);
void remove_file(const struct variant *v);
// Reads a whole file, so that no variant is measured with a colder file than another.
void warm_file(const struct variant *v);
sqlite3 *open_file(const struct variant *v);

// Opens a journal as Rollbook does, and reads back what was set.
struct journal open_journal(const struct variant *v);
void close_journal(struct journal *j);

// Begins an operation of a kind that chance chooses, within the caller's transaction.
void begin_operation(struct journal *j, int64_t application);
// Begins `count` operations of as many applications in one transaction, and finishes them in
// another: what a writer does that coalesces `count` callers.
void write_operations(struct journal *j, int count);

#endif
