internal import RollbookSQLite

extension JournalWriter {
  /// Records a version. Its number is the caller's: the newest one plus 1.
  public borrowing func insert(_ version: ApplicationVersion) throws(RollbookError) {
    let insert = try query(
      """
      INSERT INTO versions (application_id, version, operation_id, created_at, artifact,
        runtime_environment, configuration)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """)
    try insert.bind(1, version.application)
    try insert.bind(2, version.version)
    try insert.bind(3, version.operation)
    try insert.bind(4, version.createdAt)
    try insert.bind(5, version.artifact)
    try insert.bind(6, version.runtimeEnvironment)
    try insert.bind(7, try journalJSON(version.configuration))
    try insert.run()
  }

  /// Records which generation runs; nil for none.
  package borrowing func setRunning(
    _ running: RunningGeneration?, of application: ApplicationID
  ) throws(RollbookError) {
    let delete = try query("DELETE FROM running WHERE application_id = ?")
    try delete.bind(1, application)
    try delete.run()
    guard let running else { return }
    let insert = try query(
      """
      INSERT INTO running (application_id, generation, operation_id, version, parallelism, place)
      VALUES (?, ?, ?, ?, ?, ?)
      """)
    try insert.bind(1, application)
    try insert.bind(2, running.token.rawValue)
    try insert.bind(3, running.operation)
    try insert.bind(4, running.version)
    try insert.bind(5, running.parallelism)
    try insert.bind(6, running.place == nil ? nil : try journalJSON(running.place))
    try insert.run()
  }
}
