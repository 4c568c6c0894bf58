internal import RollbookSQLite

/// A generation that may still run although nobody could make sure.
public struct Suspect: Sendable, Equatable {
  public let id: Int64
  public let application: ApplicationID
  /// The operation that deployed it, or that was abandoned while it ran.
  public let operation: OperationID
  public let token: GenerationToken
  public let place: Place?
  public let since: Timestamp
}

extension JournalReader {
  /// Every suspect that nobody has resolved, of living and of deleted applications.
  package borrowing func unresolvedSuspects() throws(RollbookError) -> [Suspect] {
    try suspects(try query(Self.unresolvedSuspects + Self.inOrder))
  }

  /// The suspects of an application that nobody has resolved.
  public borrowing func unresolvedSuspects(
    of application: ApplicationID
  ) throws(RollbookError) -> [Suspect] {
    let rows = try query(
      Self.unresolvedSuspects + "WHERE s.application_id = ?\n" + Self.inOrder)
    try rows.bind(1, application)
    return try suspects(rows)
  }

  /// The suspects on a cluster, of whichever application, that nobody has resolved.
  package borrowing func unresolvedSuspects(
    on cluster: String
  ) throws(RollbookError) -> [Suspect] {
    let rows = try query(Self.unresolvedSuspects + "WHERE s.cluster = ?\n" + Self.inOrder)
    try rows.bind(1, cluster.withoutSlashesAtItsEnd)
    return try suspects(rows)
  }

  /// CROSS JOIN keeps the order: the few open ones are read whole, and the many others never.
  private static let unresolvedSuspects = """
    SELECT s.id, s.application_id, s.operation_id, s.generation, s.place, s.since
    FROM open_suspects CROSS JOIN suspects AS s ON s.id = open_suspects.suspect_id

    """

  private static let inOrder = "ORDER BY s.id"

  private borrowing func suspects(
    _ rows: borrowing Query
  ) throws(RollbookError) -> [Suspect] {
    var suspects: [Suspect] = []
    while try rows.next() {
      suspects.append(
        Suspect(
          id: rows.int(0), application: ApplicationID(rows.int(1)),
          operation: OperationID(rows.int(2)),
          token: GenerationToken(rawValue: rows.text(3)),
          place: try rows.place(4),
          since: rows.time(5)))
    }
    return suspects
  }
}

extension JournalWriter {
  /// Records a generation that may still run although nobody could make sure.
  package borrowing func insertSuspect(
    _ token: GenerationToken, place: Place?, cluster: String?, of operation: Operation
  ) throws(RollbookError) {
    let insert = try query(
      """
      INSERT INTO suspects (application_id, operation_id, generation, place, cluster, since)
      VALUES (?, ?, ?, ?, ?, ?)
      """)
    try insert.bind(1, operation.application)
    try insert.bind(2, operation.id)
    try insert.bind(3, token.rawValue)
    try insert.bind(4, place == nil ? nil : try journalJSON(place))
    try insert.bind(5, cluster?.withoutSlashesAtItsEnd)
    try insert.bind(6, now())
    try insert.run()
    let open = try query("INSERT INTO open_suspects (suspect_id) VALUES (?)")
    try open.bind(1, reader.connection.lastInsertedRowID)
    try open.run()
  }

  /// Records what became of a suspect.
  package borrowing func resolve(
    _ suspect: Suspect, _ resolution: String
  ) throws(RollbookError) {
    let insert = try query(
      "INSERT INTO suspect_resolutions (suspect_id, resolution, at) VALUES (?, ?, ?)")
    try insert.bind(1, suspect.id)
    try insert.bind(2, resolution)
    try insert.bind(3, now())
    try insert.run()
    let close = try query("DELETE FROM open_suspects WHERE suspect_id = ?")
    try close.bind(1, suspect.id)
    try close.run()
  }
}

extension String {
  /// An address or a folder, spelled the same whether it was given with a slash at its end or without.
  package var withoutSlashesAtItsEnd: String {
    var text = self
    while text.hasSuffix("/") { text.removeLast() }
    return text
  }
}
