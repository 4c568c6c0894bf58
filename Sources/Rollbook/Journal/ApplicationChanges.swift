internal import RollbookSQLite

/// What is changed of an application without an operation: its tags, and when it may be maintained.
///
/// Each change is kept; the newest holds what stands.
public enum ApplicationChange: Sendable, Equatable {
  /// All tags that it has from then on.
  case tags([String: String])
  /// The start of the daily window of eight hours, `HH:MM` in UTC.
  case maintenanceWindow(start: String)

  fileprivate var kind: String {
    switch self {
    case .tags: ApplicationChange.tagsKind
    case .maintenanceWindow: ApplicationChange.windowKind
    }
  }

  fileprivate static let tagsKind = "tags"
  fileprivate static let windowKind = "maintenance window"
}

extension JournalReader {
  /// The tags that an application has.
  public borrowing func tags(
    of application: ApplicationID
  ) throws(RollbookError) -> [String: String] {
    guard let value = try newestChange(ApplicationChange.tagsKind, of: application) else {
      return [:]
    }
    return try decodedJSON(value, as: [String: String].self)
  }

  /// When an application's maintenance window begins; nil where nobody has said.
  public borrowing func maintenanceWindow(
    of application: ApplicationID
  ) throws(RollbookError) -> String? {
    guard let value = try newestChange(ApplicationChange.windowKind, of: application) else {
      return nil
    }
    return try decodedJSON(value, as: String.self)
  }

  private borrowing func newestChange(
    _ kind: String, of application: ApplicationID
  ) throws(RollbookError) -> String? {
    let row = try query(
      """
      SELECT value FROM application_changes
      WHERE application_id = ? AND kind = ? ORDER BY id DESC LIMIT 1
      """)
    try row.bind(1, application)
    try row.bind(2, kind)
    return try row.next() ? row.text(0) : nil
  }
}

extension JournalWriter {
  /// Records what is changed of an application without an operation.
  public borrowing func record(
    _ change: ApplicationChange, of application: ApplicationID, actor: String
  ) throws(RollbookError) {
    let insert = try query(
      """
      INSERT INTO application_changes (application_id, at, actor, kind, value)
      VALUES (?, ?, ?, ?, ?)
      """)
    try insert.bind(1, application)
    try insert.bind(2, now())
    try insert.bind(3, actor)
    try insert.bind(4, change.kind)
    switch change {
    case .tags(let tags): try insert.bind(5, try journalJSON(tags))
    case .maintenanceWindow(let start): try insert.bind(5, try journalJSON(start))
    }
    try insert.run()
  }
}
