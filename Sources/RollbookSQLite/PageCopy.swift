internal import CRollbookSQLite

extension Connection {
  /// Copies the whole database page by page to another one.
  ///
  /// Within a transaction that reads it is copied as that transaction sees it, however much is
  /// written meanwhile: writers are not kept waiting. Source: sqlite.org/c3ref/backup_finish.html.
  /// - Parameters:
  ///   - destination: an empty database, used by nobody else.
  ///   - progress: told the pages that are copied and the pages there are, every 16 MiB.
  public borrowing func copyPages(
    to destination: borrowing Connection, progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws(SQLiteError) {
    guard let copy = unsafe sqlite3_backup_init(destination.handle, "main", handle, "main") else {
      throw destination.failure(sql: nil)
    }
    let pagesPerStep: Int32 = 4096
    var code = SQLITE_OK
    while code == SQLITE_OK {
      code = unsafe sqlite3_backup_step(copy, pagesPerStep)
      let all = Int(unsafe sqlite3_backup_pagecount(copy))
      progress(all - Int(unsafe sqlite3_backup_remaining(copy)), all)
    }
    let ending = unsafe sqlite3_backup_finish(copy)
    guard code == SQLITE_DONE, ending == SQLITE_OK else {
      // What stopped it stands with the destination, whichever side it was.
      let found = code == SQLITE_DONE ? ending : code
      throw SQLiteError(
        code: found, message: unsafe String(cString: sqlite3_errmsg(destination.handle)),
        systemError: unsafe sqlite3_system_errno(destination.handle))
    }
  }
}
