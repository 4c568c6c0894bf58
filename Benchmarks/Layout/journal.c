#define _XOPEN_SOURCE 700

#include "journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What an application's newest operation tells the one that follows it.
struct standing {
  int64_t id;  // 0 where the application has no operation yet
  int kind, status;
  int64_t previous_failed, previous_successful, previous_of_kind[frequent_kinds + 1];
  int version, parallelism;
  int64_t good_state;
};

struct operation {
  int64_t id, application;
  int kind, status;  // status: how it will end
  int version_from, version_to, parallelism_from, parallelism_to;
  int64_t previous, previous_failed, previous_successful, previous_of_kind[frequent_kinds + 1];
  int64_t good_state;  // on top before it
};

struct outcome {
  int version, parallelism;
  int64_t good_state, good_state_below;
};

const char *migrations_folder, *scratch_folder;

// MARK: Errors, time, chance

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("layout: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

void check(sqlite3 *db, int code) {
  if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
    fail("%s (%d)", sqlite3_errmsg(db), code);
}

double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int64_t microseconds_since_1970(void) {
  return (int64_t)(seconds(CLOCK_REALTIME) * 1e6);
}

static uint64_t chance_state;

void seed_chance(uint64_t seed) { chance_state = seed; }

// SplitMix64.
uint32_t chance(uint32_t bound) {
  uint64_t z = (chance_state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)(((z ^ (z >> 31)) >> 32) * bound >> 32);
}

// The mix of an application that is changed often; 70 in 100 change what runs.
static int kind_by_chance(void) {
  static const struct { uint32_t below; int kind; } mix[] = {
      {40, update}, {55, scale}, {67, start}, {79, stop}, {95, snapshot},
      {98, rollback}, {99, system_rollback}, {100, forget}};
  uint32_t drawn = chance(100);
  int i = 0;
  while (drawn >= mix[i].below) i++;
  return mix[i].kind;
}

static int status_by_chance(void) { return chance(100) < 3 ? failed : successful; }

// MARK: What follows what

static struct operation operation_after(
    const struct standing *last, int64_t application, int kind, int status) {
  struct operation o = {
      .application = application, .kind = kind, .status = status,
      .version_from = last->version, .parallelism_from = last->parallelism,
      .previous = last->id, .previous_failed = last->previous_failed,
      .previous_successful = last->previous_successful, .good_state = last->good_state};
  if (kind == update) o.version_to = last->version + 1;
  if (kind == scale) o.parallelism_to = last->parallelism % 8 + 1;
  memcpy(o.previous_of_kind, last->previous_of_kind, sizeof o.previous_of_kind);
  if (last->id == 0) return o;
  if (last->status == failed) o.previous_failed = last->id;
  if (last->status == successful) o.previous_successful = last->id;
  if (last->kind <= frequent_kinds) o.previous_of_kind[last->kind] = last->id;
  return o;
}

// `below_top`: the good state below the one on top; only a rollback looks at it.
static struct outcome outcome_of(const struct operation *o, int64_t below_top) {
  struct outcome u = {
      .version = o->version_to ? o->version_to : o->version_from,
      .parallelism = o->parallelism_to ? o->parallelism_to : o->parallelism_from,
      .good_state = o->good_state};
  if (o->status == failed) return u;
  bool changes = o->kind == update || o->kind == scale;
  if (changes || (o->kind == start && o->good_state == 0)) {
    u.good_state = o->id;
    u.good_state_below = o->good_state;
  } else if (o->kind == rollback && below_top != 0) {
    u.good_state = below_top;
  }
  return u;
}

// MARK: Statements

sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
  sqlite3_stmt *statement = NULL;
  check(db, sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
  return statement;
}

void execute(sqlite3 *db, const char *sql) {
  check(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

void run(sqlite3_stmt *statement) {
  sqlite3 *db = sqlite3_db_handle(statement);
  check(db, sqlite3_step(statement));
  check(db, sqlite3_reset(statement));
}

static void run_with(sqlite3_stmt *statement, int64_t value) {
  sqlite3_bind_int64(statement, 1, value);
  run(statement);
}

// Runs a statement and takes the text of its one value.
static void one_value(sqlite3 *db, const char *sql, char *value, size_t size) {
  sqlite3_stmt *statement = prepare(db, sql);
  int code = sqlite3_step(statement);
  check(db, code);
  const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
  snprintf(value, size, "%s", text ? text : "");
  sqlite3_finalize(statement);
}

void expect(sqlite3 *db, const char *sql, const char *expected) {
  char value[64];
  one_value(db, sql, value, sizeof value);
  if (strcmp(value, expected) != 0) fail("%s answers %s, not %s", sql, value, expected);
}

static void bind_or_null(sqlite3_stmt *statement, int index, int64_t value) {
  if (value) sqlite3_bind_int64(statement, index, value);
  else sqlite3_bind_null(statement, index);
}

static void bind_text_or_null(sqlite3_stmt *statement, int index, const char *text) {
  sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

// MARK: The schema

// ALTER TABLE DROP COLUMN would leave the closing parenthesis behind a column's comment.
static void blank_comments(char *script) {
  for (char *comment = script; (comment = strstr(comment, "--")) != NULL;)
    while (*comment && *comment != '\n') *comment++ = ' ';
}

static void run_file(sqlite3 *db, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", migrations_folder, name);
  FILE *file = fopen(path, "r");
  if (!file) fail("cannot read %s", path);
  static char script[1 << 18];
  size_t length = fread(script, 1, sizeof script - 1, file);
  fclose(file);
  script[length] = '\0';
  blank_comments(script);
  execute(db, script);
}

// The migrations' own tables, less what the variant does without. The triggers are made by
// `make_triggers`, after the fill.
static void make_tables(sqlite3 *db, const struct variant *v) {
  run_file(db, "V0001__journal.sql");
  if (!v->kind_pointers) {
    execute(db,
        "ALTER TABLE operations DROP COLUMN previous_start_id;"
        "ALTER TABLE operations DROP COLUMN previous_stop_id;"
        "ALTER TABLE operations DROP COLUMN previous_update_id;"
        "ALTER TABLE operations DROP COLUMN previous_scale_id;"
        "ALTER TABLE operations DROP COLUMN previous_snapshot_id;");
  }
  if (!v->successful_pointer)
    execute(db, "ALTER TABLE operations DROP COLUMN previous_successful_id");
  if (v->pushed_index != pushed_again)
    execute(db,
        "DROP INDEX operation_outcomes_pushed_again;"
        "ALTER TABLE operation_outcomes DROP COLUMN pushed_again;");
  if (v->pushed_index == all_pushed)
    execute(db,
        "CREATE INDEX operation_outcomes_pushed ON operation_outcomes (application_id, version) "
        "WHERE good_state = operation_id");
  if (v->heads) return;
  execute(db,
      "ALTER TABLE operations DROP COLUMN previous_id;"
      "ALTER TABLE operations DROP COLUMN previous_failed_id;"
      "DROP TABLE heads;"
      "CREATE INDEX operations_by_application ON operations (application_id);");
}

static void make_triggers(sqlite3 *db) {
  // The migrator's own table, which the triggers name.
  execute(db, "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY)");
  run_file(db, "V0002__append_only.sql");
}

static void make_applications(sqlite3 *db) {
  sqlite3_stmt *insert = prepare(db,
      "INSERT INTO applications (id, name, runtime, created_at) "
      "VALUES (?1, printf('application-%05d', ?1), 'process', 1700000000000000)");
  execute(db, "BEGIN");
  for (int id = 1; id <= applications; id++) run_with(insert, id);
  execute(db, "COMMIT");
  sqlite3_finalize(insert);
}

// MARK: One journal

static void journal_path(char *path, size_t size, const struct variant *v) {
  snprintf(path, size, "%s/%s.db", scratch_folder, v->file);
}

sqlite3 *open_file(const struct variant *v) {
  char path[4096];
  journal_path(path, sizeof path, v);
  sqlite3 *db = NULL;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  check(db, sqlite3_open_v2(path, &db, flags, NULL));
  return db;
}

void remove_file(const struct variant *v) {
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  char path[4096], whole[4200];
  journal_path(path, sizeof path, v);
  for (int i = 0; i < 3; i++) {
    snprintf(whole, sizeof whole, "%s%s", path, suffixes[i]);
    unlink(whole);
  }
}

void warm_file(const struct variant *v) {
  static char buffer[1 << 20];
  char path[4096];
  journal_path(path, sizeof path, v);
  FILE *file = fopen(path, "r");
  if (!file) fail("cannot read %s", path);
  while (fread(buffer, 1, sizeof buffer, file) == sizeof buffer) continue;
  fclose(file);
}

static void prepare_reads(struct journal *j) {
  const struct variant *v = &j->variant;
  char sql[1000];
  snprintf(sql, sizeof sql,
      "SELECT o.id, o.kind, u.status, u.version, u.parallelism, u.good_state, %s, %s, %s "
      "FROM %s LEFT JOIN operation_outcomes AS u ON u.operation_id = o.id %s",
      v->heads ? "o.previous_failed_id" : "NULL",
      v->successful_pointer ? "o.previous_successful_id" : "NULL",
      v->kind_pointers ? "o.previous_start_id, o.previous_stop_id, o.previous_update_id, "
                         "o.previous_scale_id, o.previous_snapshot_id"
                       : "NULL, NULL, NULL, NULL, NULL",
      v->heads ? "heads AS h JOIN operations AS o ON o.id = h.operation_id" : "operations AS o",
      v->heads ? "WHERE h.application_id = ?"
               : "WHERE o.application_id = ? ORDER BY o.id DESC LIMIT 1");
  j->read_standing = prepare(j->db, sql);
  j->read_below =
      prepare(j->db, "SELECT good_state_below FROM operation_outcomes WHERE operation_id = ?");
}

static void prepare_writes(struct journal *j) {
  const struct variant *v = &j->variant;
  char sql[1000];
  int values = 11 + (v->heads ? 2 : 0) + (v->successful_pointer ? 1 : 0) +
      (v->kind_pointers ? frequent_kinds : 0);
  snprintf(sql, sizeof sql,
      "INSERT INTO operations (application_id, kind, started_at, actor, reason, parameters, "
      "version_from, version_to, parallelism_from, parallelism_to, caused_by%s%s%s) VALUES (?%.*s)",
      v->heads ? ", previous_id, previous_failed_id" : "",
      v->successful_pointer ? ", previous_successful_id" : "",
      v->kind_pointers ? ", previous_start_id, previous_stop_id, previous_update_id, "
                         "previous_scale_id, previous_snapshot_id"
                       : "",
      (values - 1) * 2, ",?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?");
  j->insert_operation = prepare(j->db, sql);
  if (v->heads)
    j->upsert_head = prepare(j->db,
        "INSERT INTO heads (application_id, operation_id) VALUES (?, ?) "
        "ON CONFLICT (application_id) DO UPDATE SET operation_id = excluded.operation_id");
  j->insert_open =
      prepare(j->db, "INSERT INTO open_operations (application_id, operation_id) VALUES (?, ?)");
  bool again = v->pushed_index == pushed_again;
  snprintf(sql, sizeof sql,
      "INSERT INTO operation_outcomes (operation_id, application_id, status, ended_at, "
      "application_status, version, parallelism, good_state, good_state_below, "
      "rollback_decision, rollback_decision_reason%s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?%s)",
      again ? ", pushed_again" : "", again ? ", ?" : "");
  j->insert_outcome = prepare(j->db, sql);
  j->delete_open = prepare(j->db, "DELETE FROM open_operations WHERE application_id = ?");
  j->begin = prepare(j->db, "BEGIN IMMEDIATE");
  j->commit = prepare(j->db, "COMMIT");
}

static void prepare_journal(struct journal *j) {
  prepare_reads(j);
  prepare_writes(j);
}

struct journal open_journal(const struct variant *v) {
  struct journal j = {.db = open_file(v), .variant = *v};
  expect(j.db, "PRAGMA journal_mode = WAL", "wal");
  execute(j.db, "PRAGMA synchronous = FULL");
  execute(j.db, v->foreign_keys ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF");
  expect(j.db, "PRAGMA synchronous", "2");
  expect(j.db, "PRAGMA foreign_keys", v->foreign_keys ? "1" : "0");
  int triggers = -1;
  sqlite3_db_config(j.db, SQLITE_DBCONFIG_ENABLE_TRIGGER, v->triggers, &triggers);
  if (triggers != v->triggers) fail("triggers cannot be switched");
  prepare_journal(&j);
  return j;
}

void close_journal(struct journal *j) {
  for (sqlite3_stmt *s; (s = sqlite3_next_stmt(j->db, NULL)) != NULL;) sqlite3_finalize(s);
  check(j->db, sqlite3_close(j->db));
}

void make_empty(const struct variant *v) {
  remove_file(v);
  sqlite3 *db = open_file(v);
  execute(db, "PRAGMA synchronous = OFF");
  make_tables(db, v);
  make_triggers(db);
  make_applications(db);
  check(db, sqlite3_close(db));
}

// MARK: Writing operations

static struct standing read_standing(struct journal *j, int64_t application) {
  sqlite3_stmt *s = j->read_standing;
  sqlite3_bind_int64(s, 1, application);
  int code = sqlite3_step(s);
  check(j->db, code);
  struct standing last = {.version = 1, .parallelism = 1};
  if (code == SQLITE_ROW) {
    last.id = sqlite3_column_int64(s, 0);
    last.kind = sqlite3_column_int(s, 1);
    last.status = sqlite3_column_int(s, 2);
    last.version = sqlite3_column_int(s, 3);
    last.parallelism = sqlite3_column_int(s, 4);
    last.good_state = sqlite3_column_int64(s, 5);
    last.previous_failed = sqlite3_column_int64(s, 6);
    last.previous_successful = sqlite3_column_int64(s, 7);
    for (int kind = 1; kind <= frequent_kinds; kind++)
      last.previous_of_kind[kind] = sqlite3_column_int64(s, 7 + kind);
  }
  sqlite3_reset(s);
  return last;
}

static int64_t read_below(struct journal *j, int64_t good_state) {
  sqlite3_bind_int64(j->read_below, 1, good_state);
  int code = sqlite3_step(j->read_below);
  check(j->db, code);
  int64_t below = code == SQLITE_ROW ? sqlite3_column_int64(j->read_below, 0) : 0;
  sqlite3_reset(j->read_below);
  return below;
}

static void insert_operation(struct journal *j, struct operation *o, int64_t at) {
  sqlite3_stmt *s = j->insert_operation;
  bool deploys = o->kind == start || o->kind == update || o->kind == scale;
  sqlite3_bind_int64(s, 1, o->application);
  sqlite3_bind_int(s, 2, o->kind);
  sqlite3_bind_int64(s, 3, at);
  bind_text_or_null(s, 4, "deploy@build-07");
  bind_text_or_null(s, 5, "ticket OPS-4711");
  bind_text_or_null(s, 6, deploys ? "{\"restore\":{\"latest\":{}}}" : "{}");
  sqlite3_bind_int(s, 7, o->version_from);
  bind_or_null(s, 8, o->version_to);
  sqlite3_bind_int(s, 9, o->parallelism_from);
  bind_or_null(s, 10, o->parallelism_to);
  bind_or_null(s, 11, o->kind == system_rollback ? o->previous : 0);
  int column = 12;
  if (j->variant.heads) {
    bind_or_null(s, column++, o->previous);
    bind_or_null(s, column++, o->previous_failed);
  }
  if (j->variant.successful_pointer) bind_or_null(s, column++, o->previous_successful);
  if (j->variant.kind_pointers)
    for (int kind = 1; kind <= frequent_kinds; kind++)
      bind_or_null(s, column++, o->previous_of_kind[kind]);
  run(s);
  o->id = sqlite3_last_insert_rowid(j->db);
}

static void insert_outcome(
    struct journal *j, const struct operation *o, const struct outcome *u, int64_t at) {
  sqlite3_stmt *s = j->insert_outcome;
  sqlite3_bind_int64(s, 1, o->id);
  sqlite3_bind_int64(s, 2, o->application);
  sqlite3_bind_int(s, 3, o->status);
  sqlite3_bind_int64(s, 4, at);
  sqlite3_bind_int(s, 5, o->kind == stop ? 1 : 2);  // READY or RUNNING
  sqlite3_bind_int(s, 6, u->version);
  sqlite3_bind_int(s, 7, u->parallelism);
  bind_or_null(s, 8, u->good_state);
  bind_or_null(s, 9, u->good_state_below);
  bind_text_or_null(s, 10, o->status == failed ? "NOT_ENABLED" : NULL);
  bind_text_or_null(s, 11, o->status == failed ? "system rollback is not enabled" : NULL);
  if (j->variant.pushed_index == pushed_again)
    bind_or_null(s, 12, u->good_state == o->id && o->kind != update);
  run(s);
}

static struct operation begin(struct journal *j, int64_t application) {
  struct standing last = read_standing(j, application);
  struct operation o = operation_after(&last, application, kind_by_chance(), status_by_chance());
  insert_operation(j, &o, microseconds_since_1970());
  sqlite3_stmt *const writes[] = {j->upsert_head, j->insert_open};
  for (int i = j->variant.heads ? 0 : 1; i < 2; i++) {
    sqlite3_bind_int64(writes[i], 1, application);
    sqlite3_bind_int64(writes[i], 2, o.id);
    run(writes[i]);
  }
  return o;
}

void begin_operation(struct journal *j, int64_t application) { begin(j, application); }

static void finish_operation(struct journal *j, const struct operation *o) {
  int64_t below = o->kind == rollback ? read_below(j, o->good_state) : 0;
  struct outcome u = outcome_of(o, below);
  insert_outcome(j, o, &u, microseconds_since_1970());
  run_with(j->delete_open, o->application);
}

void write_operations(struct journal *j, int count) {
  static int drawn_in[applications + 1], turn;
  struct operation begun[max_batch];
  turn++;
  run(j->begin);
  for (int i = 0; i < count; i++) {
    int application;
    do application = busy_application + 1 + (int)chance(applications - 1);
    while (drawn_in[application] == turn);
    drawn_in[application] = turn;
    begun[i] = begin(j, application);
  }
  run(j->commit);
  run(j->begin);
  for (int i = 0; i < count; i++) finish_operation(j, &begun[i]);
  run(j->commit);
}

// MARK: The fill

static bool busy_one_fails(int64_t i, int64_t count) {
  return i == count / 4 / 10 * 10 || i == count / 2 / 10 * 10 || i == count * 3 / 4 / 10 * 10;
}

static void keep_standing(
    struct standing *last, const struct operation *o, const struct outcome *u) {
  *last = (struct standing){
      .id = o->id, .kind = o->kind, .status = o->status, .previous_failed = o->previous_failed,
      .previous_successful = o->previous_successful, .version = u->version,
      .parallelism = u->parallelism, .good_state = u->good_state};
  memcpy(last->previous_of_kind, o->previous_of_kind, sizeof last->previous_of_kind);
}

static void fill_heads(struct journal *j, const struct standing *standings) {
  if (!j->variant.heads) return;
  for (int id = 1; id <= applications; id++) {
    if (!standings[id].id) continue;
    sqlite3_bind_int64(j->upsert_head, 1, id);
    sqlite3_bind_int64(j->upsert_head, 2, standings[id].id);
    run(j->upsert_head);
  }
}

static void fill_operations(struct journal *j, int64_t count) {
  struct standing *standings = calloc(applications + 1, sizeof *standings);
  uint32_t *below = calloc((size_t)count + 1, sizeof *below);
  if (!standings || !below) fail("out of memory");
  for (int id = 1; id <= applications; id++)
    standings[id].version = standings[id].parallelism = 1;
  for (int64_t i = 1; i <= count; i++) {
    bool busy = i % 10 == 0;
    int application = busy_application;
    if (!busy) application += 1 + (int)chance(applications - 1);
    struct standing *last = &standings[application];
    int kind = kind_by_chance(), status = status_by_chance();
    if (busy) status = busy_one_fails(i, count) ? failed : successful;
    struct operation o = operation_after(last, application, kind, status);
    int64_t at = 1700000000000000 + i * 1000;
    insert_operation(j, &o, at);
    struct outcome u = outcome_of(&o, below[o.good_state]);
    below[o.id] = (uint32_t)u.good_state_below;
    insert_outcome(j, &o, &u, at + 700);
    keep_standing(last, &o, &u);
    if (i % 1000000 == 0) execute(j->db, "COMMIT; BEGIN");
  }
  fill_heads(j, standings);
  free(below);
  free(standings);
}

// Fills a journal fast. The indices grow row by row, since one built at the end would be packed
// tighter than any that lives; the triggers are made afterwards.
void make_filled(const struct variant *v, int64_t count) {
  double started = seconds(CLOCK_MONOTONIC);
  remove_file(v);
  seed_chance(1);  // the same fill in every variant
  struct journal j = {.db = open_file(v), .variant = *v};
  execute(j.db,
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1500000;"
      "PRAGMA locking_mode = EXCLUSIVE;");
  make_tables(j.db, v);
  make_applications(j.db);
  prepare_journal(&j);
  execute(j.db, "BEGIN");
  fill_operations(&j, count);
  execute(j.db, "COMMIT");
  make_triggers(j.db);
  close_journal(&j);
  // Else the kernel writes the fill out while something else is measured.
  sync();
  fprintf(stderr, "filled %s with %lld operations in %.0f s\n", v->file, (long long)count,
      seconds(CLOCK_MONOTONIC) - started);
}

