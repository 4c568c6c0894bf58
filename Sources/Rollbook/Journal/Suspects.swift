internal import RollbookSQLite

/// A generation that may still run although nobody could make sure.
public struct Suspect: Sendable, Equatable {
  public let id: Int64
  public let application: ApplicationID
  public let token: GenerationToken
  public let place: Place?
  public let since: Timestamp
}

extension JournalReader {
  /// The suspects of an application that nobody has resolved.
  public borrowing func unresolvedSuspects(
    of application: ApplicationID
  ) throws(RollbookError) -> [Suspect] {
    let rows = try query(
      """
      SELECT s.id, s.generation, s.place, s.since FROM suspects AS s
      WHERE s.application_id = ?
        AND NOT EXISTS (SELECT 1 FROM suspect_resolutions AS r WHERE r.suspect_id = s.id)
      ORDER BY s.id
      """)
    try rows.bind(1, application)
    var suspects: [Suspect] = []
    while try rows.next() {
      suspects.append(
        Suspect(
          id: rows.int(0), application: application,
          token: GenerationToken(rawValue: rows.text(1)),
          place: rows.optionalText(2) == nil ? nil : try rows.json(2, as: Place.self),
          since: rows.time(3)))
    }
    return suspects
  }
}

extension JournalWriter {
  /// Records a generation that may still run although nobody could make sure.
  package borrowing func insertSuspect(
    _ token: GenerationToken, place: Place?, of operation: Operation
  ) throws(RollbookError) {
    let insert = try query(
      """
      INSERT INTO suspects (application_id, operation_id, generation, place, since)
      VALUES (?, ?, ?, ?, ?)
      """)
    try insert.bind(1, operation.application)
    try insert.bind(2, operation.id)
    try insert.bind(3, token.rawValue)
    try insert.bind(4, place == nil ? nil : try journalJSON(place))
    try insert.bind(5, now())
    try insert.run()
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
  }
}
