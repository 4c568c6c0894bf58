internal import RollbookSQLite

/// A consistent copy of a journal's file, made while others write.
enum JournalCopy {
  /// Copies a journal to a path where nothing is, and checks the copy.
  ///
  /// The source is read in one transaction: writers go on, and their WAL shrinks again afterwards.
  /// - Parameters:
  ///   - isIndexed: adds the indices that questions without the back pointers want.
  ///   - progress: told the bytes that are copied and those there are.
  /// - Throws: `journalDamaged` where the copy is not sound: neither is its source then.
  static func make(
    of path: String, at destination: String, isIndexed: Bool,
    progress: (_ done: Int64, _ all: Int64) -> Void
  ) throws(RollbookError) {
    let opened = try JournalFile.openReader(path: path, mayBeImmutable: true)
    let source = opened.takeConnection()
    try JournalFile.create(path: destination)
    do throws(SQLiteError) {
      let copy = try Connection(path: destination, mode: .readWrite)
      try source.execute("BEGIN")
      defer { try? source.execute("COMMIT") }
      // The transaction begins with its first look.
      let pageSize = try source.integer("PRAGMA page_size") ?? 4096
      _ = try source.integer("SELECT count(*) FROM schema_migrations")
      try source.copyPages(to: copy) { progress(Int64($0) * pageSize, Int64($1) * pageSize) }
    } catch {
      throw RollbookError(error)
    }
    try finish(destination, isIndexed: isIndexed)
  }

  /// Adds what was asked for, and checks what the disk now holds.
  private static func finish(_ path: String, isIndexed: Bool) throws(RollbookError) {
    do throws(SQLiteError) {
      let copy = try Connection(path: path, mode: .readWrite)
      if isIndexed { try copy.executeScript(indices) }
      let finding = try copy.text("PRAGMA quick_check(1)")
      guard finding == "ok" else {
        throw SQLiteError(code: SQLiteError.PrimaryCode.corrupt.rawValue, message: finding ?? "")
      }
    } catch {
      throw RollbookError(error)
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
    var ids: [SnapshotID] = []
    while try rows.next() { ids.append(SnapshotID(rows.int(0))) }
    var snapshots: [Snapshot] = []
    for id in ids {
      if let snapshot = try snapshot(id) { snapshots.append(snapshot) }
    }
    return snapshots
  }
}
