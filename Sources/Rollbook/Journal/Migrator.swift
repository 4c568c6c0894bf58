internal import RollbookMigrations
internal import RollbookSQLite

/// Brings a journal's schema up to date, and refuses what is not a journal.
struct Migrator {
  /// `PRAGMA application_id` of a journal: the letters `RBK1`.
  static let applicationID: Int64 = 0x5242_4B31

  static var newestVersion: Int64 { Int64(Migrations.all.last?.version ?? 0) }

  enum State: Equatable {
    /// A file without content.
    case empty
    case journal(version: Int64)
  }

  /// What the file is, without changing it.
  static func state(of connection: borrowing Connection) throws(RollbookError) -> State {
    let id: Int64
    let version: Int64
    do {
      // One look: somebody else may be making the journal just now.
      try connection.execute("BEGIN")
      let tables = try connection.integer("SELECT count(*) FROM sqlite_schema")
      id = try connection.integer("PRAGMA application_id") ?? 0
      version = try connection.integer("PRAGMA user_version") ?? 0
      try connection.execute("COMMIT")
      if id == 0, version == 0, tables == 0 { return .empty }
    } catch {
      try? connection.execute("ROLLBACK")
      throw RollbookError(error)
    }
    guard id == applicationID else {
      throw RollbookError(
        .notAJournal, "The file is an SQLite database, but not a Rollbook journal.",
        hint: "Name another home with --home, or move the file away.")
    }
    guard version <= newestVersion else {
      throw RollbookError(
        .journalTooNew,
        "The journal was written by a newer Rollbook (schema \(version); this one knows "
          + "\(newestVersion)).",
        hint: "Use that Rollbook or a newer one; nothing was changed.")
    }
    return .journal(version: version)
  }

  /// Applies what is missing: each script in one transaction with its bookkeeping row.
  static func migrate(_ connection: borrowing Connection, now: Timestamp) throws(RollbookError) {
    if try state(of: connection) == .empty {
      try execute(connection, begin)
      try execute(connection, bookkeeping)
      try execute(connection, "PRAGMA application_id = \(applicationID)")
      try execute(connection, "COMMIT")
    }
    guard case .journal(let version) = try state(of: connection) else { return }
    try checkApplied(connection, upTo: version)
    for script in Migrations.all where script.version > version {
      try execute(connection, begin)
      do {
        try execute(connection, String(decoding: script.bytes, as: UTF8.self))
        try record(connection, script, now: now)
        try execute(connection, "PRAGMA user_version = \(script.version)")
        try execute(connection, "COMMIT")
      } catch {
        try? connection.execute("ROLLBACK")
        throw error
      }
    }
  }

  private static let begin = "BEGIN EXCLUSIVE"

  private static let bookkeeping = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      checksum TEXT NOT NULL,
      applied_at INTEGER NOT NULL
    ) STRICT
    """

  private static func record(
    _ connection: borrowing Connection, _ script: Migrations.Script, now: Timestamp
  ) throws(RollbookError) {
    let insert = try Query(
      connection,
      "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)")
    try insert.bind(1, script.version)
    try insert.bind(2, script.name)
    try insert.bind(3, SHA256.hexDigest(of: script.bytes))
    try insert.bind(4, now)
    try insert.run()
  }

  /// Checks that what was applied is what this binary carries.
  static func checkApplied(
    _ connection: borrowing Connection, upTo version: Int64
  ) throws(RollbookError) {
    for script in Migrations.all where script.version <= version {
      let row = try Query(connection, "SELECT checksum FROM schema_migrations WHERE version = ?")
      try row.bind(1, script.version)
      guard try row.next(), row.text(0) == SHA256.hexDigest(of: script.bytes) else {
        throw RollbookError(
          .notAJournal,
          "The journal's schema \(script.version) (\(script.name)) is not the one of this Rollbook.",
          hint: "It was made by a development version: begin a new home.")
      }
    }
  }

  /// The text of each table, index, view and trigger, by its kind and name.
  static func schema(
    of connection: borrowing Connection
  ) throws(RollbookError) -> [String: String] {
    let rows = try Query(connection, "SELECT type || ' ' || name, sql FROM sqlite_schema")
    var texts: [String: String] = [:]
    while try rows.next() { texts[rows.text(0)] = rows.text(1) }
    return texts
  }

  /// What `schema(of:)` answers for a journal to which the scripts up to this one were applied.
  static func schema(upTo version: Int64) throws(RollbookError) -> [String: String] {
    let model: Connection
    do { model = try Connection(path: ":memory:", mode: .create) } catch {
      throw RollbookError(error)
    }
    try execute(model, bookkeeping)
    for script in Migrations.all where script.version <= version {
      try execute(model, String(decoding: script.bytes, as: UTF8.self))
    }
    return try schema(of: model)
  }

  private static func execute(
    _ connection: borrowing Connection, _ sql: String
  ) throws(RollbookError) {
    do { try connection.executeScript(sql) } catch { throw RollbookError(error) }
  }
}
