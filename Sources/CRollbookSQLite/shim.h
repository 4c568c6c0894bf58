#ifndef ROLLBOOK_SQLITE_SHIM_H
#define ROLLBOOK_SQLITE_SHIM_H

#include <sqlite3.h>

// Swift cannot call variadic C functions, nor import the SQLITE_TRANSIENT cast.

static inline int rollbook_bind_text(sqlite3_stmt *statement, int index, const char *bytes, int count) {
  return sqlite3_bind_text(statement, index, bytes, count, SQLITE_TRANSIENT);
}

/// Double-quoted text is an identifier, never a string: a misspelt column must not become data.
static inline int rollbook_refuse_double_quoted_strings(sqlite3 *database) {
  int code = sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
  if (code != SQLITE_OK) return code;
  return sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
}

/// Schema changes by writable_schema and the like are refused.
static inline int rollbook_defensive(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}

#endif
