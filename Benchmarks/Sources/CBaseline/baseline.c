#define _POSIX_C_SOURCE 200809L

#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

int refuse_with(baseline *journal, int code, const char *message) {
  snprintf(journal->message, sizeof journal->message, "%s", message);
  return code;
}

int execute(baseline *journal, const char *sql) {
  return sqlite3_exec(journal->db, sql, NULL, NULL, NULL);
}

int run_statement(baseline *journal, enum statement which) {
  sqlite3_step(journal->statements[which]);
  // Resetting returns the step's error, if there was one.
  return sqlite3_reset(journal->statements[which]);
}

int find_row(baseline *journal, enum statement which, int64_t key) {
  sqlite3_bind_int64(journal->statements[which], 1, key);
  return sqlite3_step(journal->statements[which]);
}

int end_transaction(baseline *journal, int code) {
  if (code == SQLITE_OK) code = run_statement(journal, commit);
  if (code == SQLITE_OK) return code;
  if (!journal->message[0]) refuse_with(journal, code, sqlite3_errmsg(journal->db));
  // Some errors end the transaction by themselves.
  if (!sqlite3_get_autocommit(journal->db)) run_statement(journal, roll_back);
  return code;
}

void bind_or_null(sqlite3_stmt *statement, int index, int64_t value) {
  if (value) sqlite3_bind_int64(statement, index, value);
  else sqlite3_bind_null(statement, index);
}

void bind_text(sqlite3_stmt *statement, int index, const char *text) {
  sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

int64_t baseline_processor_time(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
      usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

// MARK: Opening and closing

// Runs a pragma and compares the one value that it answers.
static int expect(baseline *journal, const char *pragma, const char *expected) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(journal->db, pragma, -1, &statement, NULL);
  if (code != SQLITE_OK) return code;
  bool same = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) &&
      strcmp((const char *)sqlite3_column_text(statement, 0), expected) == 0;
  code = sqlite3_finalize(statement);
  if (code != SQLITE_OK) return code;
  return same ? SQLITE_OK : refuse_with(journal, SQLITE_ERROR, pragma);
}

// What Journal/JournalFile.swift sets and reads back; its readers set nothing.
static int configure(baseline *journal) {
  static const struct { const char *set, *read, *expected; } pragmas[] = {
      {"PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"},
      {"PRAGMA synchronous = FULL", "PRAGMA synchronous", "2"},
      {"PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", "1"},
      {"PRAGMA wal_autocheckpoint = 16000", "PRAGMA wal_autocheckpoint", "16000"},
      {"PRAGMA journal_size_limit = 75497472", "PRAGMA journal_size_limit", "75497472"},
      {"PRAGMA temp_store = MEMORY", "PRAGMA temp_store", "2"},
      {"PRAGMA cache_size = -32768", "PRAGMA cache_size", "-32768"}};
  int code = SQLITE_OK;
  for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0] && code == SQLITE_OK; i++) {
    code = execute(journal, pragmas[i].set);
    if (code == SQLITE_OK) code = expect(journal, pragmas[i].read, pragmas[i].expected);
  }
  return code;
}

int prepare_all(baseline *journal) {
  int code = SQLITE_OK;
  for (int i = 0; i < statement_count && code == SQLITE_OK; i++) {
    const char *text = statement_text(journal->use, i);
    if (text)
      code = sqlite3_prepare_v3(
          journal->db, text, -1, SQLITE_PREPARE_PERSISTENT, &journal->statements[i], NULL);
  }
  return code;
}

int baseline_open(const char *path, enum baseline_use use, baseline **opened) {
  *opened = calloc(1, sizeof **opened);
  if (!*opened) return SQLITE_NOMEM;
  (*opened)->use = use;
  int mode = use == baseline_reads ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  int flags = mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int code = sqlite3_open_v2(path, &(*opened)->db, flags, NULL);
  if (code == SQLITE_OK) code = sqlite3_busy_timeout((*opened)->db, 5000);
  if (code == SQLITE_OK && use != baseline_reads) code = configure(*opened);
  if (code == SQLITE_OK) code = prepare_all(*opened);
  return code;
}

void baseline_close(baseline *journal) {
  if (!journal) return;
  for (int i = 0; i < statement_count; i++) sqlite3_finalize(journal->statements[i]);
  sqlite3_close(journal->db);
  free(journal->open);
  free(journal);
}

const char *baseline_message(baseline *journal) {
  if (!journal) return "out of memory";
  return journal->message[0] ? journal->message : sqlite3_errmsg(journal->db);
}

int baseline_checkpoint(baseline *journal) {
  return execute(journal, "PRAGMA wal_checkpoint(RESTART)");
}
