import Rollbook
import RollbookSQLite
import RollbookTesting
import Testing

/// Every statement of the engine and of the lists finds its rows by a key.
@Suite struct QueryPlanTests {
  /// These hold a row for each operation in flight, application that runs or suspect that nobody has
  /// resolved, and are read whole.
  static let small: Set<String> = ["open_operations", "running", "open_suspects"]

  @Test func `no statement scans a table that grows`() async throws {
    let bench = try Bench()
    try await useEverything(bench)
    let statements = try bench.engine.journal.preparedStatements()
    #expect(statements.count > 40)
    let connection = try Connection(path: bench.engine.journal.path, mode: .readOnly)
    for sql in statements where !sql.hasPrefix("PRAGMA") && !sql.contains("sqlite_schema") {
      for step in try plan(of: sql, on: connection) {
        let words = step.split(separator: " ")
        guard words.first == "SCAN", words.count > 1, words[1] != "CONSTANT" else { continue }
        #expect(Self.small.contains(String(words[1])), "\(step) in \(sql)")
      }
    }
  }

  private func plan(of sql: String, on connection: borrowing Connection) throws -> [String] {
    let statement = try connection.prepare("EXPLAIN QUERY PLAN " + sql)
    var steps: [String] = []
    while try statement.step() { steps.append(statement.string(3)) }
    return steps
  }

  private func useEverything(_ bench: Bench) async throws {
    for scenario in Scenario.all {
      try await scenario.prepare(bench)
      do {
        try await scenario.act(bench)
      } catch let error as RollbookError where error.code == .settledFirst {}
      bench.runtime.change {
        $0.behaviours = [:]
        $0.behavioursByParallelism = [:]
        $0.refusesSnapshots = false
      }
      if try await bench.engine.journal.read({ (reader) throws(RollbookError) in
        try reader.livingApplication(named: "shop") != nil
      }) {
        try await bench.run(.delete)
      }
    }
    let shop = try await bench.create()
    try await bench.start()
    try await bench.update()
    _ = try await bench.engine.interruptedByReboot()
    try await bench.engine.journal.write { (writer) throws(RollbookError) in
      try writer.record(.tags(["team": "shop"]), of: shop.id, actor: "ada")
    }
    _ = try await bench.engine.journal.read { (reader) throws(RollbookError) in
      let version = try reader.version(1, of: shop.id)
      _ = try reader.tags(of: shop.id)
      _ = try reader.maintenanceWindow(of: shop.id)
      if let version { _ = try reader.status(of: version, in: try reader.state(of: shop)) }
    }
    try await abandonAndSettle(bench)
    _ = try await bench.engine.planRollback(RollbackRequest(toVersion: 1), on: "shop")
    for kind in OperationKind.allCases.map(Optional.some) + [nil] {
      for status in OperationStatus.allCases.map(Optional.some) + [nil] {
        _ = try await bench.engine.journal.read { (reader) throws(RollbookError) in
          try reader.operations(
            of: shop.id, filter: OperationFilter(kind: kind, status: status), limit: 2)
        }
      }
    }
    _ = try await bench.engine.journal.read { (reader) throws(RollbookError) in
      _ = try reader.application(named: "gone")
      _ = try reader.deletedApplications(limit: 2)
      _ = try reader.versions(of: shop.id, limit: 2)
      _ = try reader.snapshots(of: shop.id, limit: 2)
      return 0
    }
  }
  private func abandonAndSettle(_ bench: Bench) async throws {
    bench.runtime.change { $0.isReachable = false }
    await #expect(throws: RollbookError.self) { try await bench.update() }
    try await bench.run(.abandon)
    bench.runtime.change { $0.isReachable = true }
    _ = try await bench.engine.settleAll()
    try await bench.start()
    _ = try await bench.engine.journal.read { (reader) throws(RollbookError) in
      try reader.unresolvedSuspects(on: "somewhere")
    }
  }
}
