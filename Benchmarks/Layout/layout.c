// Measures the journal's layout: our schema (back pointers within an application and a small table
// of heads) against a plain layout (an index on operations(application_id, id)), and against our
// schema with one thing taken away or added, so that the price of each thing is known.
//
// usage: layout MIGRATIONS SCRATCH full|quick
//
// Decided in docs/decisions/0002-back-pointers.md; `run` beside this file builds and runs it.

#define _XOPEN_SOURCE 700

#include "journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  open_for_reads = 50,
  list_length = 20,
  max_rounds = 5,
  max_reads = 2000,
  frame_bytes = 4096 + 24,  // a page and its header in the WAL
};

static const struct variant variants[] = {
    {"our schema", "ours", true, true, true, pushed_again, true, true, false},
    {"plain: index (application_id)", "plain", false, false, false, pushed_again, true, true,
        false},
    {"ours, a: no foreign keys", "ours", true, true, true, pushed_again, false, true, false},
    {"ours, b: no triggers", "ours", true, true, true, pushed_again, true, false, false},
    {"ours, c: no per-kind pointers", "nokinds", true, false, true, pushed_again, true, true,
        true},
    {"ours, d: no previous_successful_id", "nosuccessful", true, true, false, pushed_again, true,
        true, true},
    {"ours, e: no index of pushed good states", "nopushed", true, true, true, none_pushed, true,
        true, false},
    {"ours, f: an index of all pushed good states", "allpushed", true, true, true, all_pushed,
        true, true, false},
    {"plain, e: no index of pushed good states", "plainnopushed", false, false, false,
        none_pushed, true, true, false},
};
enum { variant_count = sizeof variants / sizeof variants[0] };

// The variants whose rows and indices differ: each has a file of its own.
static const int stored[] = {0, 1, 4, 5, 6, 7, 8};
enum { stored_count = sizeof stored / sizeof stored[0] };

static bool is_measured(const struct variant *v, int64_t count) {
  return !v->small_only || count <= 1000000;
}

struct sample {
  double rate, cpu_us, wal_bytes, page_reads, disk_bytes;  // all but the rate: each operation
};

// MARK: Appends

// What the process has had to read from the disk, since the kernel did not have it.
static double bytes_from_disk(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)usage.ru_inblock * 512;
}

static int64_t pages(sqlite3 *db, int counter) {
  int now = 0, highest = 0;
  sqlite3_db_status(db, counter, &now, &highest, 1);
  return now;
}

