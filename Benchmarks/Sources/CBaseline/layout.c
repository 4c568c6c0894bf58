#define _POSIX_C_SOURCE 200809L

#include "internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// MARK: The plain layout

// ALTER TABLE DROP COLUMN would leave the closing parenthesis behind a column's comment.
static void blank_comments(char *script) {
  for (char *comment = script; (comment = strstr(comment, "--")) != NULL;)
    while (*comment && *comment != '\n') *comment++ = ' ';
}

static int run_file(baseline *journal, const char *folder, const char *name) {
  static char script[1 << 18];
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "r");
  if (!file) return refuse_with(journal, SQLITE_CANTOPEN, path);
  size_t length = fread(script, 1, sizeof script - 1, file);
  fclose(file);
  script[length] = '\0';
  blank_comments(script);
  return execute(journal, script);
}

int baseline_make_plain(const char *path, const char *migrations, baseline **opened) {
  baseline *journal = *opened = calloc(1, sizeof **opened);
  if (!journal) return SQLITE_NOMEM;
  journal->use = baseline_writes_plain;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  int code = sqlite3_open_v2(path, &journal->db, flags, NULL);
  if (code == SQLITE_OK) code = run_file(journal, migrations, "V0001__journal.sql");
  if (code == SQLITE_OK)
    code = execute(journal,
        "ALTER TABLE operations DROP COLUMN previous_start_id;"
        "ALTER TABLE operations DROP COLUMN previous_stop_id;"
        "ALTER TABLE operations DROP COLUMN previous_update_id;"
        "ALTER TABLE operations DROP COLUMN previous_scale_id;"
        "ALTER TABLE operations DROP COLUMN previous_snapshot_id;"
        "ALTER TABLE operations DROP COLUMN previous_successful_id;"
        "ALTER TABLE operations DROP COLUMN previous_id;"
        "ALTER TABLE operations DROP COLUMN previous_failed_id;"
        "DROP TABLE heads;"
        "CREATE INDEX operations_by_application ON operations (application_id);"
        // The migrator's own table, which the triggers name.
        "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY)");
  if (code == SQLITE_OK) code = run_file(journal, migrations, "V0002__append_only.sql");
  return code == SQLITE_OK ? prepare_all(journal) : code;
}

// MARK: Bytes

int baseline_operation_bytes(baseline *journal, int64_t *bytes) {
  sqlite3_stmt *s = NULL;
  int code = sqlite3_prepare_v2(journal->db,
      "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name IN ("
      "SELECT name FROM sqlite_schema WHERE tbl_name IN ('operations', 'operation_outcomes') "
      "AND type IN ('table', 'index'))",
      -1, &s, NULL);
  if (code != SQLITE_OK) return code;
  *bytes = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
  return sqlite3_finalize(s);
}

// MARK: The WAL

static uint32_t big_endian(const unsigned char *b) {
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

// A frame that ends a transaction tells the size of the database; those of an earlier round of the
// WAL have other salts. Source: sqlite.org/fileformat2.html, "The Write-Ahead Log".
int64_t baseline_commits_in_wal(const char *journal_path) {
  enum { header_size = 32, frame_header_size = 24 };
  unsigned char header[header_size], frame[frame_header_size];
  char path[4096];
  snprintf(path, sizeof path, "%s-wal", journal_path);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  int64_t commits = -1;
  if (pread(file, header, sizeof header, 0) == sizeof header) {
    off_t step = frame_header_size + (off_t)big_endian(header + 8);
    commits = 0;
    for (off_t at = header_size; pread(file, frame, sizeof frame, at) == sizeof frame; at += step) {
      if (memcmp(frame + 8, header + 16, 8) != 0) break;
      if (big_endian(frame + 4) != 0) commits++;
    }
  }
  close(file);
  return commits;
}
