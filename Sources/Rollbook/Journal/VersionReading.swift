internal import RollbookSQLite

extension JournalReader {
  private static let versionColumns = """
    application_id, version, operation_id, created_at, artifact, runtime_environment, configuration
    """

  public borrowing func version(
    _ version: Int64, of application: ApplicationID
  ) throws(RollbookError) -> ApplicationVersion? {
    let row = try query(
      "SELECT \(Self.versionColumns) FROM versions WHERE application_id = ? AND version = ?")
    try row.bind(1, application)
    try row.bind(2, version)
    return try row.next() ? Self.version(row) : nil
  }

  /// The versions of an application, the newest first.
  public borrowing func versions(
    of application: ApplicationID, before version: Int64? = nil, limit: Int
  ) throws(RollbookError) -> [ApplicationVersion] {
    let rows = try query(
      """
      SELECT \(Self.versionColumns) FROM versions
      WHERE application_id = ? AND version < ? ORDER BY version DESC LIMIT ?
      """)
    try rows.bind(1, application)
    try rows.bind(2, version ?? Int64.max)
    try rows.bind(3, limit)
    var versions: [ApplicationVersion] = []
    while try rows.next() { versions.append(try Self.version(rows)) }
    return versions
  }

  private static func version(_ row: borrowing Query) throws(RollbookError) -> ApplicationVersion {
    ApplicationVersion(
      application: ApplicationID(row.int(0)), version: row.int(1),
      operation: OperationID(row.int(2)), createdAt: row.time(3), artifact: row.text(4),
      runtimeEnvironment: row.text(5),
      configuration: try VersionConfiguration(column: row.text(6)))
  }
}
