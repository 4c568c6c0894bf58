internal import RollbookSQLite

/// A consistent copy of a journal's file, made while others write.
enum JournalCopy {
  /// Copies a journal to a path where nothing is, and checks the copy.
  ///
  /// The source is read in one transaction: writers go on, and their WAL shrinks again afterwards.
  /// - Parameters:
  ///   - isIndexed: adds the indices that questions without the back pointers want.
  ///   - progress: told the bytes that are copied and those there are.
  /// - Throws: `journalDamaged` where the copy is not sound; `diskFull` and `system` where it cannot be
  ///   written; `journalReadOnly` where the WAL of the source cannot be read.
  static func make(
    of path: String, at destination: String, isIndexed: Bool,
    progress: (_ done: Int64, _ all: Int64) -> Void
  ) throws(RollbookError) {
    let opened = try JournalFile.openReader(path: path, mayBeImmutable: true)
    guard opened.isWALReadable else {
      throw RollbookError(
        .journalReadOnly, "The newest changes of the journal \(path) cannot be read.",
        hint: "Make the backup where its home can be written, or as a user who may.")
    }
    let source = opened.takeConnection()
    do throws(SQLiteError) {
      try source.execute("BEGIN")
      // The transaction begins with its first look.
      _ = try source.integer("SELECT count(*) FROM schema_migrations")
    } catch {
      throw RollbookError(error)
    }
    defer { try? source.execute("COMMIT") }
    do throws(RollbookError) {
      try JournalFile.create(path: destination)
      try write(source, to: destination, isIndexed, progress)
    } catch  where error.code != .journalDamaged {
      throw error.ofBackup(at: destination)
    }
  }

  private static func write(
    _ source: borrowing Connection, to destination: String, _ isIndexed: Bool,
    _ progress: (_ done: Int64, _ all: Int64) -> Void
  ) throws(RollbookError) {
    let finding: String?
    do throws(SQLiteError) {
      let copy = try Connection(path: destination, mode: .readWrite)
      try copy.execute("PRAGMA synchronous = FULL")
      let pageSize = try source.integer("PRAGMA page_size") ?? 4096
      try source.copyPages(to: copy) { progress(Int64($0) * pageSize, Int64($1) * pageSize) }
      if isIndexed { try copy.executeScript(indices) }
      finding = try copy.text("PRAGMA quick_check(1)")
    } catch {
      throw RollbookError(error)
    }
    guard finding == "ok" else {
      throw RollbookError(
        .journalDamaged, "The copy of the journal is not sound: \(finding ?? "no answer").",
        hint: "The journal or the disk of the backup is damaged: "
          + "`sqlite3 -readonly journal.db 'PRAGMA integrity_check'` in the home tells which.")
    }
  }

  /// For questions by time, person, kind, status or cause, over all applications.
  private static let indices = """
    CREATE INDEX indexed_operations_by_application ON operations (application_id, started_at);
    CREATE INDEX indexed_operations_by_time ON operations (started_at);
    CREATE INDEX indexed_operations_by_actor ON operations (actor, started_at);
    CREATE INDEX indexed_operations_by_kind ON operations (kind, started_at);
    CREATE INDEX indexed_operations_by_cause ON operations (caused_by) WHERE caused_by IS NOT NULL;
    CREATE INDEX indexed_outcomes_by_status ON operation_outcomes (status, ended_at);
    CREATE INDEX indexed_failures_by_root_cause ON failures (root_cause);
    CREATE INDEX indexed_snapshots_by_operation ON snapshots (operation_id);
    ANALYZE;
    """
}

extension JournalReader {
  /// The digests of the code of every version that ever was.
  package borrowing func allArtifacts() throws(RollbookError) -> Set<String> {
    let rows = try query("SELECT DISTINCT artifact FROM versions")
    var digests: Set<String> = []
    while try rows.next() { digests.insert(rows.text(0)) }
    return digests
  }

  /// Every snapshot that is READY, of all applications.
  package borrowing func allReadySnapshots() throws(RollbookError) -> [Snapshot] {
    let rows = try query(
      """
      SELECT r.snapshot_id FROM snapshot_outcomes AS r
      WHERE r.ready = 1
        AND NOT EXISTS (SELECT 1 FROM snapshot_deletions AS d WHERE d.snapshot_id = r.snapshot_id)
      ORDER BY r.id
      """)
    return try snapshots(of: rows)
  }
}
