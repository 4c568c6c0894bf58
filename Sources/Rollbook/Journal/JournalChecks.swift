internal import RollbookSQLite

/// What can be checked of a journal by itself: its file, its schema, its rows.
extension JournalReader {
  /// At most so many findings of one kind are told.
  private static let findingLimit = 20

  /// What SQLite finds wrong in the file: pages, indices, references.
  ///
  /// Of a file that is opened for reading only it knows no CHECK constraints: `forbidden` has them.
  borrowing func findFileDamage(_ add: (String) -> Void) throws(RollbookError) {
    let rows = try query("PRAGMA integrity_check(\(Self.findingLimit))")
    while try rows.next() {
      if rows.text(0) != "ok" { add(rows.text(0)) }
    }
    let references = try query("PRAGMA foreign_key_check")
    var count = 0
    while count < Self.findingLimit, try references.next() {
      count += 1
      add(
        "\(references.text(0)), row \(references.text(1)): it refers to a row of "
          + "\(references.text(2)) that is not there")
    }
  }

  /// What the schema has that the migrations did not make, and what it has not.
  ///
  /// The indices of `backup --indexed` may be there.
  borrowing func findSchemaChanges(_ add: (String) -> Void) throws(RollbookError) {
    let version: Int64
    do { version = try connection.integer("PRAGMA user_version") ?? 0 } catch {
      throw RollbookError(error)
    }
    let found = try Migrator.schema(of: connection)
    let expected = try Migrator.schema(upTo: version)
    for (name, sql) in expected.sorted(by: { $0.key < $1.key }) {
      if found[name] == nil { add("the \(name) is not there") }
      if let other = found[name], other != sql { add("the \(name) was changed") }
    }
    for name in found.keys.sorted() where expected[name] == nil {
      if !name.hasPrefix("index indexed_") && name != "table sqlite_stat1" {
        add("the \(name) is not Rollbook's")
      }
    }
  }

  /// What one row says that another one does not.
  borrowing func findContradictions(_ add: (String) -> Void) throws(RollbookError) {
    for check in Self.rowChecks {
      let rows = try query(check.sql)
      var count = 0
      while try rows.next() {
        count += 1
        if count <= Self.findingLimit { add(check.words(rows.text(0))) }
      }
      if count > Self.findingLimit {
        add("and \(count - Self.findingLimit) more of this kind")
      }
    }
  }

  private struct RowCheck: Sendable {
    /// Says what is wrong with the row whose number it is given.
    let words: @Sendable (String) -> String
    let sql: String
  }

  private static let rowChecks: [RowCheck] = [
    RowCheck(words: { "\($0): it is not what its column may hold" }, sql: forbidden),
    RowCheck(
      words: { "operation \($0): the journal gives no such number" },
      sql: "SELECT id FROM operations WHERE id < 1"),
    RowCheck(words: { "application \($0): it has no operation" }, sql: applicationsWithoutHead),
    RowCheck(
      words: { "application \($0): its newest operation is not the one that is named so" },
      sql: wrongHeads),
    RowCheck(
      words: {
        "operation \($0): it has an outcome and is in the list of those in flight, or none and is not"
      },
      sql: wrongOpenOperations),
    RowCheck(words: { "operation \($0): it failed, and no cause is kept" }, sql: causeless),
    RowCheck(
      words: { "operation \($0): its outcome is of another application" }, sql: foreignOutcomes),
    RowCheck(
      words: { "operation \($0): the rollback that it began is not there" }, sql: lostRollbacks),
    RowCheck(
      words: { "operation \($0): the good state that it leaves on top is none" },
      sql: wrongGoodStates),
    RowCheck(
      words: { "operation \($0): which version it pushed again is wrong" }, sql: wrongPushes),
    RowCheck(
      words: { "operation \($0): the version that it made is not there" }, sql: lostVersions),
    RowCheck(
      words: { "version made by operation \($0): that operation made another one" },
      sql: foreignVersions),
    RowCheck(
      words: { "snapshot \($0): nothing says what came of it, and its operation has ended" },
      sql: snapshotsWithoutOutcome),
    RowCheck(
      words: { "suspect \($0): the list of those without a resolution is wrong" },
      sql: wrongOpenSuspects),
  ]

