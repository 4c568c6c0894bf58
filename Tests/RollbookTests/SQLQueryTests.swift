import Rollbook
import Testing

@Suite struct SQLQueryTests {
  private let temporary: TemporaryHome

  init() throws {
    temporary = try TemporaryHome()
    _ = try Journal(path: temporary.home.journal, access: .create)
  }

  private func ask(_ sql: String, timeoutSeconds: Double = 5) throws -> SQLQuery.Answer {
    try SQLQuery.ask(sql, of: temporary.home.journal, timeoutSeconds: timeoutSeconds)
  }

  @Test func `a question is answered with its columns and values`() throws {
    let answer = try ask("SELECT 1 AS a, NULL AS b, 1.5 AS c, 'x' AS d, x'00ff' AS e; -- done")
    #expect(answer.columns == ["a", "b", "c", "d", "e"])
    #expect(
      answer.rows == [[.integer(1), .null, .real(1.5), .text("x"), .blob([0, 255])]])
  }

  @Test(arguments: [
    "DELETE FROM operations", "INSERT INTO applications (name) VALUES ('x')",
    "DROP TABLE operations",
    "PRAGMA user_version = 7", "PRAGMA wal_checkpoint", "PRAGMA journal_mode = DELETE", "VACUUM",
    "VACUUM INTO '/tmp/never'", "CREATE TEMP TABLE t (x)", "ATTACH '/tmp/never.db' AS x",
    "SELECT 1; DROP TABLE operations", "SELECT 1; SELECT 2", "selec", "", "-- nothing",
    "SELECT nothing FROM operations",
  ]) func `what writes, or is no question, is refused`(_ sql: String) {
    let error = #expect(throws: RollbookError.self) { try ask(sql) }
    #expect(error?.code == .invalidArgument)
  }

  @Test func `a question that takes too long is given up`() {
    let endless =
      "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r"
    let error = #expect(throws: RollbookError.self) { try ask(endless, timeoutSeconds: 0.1) }
    #expect(error?.code == .interrupted)
  }
}
