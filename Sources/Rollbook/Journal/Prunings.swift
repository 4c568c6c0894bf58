internal import RollbookSQLite

/// What `prune` removes of a home: bytes, never a row of what happened.
public struct Pruning: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// A version's code, in the store that all applications share.
    case code
    case snapshot
    /// Folders and logs of a deployment.
    case generation
  }

  public let kind: Kind
  /// Whose it is; nil for code.
  public let application: Application?
  /// The code's digest, the snapshot's name, the generation's token.
  public let name: String
  /// The snapshot; nil for other kinds.
  public let snapshot: SnapshotID?
  /// In bytes.
  public let size: Int64
}

extension JournalWriter {
  /// Records that something is about to be removed.
  borrowing func record(
    _ pruning: Pruning, by requester: Requester
  ) throws(RollbookError) {
    let insert = try query(
      """
      INSERT INTO prunings (at, actor, reason, kind, application_id, name, size,
        newest_operation_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM operations))
      """)
    try insert.bind(1, now())
    try insert.bind(2, requester.actor)
    try insert.bind(3, requester.reason)
    try insert.bind(4, pruning.kind.rawValue)
    if let application = pruning.application { try insert.bind(5, application.id) }
    try insert.bind(6, pruning.snapshot?.description ?? pruning.name)
    try insert.bind(7, pruning.size)
    try insert.run()
  }
}

extension JournalReader {
  /// Whether code was removed, and no version has been made of it since.
  package borrowing func isPruned(artifact digest: String) throws(RollbookError) -> Bool {
    let row = try query(
      """
      SELECT 1 FROM prunings AS p
      WHERE p.kind = 'code' AND p.name = ?1
        AND NOT EXISTS (SELECT 1 FROM versions AS v
                        WHERE v.artifact = ?1 AND v.operation_id > p.newest_operation_id)
      LIMIT 1
      """)
    try row.bind(1, digest)
    return try row.next()
  }

  /// When what was kept of a generation, its log too, was removed; nil where nobody has removed it.
  package borrowing func prunedAt(
    generation token: GenerationToken
  ) throws(RollbookError) -> Timestamp? {
    let row = try query(
      "SELECT at FROM prunings WHERE kind = 'generation' AND name = ? ORDER BY id DESC LIMIT 1")
    try row.bind(1, token.rawValue)
    return try row.next() ? row.time(0) : nil
  }

  /// The runtimes on which applications ran, deleted ones too.
  package borrowing func allRuntimes() throws(RollbookError) -> Set<String> {
    let rows = try query("SELECT DISTINCT runtime FROM applications")
    var runtimes: Set<String> = []
    while try rows.next() { runtimes.insert(rows.text(0)) }
    return runtimes
  }

  /// All living applications, or all deleted ones.
  package borrowing func applications(deleted: Bool) throws(RollbookError) -> [Application] {
    var all: [Application] = []
    let limit = 1000
    while true {
      let page =
        try deleted
        ? deletedApplications(before: all.last?.id, limit: limit)
        : applications(after: all.last?.name, limit: limit)
      all += page
      if page.count < limit { return all }
    }
  }
}
