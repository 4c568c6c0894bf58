#define _POSIX_C_SOURCE 200809L

#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
  start = 1, stop, update, scale, snapshot,
  rollback = 12, system_rollback, forget,
};

// SplitMix64: the same journal at every run.
static uint32_t chance(uint64_t *state, uint32_t bound) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)(((z ^ (z >> 31)) >> 32) * bound >> 32);
}

// The mix of an application that is changed often, as in Benchmarks/Layout.
static int kind_by_chance(uint64_t *state) {
  static const struct { uint32_t below; int kind; } mix[] = {
      {40, update}, {55, scale}, {67, start}, {79, stop}, {95, snapshot},
      {98, rollback}, {99, system_rollback}, {100, forget}};
  uint32_t drawn = chance(state, 100);
  int i = 0;
  while (drawn >= mix[i].below) i++;
  return mix[i].kind;
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

// MARK: Triggers

// They are made again afterwards: what is filled in keeps their rules, and they would take half of
// the time.
struct triggers {
  char *names, *texts;  // scripts: what drops them, what makes them
};

static int gather(baseline *journal, const char *sql, char **script) {
  sqlite3_stmt *s = NULL;
  *script = NULL;
  int code = sqlite3_prepare_v2(journal->db, sql, -1, &s, NULL);
  if (code != SQLITE_OK) return code;
  if (sqlite3_step(s) == SQLITE_ROW && sqlite3_column_text(s, 0))
    *script = strdup((const char *)sqlite3_column_text(s, 0));
  code = sqlite3_finalize(s);
  return code == SQLITE_OK && !*script ? refuse_with(journal, SQLITE_ERROR, sql) : code;
}

static int drop_triggers(baseline *journal, struct triggers *triggers) {
  int code = gather(journal,
      "SELECT group_concat('DROP TRIGGER ' || name || ';', ' ') FROM sqlite_schema "
      "WHERE type = 'trigger'", &triggers->names);
  if (code == SQLITE_OK)
    code = gather(journal,
        "SELECT group_concat(sql || ';', ' ') FROM sqlite_schema WHERE type = 'trigger'",
        &triggers->texts);
  return code == SQLITE_OK ? execute(journal, triggers->names) : code;
}

// MARK: Operations

static struct operation next_operation(
    const struct standing *last, int64_t application_id, int kind) {
  return (struct operation){
      .application_id = application_id, .kind = kind, .version_from = last->version,
      .version_to = kind == update ? last->version + 1 : 0,
      .parallelism_from = last->parallelism,
      .parallelism_to = kind == scale ? last->parallelism % 8 + 1 : 0,
      .caused_by = kind == system_rollback ? last->id : 0, .good_state = last->good_state};
}

// `below_top`: the good state below the one on top; only a rollback looks at it.
static struct outcome next_outcome(
    const struct operation *operation, bool fails, int64_t below_top) {
  int kind = operation->kind;
  struct outcome outcome = {
      .status = fails ? status_failed : status_successful,
      .application_status = kind == stop ? application_ready : application_running,
      .version = operation->version_to ? operation->version_to : operation->version_from,
      .parallelism = operation->parallelism_to ? operation->parallelism_to
                                               : operation->parallelism_from,
      .good_state = operation->good_state,
      .decision = fails ? "NOT_ENABLED" : NULL,
      .decision_reason = fails ? "system rollback is not enabled" : NULL};
  if (fails) return outcome;
  outcome.pushes = kind == update || kind == scale || (kind == start && !operation->good_state);
  outcome.pushes_again = outcome.pushes && kind != update;
  if (outcome.pushes) {
    outcome.good_state = operation->id;
    outcome.good_state_below = operation->good_state;
  } else if (kind == rollback && below_top) {
    outcome.good_state = below_top;
  }
  return outcome;
}

// The steps that a deployment writes.
static int add_steps(baseline *journal, const struct operation *operation, int64_t at) {
  char detail[100];
  snprintf(detail, sizeof detail,
      "{\"generation\":\"%032llx\",\"parallelism\":%lld,\"version\":%lld}",
      (unsigned long long)operation->id, (long long)operation->parallelism_from,
      (long long)operation->version_from);
  int code = insert_step_row(journal, operation->id, "stopped", NULL, at);
  if (code == SQLITE_OK) code = insert_step_row(journal, operation->id, "deploying", detail, at);
  if (code == SQLITE_OK) code = insert_step_row(journal, operation->id, "running", NULL, at);
  return code;
}

static int add_failure(baseline *journal, int64_t operation_id) {
  static const char sql[] =
      "INSERT INTO failures (operation_id, phase, root_cause, text, evidence) VALUES (%lld, "
      "'deploy', 'the state is of another job', 'Exception in thread \"main\" "
      "java.lang.IllegalStateException: the state is of another job\n"
      "\tat com.example.Job.restore(Job.java:214)\n\tat com.example.Job.main(Job.java:31)\n', "
      "'{}')";
  char text[sizeof sql + 30];
  snprintf(text, sizeof text, sql, (long long)operation_id);
  return execute(journal, text);
}

struct fill {
  baseline *journal;
  struct standing *standings;  // of each application
  uint32_t *below;             // of each operation: the good state below the one that it pushed
  uint64_t state;
  int applications;
  int64_t count;
};

static bool busy_one_fails(int64_t i, int64_t count) {
  return i == count / 4 / 10 * 10 || i == count / 2 / 10 * 10 || i == count * 3 / 4 / 10 * 10;
}

static int add_operation(struct fill *fill, int64_t i) {
  baseline *journal = fill->journal;
  bool busy = i % 10 == 0, told = i % baseline_with_steps == baseline_with_steps / 2;
  int64_t application = busy
      ? baseline_busy
      : 2 + (int64_t)chance(&fill->state, (uint32_t)fill->applications - 1);
  bool fails = chance(&fill->state, 100) < 3;
  if (busy) fails = busy_one_fails(i, fill->count);
  struct standing *last = &fill->standings[application];
  struct operation operation =
      next_operation(last, application, kind_by_chance(&fill->state));
  int64_t at = 1700000000000000 + i * 1000;
  bool deploys = operation.kind == start || operation.kind == update || operation.kind == scale;
  move_pointers(last);
  int code = insert_operation_row(journal, &operation, last, "ticket OPS-4711",
      deploys ? "{\"restore\":\"latest\"}" : NULL, at);
  if (code == SQLITE_OK && told) code = add_steps(journal, &operation, at);
  // Of the few that are described.
  if (code == SQLITE_OK && fails && told) code = add_failure(journal, operation.id);
  if (code != SQLITE_OK) return code;
  struct outcome outcome = next_outcome(&operation, fails, fill->below[operation.good_state]);
  outcome.at = at + 700;
  fill->below[operation.id] = (uint32_t)outcome.good_state_below;
  last->id = operation.id;
  last->kind = operation.kind;
  last->status = outcome.status;
  last->version = outcome.version;
  last->parallelism = outcome.parallelism;
  last->good_state = outcome.good_state;
  return insert_outcome_row(journal, &operation, &outcome);
}

static int add_heads(struct fill *fill) {
  int code = SQLITE_OK;
  if (!fill->journal->statements[upsert_head]) return code;
  for (int64_t id = 1; id <= fill->applications && code == SQLITE_OK; id++) {
    struct operation newest = {.id = fill->standings[id].id, .application_id = id};
    if (newest.id) code = run_for(fill->journal, upsert_head, &newest);
  }
  return code;
}

static int add_all(struct fill *fill) {
  enum { transaction = 1000000 };
  int code = SQLITE_OK;
  for (int64_t id = 1; id <= fill->applications; id++)
    fill->standings[id].version = fill->standings[id].parallelism = 1;
  for (int64_t i = 1; i <= fill->count && code == SQLITE_OK; i++) {
    code = add_operation(fill, i);
    if (code == SQLITE_OK && i % transaction == 0) code = execute(fill->journal, "COMMIT; BEGIN");
  }
  return code == SQLITE_OK ? add_heads(fill) : code;
}

// The indices grow row by row, since one built at the end would be packed tighter than any that
// lives.
int baseline_fill(baseline *journal, int applications, int64_t operations) {
  struct triggers triggers = {0};
  struct fill fill = {
      .journal = journal, .state = 1, .applications = applications, .count = operations,
      .standings = calloc((size_t)applications + 1, sizeof *fill.standings),
      .below = calloc((size_t)operations + 1, sizeof *fill.below)};
  int code = fill.standings && fill.below ? SQLITE_OK : SQLITE_NOMEM;
  if (code == SQLITE_OK)
    code = execute(journal,
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA foreign_keys = OFF;"
        "PRAGMA journal_mode = OFF");
  if (code == SQLITE_OK) code = drop_triggers(journal, &triggers);
  if (code == SQLITE_OK) code = execute(journal, "BEGIN");
  if (code == SQLITE_OK) code = insert_applications(journal, applications);
  if (code == SQLITE_OK && operations > 0) code = add_all(&fill);
  if (code == SQLITE_OK) code = execute(journal, "COMMIT");
  if (code == SQLITE_OK) code = execute(journal, triggers.texts);
  if (code == SQLITE_OK) code = execute(journal, "PRAGMA journal_mode = WAL");
  free(triggers.names);
  free(triggers.texts);
  free(fill.standings);
  free(fill.below);
  return code;
}