static struct sample measure_appends(const struct variant *v, int batch, double bound) {
  struct journal j = open_journal(v);
  for (int i = 0; i < (batch == 1 ? 16 : 2); i++) write_operations(&j, batch);
  execute(j.db, "PRAGMA wal_checkpoint(TRUNCATE)");
  pages(j.db, SQLITE_DBSTATUS_CACHE_WRITE);
  pages(j.db, SQLITE_DBSTATUS_CACHE_MISS);
  double started = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), elapsed;
  double disk = bytes_from_disk();
  int64_t written = 0;
  do {
    write_operations(&j, batch);
    written += batch;
    elapsed = seconds(CLOCK_MONOTONIC) - started;
  } while (elapsed < bound);
  cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  double n = (double)written;
  struct sample result = {
      .rate = n / elapsed, .cpu_us = cpu * 1e6 / n,
      .wal_bytes = (double)pages(j.db, SQLITE_DBSTATUS_CACHE_WRITE) * frame_bytes / n,
      .page_reads = (double)pages(j.db, SQLITE_DBSTATUS_CACHE_MISS) / n,
      .disk_bytes = (bytes_from_disk() - disk) / n};
  close_journal(&j);
  return result;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(const double *values, int count) {
  double sorted[max_rounds];
  memcpy(sorted, values, (size_t)count * sizeof *sorted);
  qsort(sorted, (size_t)count, sizeof *sorted, ascending);
  return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static void print_appends(struct sample samples[][max_rounds], int64_t count, int rounds) {
  for (int v = 0; v < variant_count; v++) {
    if (!is_measured(&variants[v], count)) continue;
    double rate[max_rounds], ratio[max_rounds], cpu[max_rounds], cpu_ratio[max_rounds],
        wal[max_rounds], reads[max_rounds], disk[max_rounds];
    for (int r = 0; r < rounds; r++) {
      rate[r] = samples[v][r].rate;
      ratio[r] = rate[r] / samples[0][r].rate;
      cpu[r] = samples[v][r].cpu_us;
      cpu_ratio[r] = cpu[r] / samples[0][r].cpu_us;
      wal[r] = samples[v][r].wal_bytes;
      reads[r] = samples[v][r].page_reads;
      disk[r] = samples[v][r].disk_bytes;
    }
    printf("| %s | %.0f | %.2f | %.1f | %.2f | %.0f | %.2f | %.0f |\n", variants[v].name,
        median(rate, rounds), median(ratio, rounds), median(cpu, rounds),
        median(cpu_ratio, rounds), median(wal, rounds), median(reads, rounds),
        median(disk, rounds));
  }
}

static void warm_files(int64_t count) {
  for (int i = 0; i < stored_count; i++)
    if (is_measured(&variants[stored[i]], count)) warm_file(&variants[stored[i]]);
}

// Rounds are interleaved, and each begins with another variant: the disk has its phases.
static void compare_appends(const char *size, int64_t count, int rounds, double bound) {
  static const int batches[] = {1, 64, 256};
  for (int b = 0; b < 3; b++) {
    struct sample samples[variant_count][max_rounds];
    if (count > 0) warm_files(count);
    for (int r = 0; r < rounds; r++) {
      for (int i = 0; i < variant_count; i++) {
        int v = (r * 3 + i) % variant_count;
        if (!is_measured(&variants[v], count)) continue;
        if (count == 0) make_empty(&variants[v]);
        // Every cell draws other applications: else those drawn from a file that variants share
        // would have their newest operations in its last pages, which are in memory.
        seed_chance((uint64_t)(100 * r + v));
        double longer = batches[b] == 1 ? 2 * bound : bound;
        samples[v][r] = measure_appends(&variants[v], batches[b], longer);
      }
    }
    printf("\n### Whole operations, %s journal, %d a transaction (medians of %d rounds)\n\n", size,
        batches[b], rounds);
    puts("| | operations/s | ratio | CPU µs/operation | ratio | WAL bytes/operation "
         "| page reads/operation | of which from disk, bytes |\n|---|---|---|---|---|---|---|---|");
    print_appends(samples, count, rounds);
    fflush(stdout);
  }
}

// MARK: Bytes

static void print_bytes(const char *size, int64_t count) {
  printf("\n### Bytes an operation (operation and outcome), %s journal\n\n", size);
  puts("| | all | each table and index |\n|---|---|---|");
  for (int i = 0; i < stored_count; i++) {
    const struct variant *v = &variants[stored[i]];
    if (!is_measured(v, count)) continue;
    sqlite3 *db = open_file(v);
    sqlite3_stmt *s = prepare(db,
        "SELECT name, sum(pgsize) AS bytes FROM dbstat WHERE aggregate = TRUE "
        "AND (name LIKE 'operation%' OR name = 'heads') GROUP BY name HAVING bytes > 100000 "
        "ORDER BY bytes DESC");
    double all = 0;
    char parts[1000] = "";
    while (sqlite3_step(s) == SQLITE_ROW) {
      double each = (double)sqlite3_column_int64(s, 1) / (double)count;
      size_t used = strlen(parts);
      all += each;
      snprintf(parts + used, sizeof parts - used, "%s%s %.1f", used ? ", " : "",
          (const char *)sqlite3_column_text(s, 0), each);
    }
    check(db, sqlite3_finalize(s));
    check(db, sqlite3_close(db));
    printf("| %s | %.1f | %s |\n", v->name, all, parts);
  }
  fflush(stdout);
}

// MARK: Reads

struct reader {
  struct journal journal;
  int64_t operations;  // how many the fill made
  sqlite3_stmt *begin, *head, *row, *list, *list_kind, *list_failed, *rare, *in_progress, *good;
  sqlite3_stmt *pushed, *push_candidate;
};

#define ROW_COLUMNS \
  "o.id, o.kind, u.status, o.started_at, o.actor, o.reason, o.version_from, o.version_to, " \
  "o.parallelism_from, o.parallelism_to, o.caused_by, u.ended_at, u.version, u.parallelism"
#define WITH_OUTCOME "LEFT JOIN operation_outcomes AS u ON u.operation_id = o.id "

enum { row_kind = 1, row_status = 2, row_previous = 14, row_previous_failed, row_previous_start };

static void prepare_reader(struct reader *r) {
  sqlite3 *db = r->journal.db;
  bool heads = r->journal.variant.heads;
  r->begin = prepare(db, "BEGIN");
  r->row = prepare(db, heads
      ? "SELECT " ROW_COLUMNS ", o.previous_id, o.previous_failed_id, o.previous_start_id, "
        "o.parameters FROM operations AS o " WITH_OUTCOME "WHERE o.id = ?"
      : "SELECT " ROW_COLUMNS ", o.parameters FROM operations AS o " WITH_OUTCOME "WHERE o.id = ?");
  // Without likely() the planner reads by the partial index's own range, and sorts.
  r->rare = prepare(db,
      "SELECT " ROW_COLUMNS " FROM operations AS o " WITH_OUTCOME
      "WHERE o.application_id = ? AND o.kind = 12 AND likely(o.kind >= 10) "
      "ORDER BY o.id DESC LIMIT 20");
  r->in_progress = prepare(db,
      "SELECT o.id, o.application_id, o.kind, o.started_at, o.actor FROM open_operations AS p "
      "JOIN operations AS o ON o.id = p.operation_id");
  r->good = prepare(db,
      "SELECT version, parallelism, good_state, good_state_below FROM operation_outcomes "
      "WHERE operation_id = ?");
  r->pushed = prepare(db,
      "SELECT operation_id, parallelism FROM operation_outcomes WHERE application_id = ? "
      "AND version = 2 AND pushed_again = 1 ORDER BY operation_id DESC LIMIT 1");
  if (heads) {
    r->head = prepare(db, "SELECT operation_id FROM heads WHERE application_id = ?");
    r->push_candidate = prepare(db,
        "SELECT u.good_state = o.id AND u.version = 2, u.parallelism, "
        "max(ifnull(o.previous_start_id, 0), ifnull(o.previous_update_id, 0), "
        "ifnull(o.previous_scale_id, 0)) FROM operations AS o " WITH_OUTCOME "WHERE o.id = ?");
    return;
  }
  r->head = prepare(db,
      "SELECT id FROM operations WHERE application_id = ? ORDER BY id DESC LIMIT 1");
  r->list = prepare(db,
      "SELECT " ROW_COLUMNS " FROM operations AS o " WITH_OUTCOME
      "WHERE o.application_id = ? ORDER BY o.id DESC LIMIT 20");
  r->list_kind = prepare(db,
      "SELECT " ROW_COLUMNS " FROM operations AS o " WITH_OUTCOME
      "WHERE o.application_id = ? AND o.kind = 1 ORDER BY o.id DESC LIMIT 20");
  r->list_failed = prepare(db,
      "SELECT " ROW_COLUMNS " FROM operations AS o " WITH_OUTCOME
      "WHERE o.application_id = ? AND u.status IN (3, 4) ORDER BY o.id DESC LIMIT 20");
}

static volatile int64_t taken;  // so that no read can be left out

static void take_row(sqlite3_stmt *s) {
  for (int i = sqlite3_column_count(s) - 1; i >= 0; i--) {
    if (sqlite3_column_type(s, i) == SQLITE_TEXT) taken += sqlite3_column_text(s, i)[0];
    else taken += sqlite3_column_int64(s, i);
  }
}

// Binds, steps once, and leaves the statement on its row; false where there is none.
static bool find(sqlite3_stmt *s, int64_t key) {
  sqlite3_reset(s);
  sqlite3_bind_int64(s, 1, key);
  int code = sqlite3_step(s);
  check(sqlite3_db_handle(s), code);
  return code == SQLITE_ROW;
}

static int take_all(sqlite3_stmt *s, int64_t key) {
  int rows = 0;
  for (bool more = find(s, key); more; rows++) {
    take_row(s);
    more = sqlite3_step(s) == SQLITE_ROW;
  }
  check(sqlite3_db_handle(s), sqlite3_reset(s));
  return rows;
}

static int64_t find_id(sqlite3_stmt *s, int64_t key) {
  int64_t id = find(s, key) ? sqlite3_column_int64(s, 0) : 0;
  sqlite3_reset(s);
  return id;
}

static int newest(struct reader *r, int64_t application) {
  if (!r->journal.variant.heads) return take_all(r->list, application);
  int rows = 0;
  int64_t id = find_id(r->head, application);
  for (; id && rows < list_length && find(r->row, id); rows++) {
    take_row(r->row);
    id = sqlite3_column_int64(r->row, row_previous);
  }
  sqlite3_reset(r->row);
  return rows;
}

// Walks a chain: the head where it belongs to it, and from there by the chain's own pointer.
static int walk_chain(struct reader *r, int64_t application, int column, int value, int pointer) {
  int rows = 0;
  int64_t id = find_id(r->head, application);
  while (id && rows < list_length && find(r->row, id)) {
    if (sqlite3_column_int(r->row, column) == value) {
      take_row(r->row);
      rows++;
    }
    id = sqlite3_column_int64(r->row, pointer);
  }
  sqlite3_reset(r->row);
  return rows;
}

static int newest_starts(struct reader *r, int64_t application) {
  if (!r->journal.variant.heads) return take_all(r->list_kind, application);
  return walk_chain(r, application, row_kind, start, row_previous_start);
}

static int failures_of_busy_one(struct reader *r, int64_t application) {
  (void)application;
  if (!r->journal.variant.heads) return take_all(r->list_failed, busy_application);
  return walk_chain(r, busy_application, row_status, failed, row_previous_failed);
}

static int newest_rollbacks(struct reader *r, int64_t application) {
  return take_all(r->rare, application);
}

// What the list of a kind would cost without pointers for it.
static int newest_starts_by_previous(struct reader *r, int64_t application) {
  return walk_chain(r, application, row_kind, start, row_previous);
}

static int describe(struct reader *r, int64_t application) {
  (void)application;
  return take_all(r->row, 1 + (int64_t)chance((uint32_t)r->operations));
}

// The newest good state of version 2, nearly the oldest, where not the update that made the version
// pushed it: one primary key away from the version's row, which this benchmark does not write.
static int good_state_of_version(struct reader *r, int64_t application) {
  return take_all(r->pushed, application);
}

// The same without an index: all starts, updates and scalings, newest first.
static int good_state_by_pointers(struct reader *r, int64_t application) {
  enum { is_it, parallelism, next };
  int64_t id = find_id(r->head, application);
  while (id && find(r->push_candidate, id) && !sqlite3_column_int(r->push_candidate, is_it))
    id = sqlite3_column_int64(r->push_candidate, next);
  sqlite3_reset(r->push_candidate);
  return id != 0;
}

static int in_progress(struct reader *r, int64_t application) {
  (void)application;
  int rows = 0;
  while (sqlite3_step(r->in_progress) == SQLITE_ROW) {
    take_row(r->in_progress);
    rows++;
  }
  check(r->journal.db, sqlite3_reset(r->in_progress));
  return rows;
}

// The newest outcome, the good state on top, and the one below it.
static int rollback_decision(struct reader *r, int64_t application) {
  enum { good_state = 2, good_state_below = 3 };
  int rows = 0;
  int64_t id = find_id(r->head, application);
  static const int next[] = {good_state, good_state_below, good_state_below};
  for (; rows < 3 && id && find(r->good, id); rows++) {
    take_row(r->good);
    id = sqlite3_column_int64(r->good, next[rows]);
  }
  sqlite3_reset(r->good);
  return rows;
}

struct read {
  const char *name;
  int (*run)(struct reader *, int64_t application);
  bool only_ours;
};

static const struct read reads[] = {
    {"newest 20 of an application", newest, false},
    {"newest 20 StartApplication (12 in 100)", newest_starts, false},
    {"the same, without per-kind pointers", newest_starts_by_previous, true},
    {"newest 20 RollbackApplication (3 in 100), by operations_rare", newest_rollbacks, false},
    {"3 failures of the application with a tenth of all operations", failures_of_busy_one, false},
    {"describe one operation", describe, false},
    {"50 in progress", in_progress, false},
    {"rollback decision", rollback_decision, false},
    {"newest good state of version 2 that was pushed again", good_state_of_version, false},
    {"the same, by pointers", good_state_by_pointers, true},
};

// At most `max_reads` samples, or two seconds.
static void measure_read(struct reader *r, const struct read *read) {
  static double times[max_reads];
  seed_chance(2);
  int samples = 0;
  int64_t rows = 0;
  for (double all = 0; samples < max_reads && all < 2; samples++) {
    // Applications whose newest operation has ended; those in flight are the last ones.
    int64_t application = 2 + chance(applications - open_for_reads - 2);
    double started = seconds(CLOCK_MONOTONIC);
    run(r->begin);
    rows += read->run(r, application);
    run(r->journal.commit);
    times[samples] = seconds(CLOCK_MONOTONIC) - started;
    all += times[samples];
  }
  qsort(times, (size_t)samples, sizeof *times, ascending);
  printf("| %s | %s | %.1f | %.1f | %.1f | %d |\n", read->name, r->journal.variant.name,
      (double)rows / samples, times[samples / 2] * 1e6, times[samples * 99 / 100] * 1e6, samples);
}

static void compare_reads(const char *size, int64_t count) {
  struct reader readers[2];
  for (int i = 0; i < 2; i++) {
    warm_file(&variants[i]);
    readers[i].journal = open_journal(&variants[i]);
    readers[i].operations = count;
    prepare_reader(&readers[i]);
    run(readers[i].journal.begin);
    for (int n = 0; n < open_for_reads; n++)
      begin_operation(&readers[i].journal, applications - n);
    run(readers[i].journal.commit);
  }
  printf("\n### Reads, %s journal\n\n", size);
  puts("| | layout | rows | p50 µs | p99 µs | samples |\n|---|---|---|---|---|---|");
  for (size_t n = 0; n < sizeof reads / sizeof reads[0]; n++)
    for (int i = 0; i < (reads[n].only_ours ? 1 : 2); i++) measure_read(&readers[i], &reads[n]);
  for (int i = 0; i < 2; i++) close_journal(&readers[i].journal);
  fflush(stdout);
}

// MARK: The benchmark's own correctness

// The pointers must be what a look at all rows gives, and the constraints must hold.
static void check_pointers(void) {
  const struct variant *v = &variants[0];
  make_filled(v, 50000);
  struct journal j = open_journal(v);
  for (int i = 0; i < 20; i++) write_operations(&j, 64);
  expect(j.db, "PRAGMA integrity_check", "ok");
  expect(j.db, "SELECT count(*) FROM pragma_foreign_key_check", "0");
  expect(j.db, "SELECT count(*) FROM operations", "51280");
  expect(j.db, "SELECT count(*) FROM operations JOIN operation_outcomes ON operation_id = id",
      "51280");
  expect(j.db, "SELECT count(*) FROM open_operations", "0");
  expect(j.db,
      "SELECT count(*) FROM heads AS h WHERE h.operation_id <> "
      "(SELECT max(id) FROM operations AS o WHERE o.application_id = h.application_id)", "0");
  expect(j.db,
      "SELECT count(*) FROM (SELECT o.*, max(id) OVER w AS p,"
      " max(iif(u.status = 3, id, NULL)) OVER w AS f,"
      " max(iif(u.status = 2, id, NULL)) OVER w AS s,"
      " max(iif(kind = 1, id, NULL)) OVER w AS k1, max(iif(kind = 5, id, NULL)) OVER w AS k5"
      " FROM operations AS o JOIN operation_outcomes AS u ON u.operation_id = o.id"
      " WINDOW w AS (PARTITION BY o.application_id ORDER BY o.id"
      "  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) "
      "WHERE p IS NOT previous_id OR f IS NOT previous_failed_id"
      " OR s IS NOT previous_successful_id OR k1 IS NOT previous_start_id"
      " OR k5 IS NOT previous_snapshot_id", "0");
  close_journal(&j);
  remove_file(v);
}

static void wait_for_fill(void) {
  int status = 0;
  if (wait(&status) < 0 || status != 0) fail("a fill failed");
}

// Two fills at a time, each in a process of its own: they take most of the benchmark's time.
static void fill_all(int64_t count) {
  fflush(stdout);
  int running = 0;
  for (int i = 0; i < stored_count; i++) {
    if (!is_measured(&variants[stored[i]], count)) continue;
    if (running == 2) wait_for_fill();
    else running++;
    pid_t child = fork();
    if (child < 0) fail("cannot fork");
    if (child > 0) continue;
    make_filled(&variants[stored[i]], count);
    _exit(0);
  }
  while (running-- > 0) wait_for_fill();
}

static void compare(const char *size, int64_t count, int rounds, double bound) {
  fill_all(count);
  print_bytes(size, count);
  compare_appends(size, count, rounds, bound);
  compare_reads(size, count);
  for (int i = 0; i < stored_count; i++) remove_file(&variants[stored[i]]);
}

int main(int argc, char **argv) {
  if (argc != 4) fail("usage: layout MIGRATIONS SCRATCH full|quick");
  migrations_folder = argv[1];
  scratch_folder = argv[2];
  bool full = strcmp(argv[3], "full") == 0;
  int rounds = full ? max_rounds : 3;
  double bound = full ? 0.5 : 0.25;
  printf("SQLite %s, %d applications, %.1f s a cell\n", sqlite3_libversion(), applications, bound);
  fflush(stdout);
  check_pointers();
  compare_appends("empty", 0, rounds, bound);
  for (int i = 0; i < stored_count; i++) remove_file(&variants[stored[i]]);
  compare("1M", 1000000, rounds, bound);
  if (full) compare("10M", 10000000, rounds, bound);
  return 0;
}
