/// What the history was through one operation, in one line that can be kept where nobody who may write the
/// journal can reach it: whoever has it sees later whether anything of that history was rewritten.
///
/// It covers every row that belongs to an operation up to that one, which had all ended, and every change
/// of an application's tags or maintenance window up to one of them. Not covered is what can still come:
/// resolutions of suspects, and when an application was deleted other than by its operation.
public struct HistoryDigest: Sendable, Equatable, LosslessStringConvertible {
  /// The newest operation that is covered; 0 for an empty history.
  public let operation: OperationID
  /// The newest change of tags or of a maintenance window that is covered; 0 where there is none.
  public let change: Int64
  /// 64 hexadecimal digits.
  public let sha256: String

  init(operation: OperationID, change: Int64, sha256: String) {
    self.operation = operation
    self.change = change
    self.sha256 = sha256
  }

  /// Reads `OPERATION.CHANGE.SHA256`.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let operation = Int64(parts[0]), let change = Int64(parts[1]),
      operation >= 0, change >= 0, parts[2].utf8.count == 64,
      parts[2].utf8.allSatisfy({
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
          || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
      })
    else { return nil }
    self.init(operation: OperationID(operation), change: change, sha256: String(parts[2]))
  }

  public var description: String { "\(operation).\(change).\(sha256)" }

  /// The SQL whose lines, as the `sqlite3` shell prints them in its list mode, have this digest.
  public var sql: String {
    HistoryTable.all.map {
      $0.lines(operation: String(operation.rawValue), change: String(change), range: nil) + ";\n"
    }.joined()
  }
}

extension Journal {
  /// The digest of the history. It blocks its thread: not for code on the cooperative pool.
  ///
  /// - Parameter operation: the newest operation to be covered; else the newest before all that are in
  ///   flight.
  /// - Throws: `invalidArgument` where that operation, or one before it, has not ended.
  public func historyDigest(
    through operation: OperationID? = nil
  ) throws(RollbookError) -> HistoryDigest {
    let (settled, change) = try blockingRead { (reader) throws(RollbookError) in
      (try reader.newestSettledOperation(), try reader.newestChange())
    }
    let newest = operation ?? settled
    guard newest <= settled, newest >= OperationID(0) else {
      throw RollbookError(
        .invalidArgument, "The history through operation \(newest) is not complete.",
        hint: "All operations through \(settled) have ended.")
    }
    return try historyDigest(operation: newest, change: change)
  }

  private func historyDigest(
    operation: OperationID, change: Int64
  ) throws(RollbookError) -> HistoryDigest {
    var hash = SHA256()
    for table in HistoryTable.all {
      var key: Int64? = .min
      // A bounded part of the journal at a time.
      while let after = key {
        let part = try blockingRead { [hash] (reader) throws(RollbookError) in
          try reader.digest(table, after: after, operation, change, hash)
        }
        hash = part.hash
        key = part.key
      }
    }
    return HistoryDigest(operation: operation, change: change, sha256: hash.hexDigest())
  }

  /// Whether the history is still what it was when the digest was taken, in words where it is not.
  package func findings(against digest: HistoryDigest) throws(RollbookError) -> [String] {
    let (settled, change) = try blockingRead { (reader) throws(RollbookError) in
      (try reader.newestSettledOperation(), try reader.newestChange())
    }
    guard digest.operation <= settled else {
      return [
        "the history ends before what the digest covers: it goes through operation \(settled)"
      ]
    }
    guard digest.change <= change else {
      return [
        "changes of tags or maintenance windows are missing: the newest is \(change), and the digest "
          + "covers \(digest.change)"
      ]
    }
    let found = try historyDigest(operation: digest.operation, change: digest.change)
    return found == digest
      ? []
      : ["the history through operation \(digest.operation) is not what it was: \(found.sha256)"]
  }
}

extension JournalReader {
  /// The newest operation of which it holds that it and all before it have ended; 0 where none has.
  package borrowing func newestSettledOperation() throws(RollbookError) -> OperationID {
    let row = try query(
      """
      SELECT coalesce((SELECT min(operation_id) - 1 FROM open_operations),
                      (SELECT max(id) FROM operations), 0)
      """)
    _ = try row.next()
    return OperationID(row.int(0))
  }

  fileprivate borrowing func newestChange() throws(RollbookError) -> Int64 {
    let row = try query("SELECT coalesce(max(id), 0) FROM application_changes")
    _ = try row.next()
    return row.int(0)
  }

  /// Adds the lines of rows whose keys follow this one; answers the last key, or nil where no more follow.
  fileprivate borrowing func digest(
    _ table: HistoryTable, after key: Int64, _ operation: OperationID, _ change: Int64,
    _ hash: SHA256
  ) throws(RollbookError) -> (hash: SHA256, key: Int64?) {
    let end = try query(
      """
      SELECT t.\(table.key) FROM \(table.name) AS t WHERE t.\(table.key) > ?
      ORDER BY t.\(table.key) LIMIT 1 OFFSET \(HistoryTable.rowsAtATime)
      """)
    try end.bind(1, key)
    var last: Int64? = try end.next() ? end.int(0) : nil
    let rows = try query(
      table.lines(
        operation: "?1", change: "?2", range: "t.\(table.key) > ?3 AND t.\(table.key) <= ?4"))
    try rows.bind(1, operation)
    try rows.bind(2, change)
    try rows.bind(3, key)
    try rows.bind(4, last ?? Int64.max)
    var hash = hash
    while try rows.next() { hash.update(Array((rows.text(0) + "\n").utf8)) }
    // Of what is ordered by operations nothing further on is covered.
    if let key = last, table.isByOperation, key >= operation.rawValue { last = nil }
    return (hash, last)
  }
}

