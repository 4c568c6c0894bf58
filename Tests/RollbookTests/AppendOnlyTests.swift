import Foundation
import Rollbook
import RollbookSQLite
import RollbookTesting
import Testing

/// The journal defends itself against every client: here the sqlite3 shell.
@Suite struct AppendOnlyTests {
  static let tables = [
    "operations", "operation_steps", "operation_outcomes", "failures", "cancellations", "suspects",
    "suspect_resolutions", "application_changes", "versions", "snapshots", "snapshot_outcomes",
    "snapshot_deletions", "prunings",
    "schema_migrations",
  ]

  @Test func `every append-only table refuses update, delete and replace`() async throws {
    let bench = try Bench()
    try await fillEveryTable(bench)
    let path = bench.engine.journal.path
    for table in Self.tables {
      #expect(try shell(path, "SELECT count(*) > 0 FROM \(table)").output == "1", "\(table)")
      let columns = try shell(
        path, "SELECT name FROM pragma_table_info('\(table)') LIMIT 1"
      ).output
      let attempts = [
        ("UPDATE \(table) SET \(columns) = \(columns)", "rows are never changed"),
        ("DELETE FROM \(table)", "rows are never deleted"),
        ("INSERT OR REPLACE INTO \(table) SELECT * FROM \(table)", "a row with this key exists"),
        ("INSERT OR IGNORE INTO \(table) SELECT * FROM \(table)", "a row with this key exists"),
        ("REPLACE INTO \(table) SELECT * FROM \(table)", "a row with this key exists"),
      ]
      let before = try shell(path, "SELECT * FROM \(table)").output
      for (sql, reason) in attempts {
        let answer = try shell(path, sql)
        #expect(answer.status != 0, "\(sql)")
        let says = ["\(table) is append-only: \(reason)", "the operation has ended"]
        #expect(says.contains { answer.error.contains($0) }, "\(answer.error)")
      }
      #expect(try shell(path, "SELECT * FROM \(table)").output == before)
    }
  }

  @Test func `the list of append-only tables is whole`() async throws {
    let bench = try Bench()
    let connection = try Connection(path: bench.engine.journal.path, mode: .readOnly)
    let changing: Set = [
      "applications", "heads", "open_operations", "running", "open_suspects",
      "operation_kinds", "operation_statuses", "application_statuses",
    ]
    let statement = try connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    var found: Set<String> = []
    while try statement.step() { found.insert(statement.string(0)) }
    #expect(found.subtracting(changing) == Set(Self.tables))
  }

  @Test func `nothing is added to an operation that has ended`() async throws {
    let bench = try Bench()
    try await bench.create()
    let path = bench.engine.journal.path
    let step = try shell(
      path, "INSERT INTO operation_steps VALUES (1, 9, 0, 'deploying', NULL)")
    #expect(step.error.contains("the operation has ended"))
    let cancellation = try shell(
      path, "INSERT INTO cancellations VALUES (1, 9, 0, 'eve', NULL, '{}')")
    #expect(cancellation.error.contains("the operation has ended"))
  }

  private func fillEveryTable(_ bench: Bench) async throws {
    let shop = try await bench.create()
    try await bench.start()
    try await bench.run(.createSnapshot(name: "one"))
    try await bench.run(.deleteSnapshot(name: "one"))
    bench.runtime.change { $0.behaviours[2] = .isRefused("no") }
    try await bench.update()
    // An operation whose runtime went away, given up by hand.
    bench.runtime.change { $0.isReachable = false }
    await #expect(throws: RollbookError.self) { try await bench.run(.stop(force: false)) }
    let stop = try await bench.state().newest.id
    _ = try await bench.engine.cancel(
      Cancellation(operation: stop, actor: "ada", reason: nil, follows: .nothing))
    try await bench.run(.abandon)
    try await bench.engine.journal.write { (writer) throws(RollbookError) in
      try writer.record(.tags(["team": "shop"]), of: shop.id, actor: "ada")
    }
    _ = try shell(
      bench.engine.journal.path,
      "INSERT INTO prunings VALUES (1, 0, 'ada', NULL, 'code', NULL, 'abc', 7, 1)")
    _ = try shell(
      bench.engine.journal.path,
      "INSERT INTO suspect_resolutions SELECT id, 'gone', 0 FROM suspects")
    #expect(try await bench.engine.state(of: shop).status == .ready)
  }

  struct Answer {
    let output: String
    let error: String
    let status: Int32
  }

  private func shell(_ path: String, _ sql: String) throws -> Answer {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sqlite3", path, sql]
    let output = Pipe()
    let error = Pipe()
    process.standardOutput = output
    process.standardError = error
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let message = error.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Answer(
      output: String(decoding: text, as: UTF8.self).trimmingCharacters(in: .newlines),
      error: String(decoding: message, as: UTF8.self), status: process.terminationStatus)
  }
}
