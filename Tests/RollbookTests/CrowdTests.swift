import Foundation
import Rollbook
import RollbookSQLite
import Testing

/// Eight processes, each with 256 tasks, write to one journal at the same time.
///
/// Environment: `ROLLBOOK_CROWD_TURNS=N` is the long form: so many turns of each task, on a disk instead of
/// in memory; what they took is printed.
@Suite struct CrowdTests {
  static let processes = 8
  static let tasks = 256
  static let longTurns =
    ProcessInfo.processInfo.environment["ROLLBOOK_CROWD_TURNS"].flatMap { Int($0) }
  static let turns = longTurns ?? 2

  @Test func `of many writers none is left behind, and nothing is lost`() async throws {
    let place = try CrowdPlace()
    let crowd = try Crowd(place.journal, processes: Self.processes)
    defer { crowd.kill() }
    await crowd.ready()
    crowd.begin()
    let reports = await crowd.reports()
    try expectAllIsThere(place.journal)
    try expectNoneIsLeftBehind(place.journal)
    for report in reports {
      let growth = report["late", default: 0] - report["early", default: 0]
      #expect(report["early", default: 0] > 0)
      // A page cache of 32 MiB for the writer and what two readers keep. The address sanitizer keeps
      // what was freed.
      if ProcessInfo.processInfo.environment["ASAN_OPTIONS"] == nil {
        #expect(growth < 48 * 1024, "KiB more memory at the end: \(report)")
      }
      // Hundreds of times what the slowest write needs: no speed is asked for, but that none starves.
      #expect(report["worst", default: .infinity] < 30_000, "ms waited: \(report)")
    }
    if Self.longTurns != nil { Crowd.tell(reports) }
  }

  /// What each task wrote is there once, in chains that are right.
  private func expectAllIsThere(_ path: String) throws {
    let connection = try Connection(path: path, mode: .readOnly)
    #expect(try connection.text("PRAGMA integrity_check") == "ok")
    #expect(try connection.integer("SELECT count(*) FROM pragma_foreign_key_check") == 0)
    try checkRows(path, "a crowd's journal")
    let everybody = Self.processes * Self.tasks
    let expected = everybody * (2 * Self.turns + 1)
    let scalings = "FROM operations WHERE kind = 4"
    #expect(try connection.integer("SELECT count(*) \(scalings)") == Int64(expected))
    // Who, and in which turn, is what the reasons say: an own scaling and a counter's, and at last one.
    #expect(
      try connection.integer("SELECT count(DISTINCT application_id || ' ' || reason) \(scalings)")
        == Int64(expected))
    #expect(
      try connection.integer("SELECT count(DISTINCT reason) \(scalings)")
        == Int64(everybody * (Self.turns + 1)))
    #expect(
      try connection.integer("SELECT count(*) FROM applications") == Int64(everybody + 16 + 64))
    // All steps are there, one for each scaling in three writes.
    #expect(
      try connection.integer("SELECT count(*) FROM operation_steps")
        == Int64(everybody * (Self.turns + 1)))
    // Whoever raised something found what the one before had left: no update is lost.
    #expect(
      try connection.integer(
        """
        SELECT count(*) FROM operations AS n
        JOIN operation_outcomes AS o ON o.operation_id = n.id
        JOIN operation_outcomes AS p ON p.operation_id = n.previous_id
        WHERE n.kind = 4
          AND (n.previous_successful_id <> n.previous_id OR n.parallelism_from <> p.parallelism
               OR n.parallelism_to <> p.parallelism + 1 OR o.parallelism <> n.parallelism_to)
        """) == 0)
  }

  /// When the first process is done with the work that all have, none has done less than an eighth of it.
  private func expectNoneIsLeftBehind(_ path: String) throws {
    let connection = try Connection(path: path, mode: .readOnly)
    // In the journal's order: the newest of the process that ended first, and what the others had then.
    let behind = try connection.integer(
      """
      WITH by_process (process, id) AS (
        SELECT substr(reason, 1, instr(reason, '/') - 1), id FROM operations WHERE kind = 4),
      ends (last) AS (SELECT max(id) FROM by_process GROUP BY process)
      SELECT min(done) FROM (
        SELECT sum(id <= (SELECT min(last) FROM ends)) AS done FROM by_process GROUP BY process)
      """)
    let each = Self.tasks * (2 * Self.turns + 1)
    if Self.longTurns != nil {
      print(
        "when the first of \(Self.processes) had done \(each), the last had done \(behind ?? 0)")
    }
    #expect((behind ?? 0) * 8 >= each, "of \(each)")
  }
}