/// A table of the history, and which of its rows belong to the operations up to one.
private struct HistoryTable: Sendable {
  let name: String
  /// The first column of its order.
  let key: String
  var order: String?
  let numbers: [String]
  let texts: [String]
  /// With `$operation` and `$change` for the newest that are covered.
  let condition: String

  static let rowsAtATime = 5000

  var isByOperation: Bool { condition == "t.\(key) <= $operation" }

  /// A line for each row: its values as SQLite's `quote` writes them, texts as their bytes.
  func lines(operation: String, change: String, range: String?) -> String {
    let values =
      numbers.map { "quote(t.\($0))" } + texts.map { "quote(CAST(t.\($0) AS BLOB))" }
    var condition = condition.replacing("$operation", with: operation)
    condition = condition.replacing("$change", with: change)
    return """
      SELECT '\(name),' || \(values.joined(separator: " || ',' || "))
      FROM \(name) AS t
      WHERE \([range, condition].compactMap(\.self).joined(separator: " AND "))
      ORDER BY t.\(key)\(order.map { ", t." + $0 } ?? "")
      """
  }

  static let all: [HistoryTable] = [
    HistoryTable(
      name: "applications", key: "id", numbers: ["id", "created_at"], texts: ["name", "runtime"],
      condition: """
        EXISTS (SELECT 1 FROM operations AS o WHERE o.application_id = t.id AND o.kind >= 10
          AND o.kind = 10 AND o.id <= $operation)
        """),
    HistoryTable(
      name: "operations", key: "id",
      numbers: [
        "id", "application_id", "kind", "started_at", "version_from", "version_to",
        "parallelism_from", "parallelism_to", "caused_by", "previous_id", "previous_failed_id",
        "previous_successful_id", "previous_start_id", "previous_stop_id", "previous_update_id",
        "previous_scale_id", "previous_snapshot_id",
      ],
      texts: ["actor", "reason", "parameters"], condition: "t.id <= $operation"),
    HistoryTable(
      name: "operation_steps", key: "operation_id", order: "sequence",
      numbers: ["operation_id", "sequence", "at"], texts: ["step", "detail"],
      condition: "t.operation_id <= $operation"),
    HistoryTable(
      name: "operation_outcomes", key: "operation_id",
      numbers: [
        "operation_id", "application_id", "status", "ended_at", "application_status", "version",
        "parallelism", "updated_from", "rolled_back_from", "rolled_back_to", "good_state",
        "good_state_below", "pushed_again", "rollback_operation_id",
      ],
      texts: ["rollback_decision", "rollback_decision_reason"],
      condition: "t.operation_id <= $operation"),
    HistoryTable(
      name: "failures", key: "operation_id", numbers: ["operation_id"],
      texts: ["phase", "root_cause", "text", "evidence", "log_tail"],
      condition: "t.operation_id <= $operation"),
    HistoryTable(
      name: "cancellations", key: "operation_id", order: "sequence",
      numbers: ["operation_id", "sequence", "at"], texts: ["actor", "reason", "follows"],
      condition: "t.operation_id <= $operation"),
    HistoryTable(
      name: "versions", key: "operation_id",
      numbers: ["operation_id", "application_id", "version", "created_at"],
      texts: ["artifact", "runtime_environment", "configuration"],
      condition: "t.operation_id <= $operation"),
    HistoryTable(
      name: "snapshots", key: "id",
      numbers: ["id", "application_id", "operation_id", "version", "started_at"],
      texts: ["name", "runtime_environment", "generation"],
      condition: "t.operation_id <= $operation"),
    HistoryTable(
      name: "snapshot_outcomes", key: "id",
      numbers: ["id", "snapshot_id", "application_id", "ready", "ended_at", "size"],
      texts: ["location", "digest", "failure"],
      condition:
        "(SELECT s.operation_id FROM snapshots AS s WHERE s.id = t.snapshot_id) <= $operation"),
    HistoryTable(
      name: "snapshot_deletions", key: "snapshot_id",
      numbers: ["snapshot_id", "operation_id", "deleted_at"], texts: [],
      condition: "t.operation_id <= $operation"),
    HistoryTable(
      name: "suspects", key: "id", numbers: ["id", "application_id", "operation_id", "since"],
      texts: ["generation", "place", "cluster"], condition: "t.operation_id <= $operation"),
    HistoryTable(
      name: "application_changes", key: "id", numbers: ["id", "application_id", "at"],
      texts: ["actor", "kind", "value"], condition: "t.id <= $change"),
    // Written while a newer operation was the newest: no such row can come any more.
    HistoryTable(
      name: "prunings", key: "id",
      numbers: ["id", "at", "application_id", "size", "newest_operation_id"],
      texts: ["actor", "reason", "kind", "name"],
      condition: "t.newest_operation_id < $operation"),
  ]
}
