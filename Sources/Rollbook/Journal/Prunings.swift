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
      INSERT INTO prunings (at, actor, reason, kind, application_id, name, size)
      VALUES (?, ?, ?, ?, ?, ?, ?)
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
  /// Whether code was removed at some time; it may have been stored again since.
  package borrowing func isPruned(artifact digest: String) throws(RollbookError) -> Bool {
    let row = try query("SELECT 1 FROM prunings WHERE kind = 'code' AND name = ? LIMIT 1")
    try row.bind(1, digest)
    return try row.next()
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
