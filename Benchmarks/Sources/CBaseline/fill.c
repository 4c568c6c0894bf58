#include "internal.h"

#include <stdio.h>

enum { kind_start = 1, kind_stop, kind_update, kind_scale, kind_snapshot };

static int execute(baseline *journal, const char *sql) {
  return sqlite3_exec(journal->db, sql, NULL, NULL, NULL);
}

// SplitMix64: the same journal at every run.
static uint32_t chance(uint64_t *state, uint32_t bound) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)(((z ^ (z >> 31)) >> 32) * bound >> 32);
}

static int insert_applications(baseline *journal, int applications) {
  char sql[400];
  snprintf(sql, sizeof sql,
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
      "INSERT INTO applications (id, name, runtime, created_at) "
      "SELECT i, printf('application-%%05d', i), 'process', 1700000000000000 FROM n",
      applications);
  return execute(journal, sql);
}

static int add_step(
    baseline *journal, int64_t operation_id, int sequence, const char *step, const char *detail) {
  sqlite3_stmt *s = journal->statements[insert_step];
  sqlite3_bind_int64(s, 1, operation_id);
  sqlite3_bind_int(s, 2, sequence);
  sqlite3_bind_int64(s, 3, now());
  sqlite3_bind_text(s, 4, step, -1, SQLITE_STATIC);
  sqlite3_bind_text(s, 5, detail, -1, SQLITE_STATIC);
  return run_statement(journal, insert_step);
}

// The steps that a deployment writes.
static int add_steps(baseline *journal, const struct begun *operation) {
  char detail[100];
  snprintf(detail, sizeof detail,
      "{\"generation\":\"%032llx\",\"parallelism\":%lld,\"version\":%lld}",
      (unsigned long long)operation->id, (long long)operation->parallelism,
      (long long)operation->version);
  int code = add_step(journal, operation->id, 1, "stopped", NULL);
  if (code == SQLITE_OK) code = add_step(journal, operation->id, 2, "deploying", detail);
  if (code == SQLITE_OK) code = add_step(journal, operation->id, 3, "running", NULL);
  return code;
}

static int add_failure(baseline *journal, int64_t operation_id) {
  static const char text[] =
      "Exception in thread \"main\" java.lang.IllegalStateException: the state is of another job\n"
      "\tat com.example.Job.restore(Job.java:214)\n\tat com.example.Job.main(Job.java:31)\n";
  sqlite3_stmt *s = journal->statements[insert_failure];
  sqlite3_bind_int64(s, 1, operation_id);
  sqlite3_bind_text(s, 2, "the state is of another job", -1, SQLITE_STATIC);
  sqlite3_bind_text(s, 3, text, -1, SQLITE_STATIC);
  return run_statement(journal, insert_failure);
}

static int add_operation(baseline *journal, uint64_t *state, int applications) {
  static const int kinds[] = {kind_start, kind_stop, kind_update, kind_update, kind_update,
      kind_update, kind_scale, kind_scale, kind_snapshot, kind_snapshot};
  int kind = kinds[chance(state, 10)];
  bool changes = kind == kind_update || kind == kind_scale;
  // A number that no version before it had: the operations are numbered anyway.
  int64_t next = sqlite3_last_insert_rowid(journal->db) % 999999 + 2;
  baseline_request request = {
      .application_id = 1 + chance(state, (uint32_t)applications), .kind = kind,
      .actor = "deploy@build-07", .reason = "ticket OPS-4711",
      .parameters = kind == kind_start || kind == kind_update ? "{\"restore\":\"latest\"}" : NULL,
      .version_to = kind == kind_update ? next : 0,
      .parallelism_to = kind == kind_scale ? 1 + chance(state, 8) : 0};
  bool fails = changes && chance(state, 20) == 0;
  struct begun operation;
  int code = begin_one(journal, &request, &operation);
  if (code == SQLITE_OK) code = add_steps(journal, &operation);
  if (code == SQLITE_OK && fails) code = add_failure(journal, operation.id);
  if (code == SQLITE_OK) code = finish_one(journal, &operation, fails);
  return code;
}

int baseline_fill(baseline *journal, int applications, int64_t operations) {
  enum { transaction = 10000 };
  uint64_t state = 1;
  int code = execute(journal, "PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN");
  if (code == SQLITE_OK) code = insert_applications(journal, applications);
  for (int64_t i = 1; i <= operations && code == SQLITE_OK; i++) {
    code = add_operation(journal, &state, applications);
    if (code == SQLITE_OK && i % transaction == 0) code = execute(journal, "COMMIT; BEGIN");
  }
  if (code == SQLITE_OK) code = execute(journal, "COMMIT");
  if (code == SQLITE_OK)
    code = execute(journal, "PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)");
  return code;
}
