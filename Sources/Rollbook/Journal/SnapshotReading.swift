internal import RollbookSQLite

extension JournalReader {
  private static let snapshotSelect = """
    SELECT s.id, s.application_id, s.name, s.operation_id, s.version, s.runtime_environment,
      s.generation, s.started_at, o.id, o.ready, o.ended_at, o.location, o.size, o.digest,
      o.failure, d.deleted_at
    FROM snapshots AS s
    LEFT JOIN snapshot_outcomes AS o ON o.snapshot_id = s.id
    LEFT JOIN snapshot_deletions AS d ON d.snapshot_id = s.id
    """

  public borrowing func snapshot(_ id: SnapshotID) throws(RollbookError) -> Snapshot? {
    let row = try query("\(Self.snapshotSelect) WHERE s.id = ?")
    try row.bind(1, id)
    return try row.next() ? Self.snapshot(row) : nil
  }

  /// The newest snapshot of a name, deleted and failed ones included.
  public borrowing func snapshot(
    named name: String, of application: ApplicationID
  ) throws(RollbookError) -> Snapshot? {
    let row = try query(
      """
      \(Self.snapshotSelect)
      WHERE s.application_id = ? AND s.name = ? ORDER BY s.id DESC LIMIT 1
      """)
    try row.bind(1, application)
    try row.bind(2, name)
    return try row.next() ? Self.snapshot(row) : nil
  }

  /// The snapshots of these names that an operation took.
  package borrowing func snapshots(
    named names: Set<String>, takenBy operation: Operation
  ) throws(RollbookError) -> [Snapshot] {
    let row = try query(
      "\(Self.snapshotSelect) WHERE s.application_id = ? AND s.name = ? AND s.operation_id = ?")
    var taken: [Snapshot] = []
    for name in names.sorted() {
      try row.bind(1, operation.application)
      try row.bind(2, name)
      try row.bind(3, operation.id)
      if try row.next() { taken.append(Self.snapshot(row)) }
      row.reset()
    }
    return taken
  }

  /// The snapshots of an application, the newest first; deleted ones only where asked for.
  public borrowing func snapshots(
    of application: ApplicationID, before id: SnapshotID? = nil, includingDeleted: Bool = false,
    limit: Int
  ) throws(RollbookError) -> [Snapshot] {
    let rows = try query(
      """
      \(Self.snapshotSelect)
      WHERE s.application_id = ? AND s.id < ? AND (? OR d.snapshot_id IS NULL)
      ORDER BY s.id DESC LIMIT ?
      """)
    try rows.bind(1, application)
    try rows.bind(2, id?.rawValue ?? Int64.max)
    try rows.bind(3, includingDeleted ? 1 : 0)
    try rows.bind(4, limit)
    var snapshots: [Snapshot] = []
    while try rows.next() { snapshots.append(Self.snapshot(rows)) }
    return snapshots
  }

  /// The READY snapshots, the newest outcome first.
  ///
  /// - Parameter sequence: begin with the newest whose outcome is older than this one.
  public borrowing func readySnapshots(
    of application: ApplicationID, before sequence: Int64 = .max, limit: Int
  ) throws(RollbookError) -> [Snapshot] {
    let rows = try query(
      """
      SELECT r.snapshot_id FROM snapshot_outcomes AS r
      WHERE r.application_id = ? AND r.ready = 1 AND r.id < ?
        AND NOT EXISTS (SELECT 1 FROM snapshot_deletions AS d WHERE d.snapshot_id = r.snapshot_id)
      ORDER BY r.id DESC LIMIT ?
      """)
    try rows.bind(1, application)
    try rows.bind(2, sequence)
    try rows.bind(3, limit)
    return try snapshots(of: rows)
  }

  /// The snapshots whose numbers are the first column of rows, in their order.
  borrowing func snapshots(of rows: borrowing Query) throws(RollbookError) -> [Snapshot] {
    var ids: [SnapshotID] = []
    while try rows.next() { ids.append(SnapshotID(rows.int(0))) }
    var snapshots: [Snapshot] = []
    for id in ids {
      if let snapshot = try snapshot(id) { snapshots.append(snapshot) }
    }
    return snapshots
  }

  private static func snapshot(_ row: borrowing Query) -> Snapshot {
    var outcome: SnapshotOutcome?
    if let sequence = row.optionalInt(8) {
      let facts =
        row.int(9) == 1
        ? SnapshotFacts(
          location: row.text(11), size: row.optionalInt(12), digest: row.optionalText(13)) : nil
      outcome = SnapshotOutcome(
        sequence: sequence, endedAt: row.time(10), facts: facts, failure: row.optionalText(14))
    }
    return Snapshot(
      id: SnapshotID(row.int(0)), application: ApplicationID(row.int(1)), name: row.text(2),
      operation: OperationID(row.int(3)), version: row.int(4), runtimeEnvironment: row.text(5),
      generation: GenerationToken(rawValue: row.text(6)), startedAt: row.time(7),
      outcome: outcome, deletedAt: row.optionalTime(15))
  }
}
