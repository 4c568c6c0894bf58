internal import RollbookSQLite

extension JournalWriter {
  /// Records the intent to take a snapshot of a generation.
  ///
  /// - Throws: `nameTaken` where a live snapshot has the name.
  package borrowing func beginSnapshot(
    named name: String, of running: RunningGeneration, runtimeEnvironment: String,
    in operation: OperationID
  ) throws(RollbookError) -> SnapshotID {
    if let other = try reader.snapshot(named: name, of: running.application),
      other.status == .ready || other.status == .creating
    {
      throw RollbookError(
        .nameTaken, "There is a snapshot named \(name) already (\(other.status.rawValue)).",
        hint: "Give another name, or delete that snapshot first.")
    }
    let insert = try query(
      """
      INSERT INTO snapshots (application_id, name, operation_id, version, runtime_environment,
        generation, started_at)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """)
    try insert.bind(1, running.application)
    try insert.bind(2, name)
    try insert.bind(3, operation)
    try insert.bind(4, running.version)
    try insert.bind(5, runtimeEnvironment)
    try insert.bind(6, running.token.rawValue)
    try insert.bind(7, now())
    try insert.run()
    return SnapshotID(reader.connection.lastInsertedRowID)
  }

  /// Records that a snapshot is READY (facts) or FAILED (why).
  package borrowing func endSnapshot(
    _ id: SnapshotID, of application: ApplicationID, _ facts: SnapshotFacts?, failure: String?
  ) throws(RollbookError) {
    let insert = try query(
      """
      INSERT INTO snapshot_outcomes (snapshot_id, application_id, ready, ended_at, location, size,
        digest, failure)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """)
    try insert.bind(1, id)
    try insert.bind(2, application)
    try insert.bind(3, facts == nil ? 0 : 1)
    try insert.bind(4, now())
    try insert.bind(5, facts?.location)
    try insert.bind(6, facts?.size)
    try insert.bind(7, facts?.digest)
    try insert.bind(8, failure)
    try insert.run()
  }

  /// Records that a snapshot's bytes are gone.
  package borrowing func markDeleted(
    _ snapshot: SnapshotID, by operation: OperationID
  ) throws(RollbookError) {
    let insert = try query(
      "INSERT INTO snapshot_deletions (snapshot_id, operation_id, deleted_at) VALUES (?, ?, ?)")
    try insert.bind(1, snapshot)
    try insert.bind(2, operation)
    try insert.bind(3, now())
    try insert.run()
  }
}
