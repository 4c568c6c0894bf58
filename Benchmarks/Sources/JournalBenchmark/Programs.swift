/// The installed command against the sqlite3 shell doing the same query.
struct Programs {
  let rollbook: String
  let home: String
  let rounds: Int
  let samples: Int
  static let application = "application-04711"

  func run() throws -> [Comparison] {
    let ours = [rollbook, "--home", home, "operations", Programs.application]
    let shell = ["sqlite3", "-header", "-column", home + "/journal.db", Programs.query]
    var result: (ours: [Double], shell: [Double]) = ([], [])
    for _ in 0..<rounds {
      var ourTimes: [Double] = []
      var shellTimes: [Double] = []
      for _ in 0..<samples {
        shellTimes.append(try milliseconds(of: shell))
        ourTimes.append(try milliseconds(of: ours))
      }
      result.ours.append(median(ourTimes))
      result.shell.append(median(shellTimes))
    }
    return [
      Comparison(
        name: "`rollbook operations NAME`, the whole process, against `sqlite3`",
        ours: result.ours, baseline: result.shell, unit: "ms", goal: .atMost(1.6))
    ]
  }

  /// What the verb shows, walked along the back pointers as the journal does it.
  static let query = """
    WITH RECURSIVE walk (id, n) AS (
      SELECT h.operation_id, 1 FROM applications AS a JOIN heads AS h ON h.application_id = a.id
      WHERE a.name = '\(application)' AND a.deleted_at IS NULL
      UNION ALL
      SELECT o.previous_id, n + 1 FROM walk JOIN operations AS o ON o.id = walk.id
      WHERE o.previous_id IS NOT NULL AND n < 50)
    SELECT o.id, k.name AS operation, coalesce(s.name, 'IN_PROGRESS') AS status, o.version_from,
      o.version_to, datetime(o.started_at / 1000000, 'unixepoch') AS started,
      (u.ended_at - o.started_at) / 1000000.0 AS seconds,
      coalesce(f.root_cause, o.reason) AS detail
    FROM walk JOIN operations AS o ON o.id = walk.id
    JOIN operation_kinds AS k ON k.kind = o.kind
    LEFT JOIN operation_outcomes AS u ON u.operation_id = o.id
    LEFT JOIN operation_statuses AS s ON s.status = u.status
    LEFT JOIN failures AS f ON f.operation_id = o.id
    """
}