  /// The CHECK constraints of the schema, once more.
  private static let forbidden = """
    SELECT 'operation ' || id || ', parameters' FROM operations
      WHERE parameters IS NOT NULL AND NOT json_valid(parameters)
    UNION ALL SELECT 'running application ' || application_id || ', place' FROM running
      WHERE place IS NOT NULL AND NOT json_valid(place)
    UNION ALL SELECT 'operation ' || operation_id || ', step ' || sequence FROM operation_steps
      WHERE detail IS NOT NULL AND NOT json_valid(detail)
    UNION ALL SELECT 'operation ' || operation_id || ', status' FROM operation_outcomes
      WHERE NOT status > 1
    UNION ALL SELECT 'operation ' || operation_id || ', pushed again' FROM operation_outcomes
      WHERE NOT pushed_again = 1
    UNION ALL SELECT 'operation ' || operation_id || ', evidence' FROM failures
      WHERE NOT json_valid(evidence)
    UNION ALL SELECT 'operation ' || operation_id || ', cancellation ' || sequence
      FROM cancellations WHERE NOT json_valid(follows)
    UNION ALL SELECT 'suspect ' || id || ', place' FROM suspects
      WHERE place IS NOT NULL AND NOT json_valid(place)
    UNION ALL SELECT 'application change ' || id || ', kind' FROM application_changes
      WHERE NOT kind IN ('tags', 'maintenance window')
    UNION ALL SELECT 'application change ' || id || ', value' FROM application_changes
      WHERE NOT json_valid(value)
    UNION ALL SELECT 'version made by operation ' || operation_id || ', number' FROM versions
      WHERE NOT version BETWEEN 1 AND 999999999
    UNION ALL SELECT 'version made by operation ' || operation_id || ', configuration'
      FROM versions WHERE NOT json_valid(configuration)
    UNION ALL SELECT 'snapshot ' || snapshot_id || ', ready' FROM snapshot_outcomes
      WHERE NOT ready IN (0, 1)
    UNION ALL SELECT 'pruning ' || id || ', kind' FROM prunings
      WHERE NOT kind IN ('code', 'snapshot', 'generation')
    """

  private static let applicationsWithoutHead = """
    SELECT id FROM applications AS a
    WHERE NOT EXISTS (SELECT 1 FROM heads AS h WHERE h.application_id = a.id)
    """

  private static let wrongHeads = """
    SELECT n.application_id
    FROM (SELECT application_id, max(id) AS newest FROM operations GROUP BY application_id) AS n
    LEFT JOIN heads AS h ON h.application_id = n.application_id
    WHERE h.operation_id IS NOT n.newest
    """

  /// Only an application's newest operation can be in flight: of each other one that is known.
  private static let wrongOpenOperations = """
    SELECT h.operation_id FROM heads AS h
    WHERE EXISTS (SELECT 1 FROM operation_outcomes AS u WHERE u.operation_id = h.operation_id)
       <> NOT EXISTS (SELECT 1 FROM open_operations AS p WHERE p.operation_id = h.operation_id)
    UNION
    SELECT p.operation_id FROM open_operations AS p
    WHERE NOT EXISTS (SELECT 1 FROM heads AS h WHERE h.operation_id = p.operation_id)
    """

  private static let causeless = """
    SELECT u.operation_id FROM operation_outcomes AS u
    WHERE u.status = 3
      AND NOT EXISTS (SELECT 1 FROM failures AS f WHERE f.operation_id = u.operation_id)
    """

  private static let foreignOutcomes = """
    SELECT u.operation_id FROM operation_outcomes AS u JOIN operations AS o ON o.id = u.operation_id
    WHERE u.application_id <> o.application_id
    """

  private static let lostRollbacks = """
    SELECT u.operation_id FROM operation_outcomes AS u
    WHERE u.rollback_operation_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM operations AS r
                      WHERE r.id = u.rollback_operation_id
                        AND r.application_id = u.application_id AND r.id > u.operation_id)
    """

  private static let wrongGoodStates = """
    SELECT u.operation_id FROM operation_outcomes AS u
    WHERE u.good_state IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM operation_outcomes AS g
                      WHERE g.operation_id = u.good_state AND g.good_state = g.operation_id
                        AND g.application_id = u.application_id)
    """

  private static let wrongPushes = """
    SELECT u.operation_id FROM operation_outcomes AS u
    WHERE coalesce(u.pushed_again, 0) IS NOT
      (u.good_state IS u.operation_id
       AND NOT EXISTS (SELECT 1 FROM versions AS v
                       WHERE v.operation_id = u.operation_id AND v.version = u.version))
    """

  private static let lostVersions = """
    SELECT o.id FROM operations AS o
    WHERE o.kind IN (3, 10) AND o.version_to IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM versions AS v WHERE v.operation_id = o.id)
    """

  private static let foreignVersions = """
    SELECT v.operation_id FROM versions AS v JOIN operations AS o ON o.id = v.operation_id
    WHERE o.version_to IS NOT v.version OR o.application_id <> v.application_id
    """

  private static let snapshotsWithoutOutcome = """
    SELECT s.id FROM snapshots AS s
    WHERE EXISTS (SELECT 1 FROM operation_outcomes AS u WHERE u.operation_id = s.operation_id)
      AND NOT EXISTS (SELECT 1 FROM snapshot_outcomes AS r WHERE r.snapshot_id = s.id)
    """

  private static let wrongOpenSuspects = """
    SELECT s.id FROM suspects AS s
    WHERE EXISTS (SELECT 1 FROM open_suspects AS o WHERE o.suspect_id = s.id)
       <> NOT EXISTS (SELECT 1 FROM suspect_resolutions AS r WHERE r.suspect_id = s.id)
    """
}
