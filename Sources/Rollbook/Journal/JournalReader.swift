internal import RollbookSQLite
internal import Synchronization

/// A transaction that reads: it sees the journal as it was when the transaction began.
public struct JournalReader: ~Copyable, Sendable {
  let connection: Connection
  private let serial: Int
  private static let serials = Mutex(0)

  init(connection: consuming Connection) {
    self.connection = connection
    serial = JournalReader.serials.withLock { last in
      last += 1
      return last
    }
  }

  /// What the journal is now, for whoever wants to know whether it is the same later.
  borrowing func changeMark() throws(RollbookError) -> ChangeMark {
    let row = try query("PRAGMA data_version")
    guard try row.next() else { throw .damaged("it has no data version") }
    return ChangeMark(connection: serial, version: row.int(0))
  }

  borrowing func query(_ sql: String) throws(RollbookError) -> Query {
    try Query(connection, sql)
  }

  borrowing func transaction<Result>(
    _ body: (borrowing JournalReader) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result {
    try execute("BEGIN")
    defer { try? execute("COMMIT") }
    return try body(self)
  }

  borrowing func execute(_ sql: String) throws(RollbookError) {
    do { try connection.execute(sql) } catch { throw RollbookError(error) }
  }
}

// MARK: Applications

extension JournalReader {
  private static let applicationColumns = "id, name, runtime, created_at, deleted_at"

  public borrowing func application(_ id: ApplicationID) throws(RollbookError) -> Application? {
    let row = try query("SELECT \(Self.applicationColumns) FROM applications WHERE id = ?")
    try row.bind(1, id)
    return try row.next() ? Self.application(row) : nil
  }

  /// The living application of a name, else the newest deleted one.
  public borrowing func application(named name: String) throws(RollbookError) -> Application? {
    if let living = try livingApplication(named: name) { return living }
    let row = try query(
      """
      SELECT \(Self.applicationColumns) FROM applications
      WHERE name = ? ORDER BY id DESC LIMIT 1
      """)
    try row.bind(1, name)
    return try row.next() ? Self.application(row) : nil
  }

  public borrowing func livingApplication(
    named name: String
  ) throws(RollbookError) -> Application? {
    let row = try query(
      "SELECT \(Self.applicationColumns) FROM applications WHERE name = ? AND deleted_at IS NULL")
    try row.bind(1, name)
    return try row.next() ? Self.application(row) : nil
  }

  /// The living applications in the order of their names.
  ///
  /// - Parameter name: begin after this name.
  public borrowing func applications(
    after name: String? = nil, limit: Int
  ) throws(RollbookError) -> [Application] {
    let rows = try query(
      """
      SELECT \(Self.applicationColumns) FROM applications
      WHERE deleted_at IS NULL AND name > ? ORDER BY name LIMIT ?
      """)
    try rows.bind(1, name ?? "")
    try rows.bind(2, limit)
    return try Self.applications(rows)
  }

  /// The deleted applications, the newest first.
  public borrowing func deletedApplications(
    before id: ApplicationID? = nil, limit: Int
  ) throws(RollbookError) -> [Application] {
    let rows = try query(
      """
      SELECT \(Self.applicationColumns) FROM applications
      WHERE id < ? AND deleted_at IS NOT NULL ORDER BY id DESC LIMIT ?
      """)
    try rows.bind(1, id?.rawValue ?? Int64.max)
    try rows.bind(2, limit)
    return try Self.applications(rows)
  }

  private static func applications(
    _ rows: borrowing Query
  ) throws(RollbookError) -> [Application] {
    var applications: [Application] = []
    while try rows.next() { applications.append(application(rows)) }
    return applications
  }

  private static func application(_ row: borrowing Query) -> Application {
    Application(
      id: ApplicationID(row.int(0)), name: row.text(1), runtime: row.text(2),
      createdAt: row.time(3), deletedAt: row.optionalTime(4))
  }

  /// What an application shows, read from its newest operation.
  public borrowing func state(
    of application: Application
  ) throws(RollbookError) -> ApplicationState {
    guard let newest = try newestRecord(of: application.id) else {
      throw .damaged("application \(application.name) has no operation")
    }
    var settled = newest.outcome
    if settled == nil, let previous = newest.operation.links.previous {
      settled = try outcome(of: previous)
    }
    return ApplicationState(
      application: application, newest: newest.operation, outcome: newest.outcome,
      settled: settled?.standing)
  }

  public borrowing func newestOperation(
    of application: ApplicationID
  ) throws(RollbookError) -> Operation? {
    try newestRecord(of: application)?.operation
  }

  borrowing func newestOperationID(
    of application: ApplicationID
  ) throws(RollbookError) -> OperationID? {
    let row = try query("SELECT operation_id FROM heads WHERE application_id = ?")
    try row.bind(1, application)
    return try row.next() ? OperationID(row.int(0)) : nil
  }

  /// Every operation in flight, of all applications, the oldest first.
  public borrowing func openOperations() throws(RollbookError) -> [Operation] {
    let rows = try query("SELECT operation_id FROM open_operations")
    var ids: [OperationID] = []
    while try rows.next() { ids.append(OperationID(rows.int(0))) }
    return try operations(ids.sorted())
  }

  /// The generation that runs, as the journal knows it.
  public borrowing func running(
    _ application: ApplicationID
  ) throws(RollbookError) -> RunningGeneration? {
    let row = try query(
      """
      SELECT application_id, generation, operation_id, version, parallelism, place
      FROM running WHERE application_id = ?
      """)
    try row.bind(1, application)
    return try row.next() ? Self.running(row) : nil
  }

  /// Every application whose generation runs, as the journal knows it.
  public borrowing func allRunning() throws(RollbookError) -> [RunningGeneration] {
    let rows = try query(
      "SELECT application_id, generation, operation_id, version, parallelism, place FROM running")
    var all: [RunningGeneration] = []
    while try rows.next() { all.append(try Self.running(rows)) }
    return all
  }

  private static func running(_ row: borrowing Query) throws(RollbookError) -> RunningGeneration {
    RunningGeneration(
      application: ApplicationID(row.int(0)), token: GenerationToken(rawValue: row.text(1)),
      operation: OperationID(row.int(2)), version: row.int(3), parallelism: Int(row.int(4)),
      place: try row.place(5))
  }
}

extension JournalReader {
  /// How the connection is set, for the test that reads it back.
  package var pragmas: [String: String] {
    var found: [String: String] = [:]
    for name in ["journal_mode", "synchronous", "foreign_keys"] {
      found[name] = (try? connection.text("PRAGMA \(name)")) ?? nil
    }
    return found
  }
}
