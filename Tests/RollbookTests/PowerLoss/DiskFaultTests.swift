import PowerLossSupport
import Rollbook
import RollbookSQLite
import RollbookTesting
import Testing

/// The disk fails at some write or sync of the journal's, and is well again: then work goes on without a
/// restart, and what was acknowledged is there.
@Suite struct DiskFaultTests {
  /// At which of the calls: each that is near the beginning, some of the others.
  static let points = [1, 2, 3, 4, 5, 6, 8, 11, 15, 20, 27, 36, 48, 64, 86, 115]

  @Test(arguments: Scenario.all, [FailingDisk.Call.write, .sync])
  func `a disk that fails once loses nothing that was acknowledged`(
    _ scenario: Scenario, _ call: FailingDisk.Call
  ) async throws {
    try #require(FailingDisk.isPossible)
    for (index, point) in Self.points.enumerated() {
      let place = "\(scenario.name), \(call.rawValue) \(point)"
      let bench = try Bench(TemporaryHome())
      try await scenario.prepare(bench)
      let before = try rows(bench)
      let disk = FailingDisk(
        home: bench.temporary.home.path, call: call, first: point, isDone: index % 2 == 1)
      try await disk.failing { await attempt(scenario, bench, place) }
      _ = try await bench.engine.settleAll()
      try await checkInvariants(
        bench, keepsState: scenario.keepsState, place)
      for (table, count) in try rows(bench) {
        #expect(count >= before[table] ?? 0, "\(place): \(table)")
      }
      try await expectOn(bench, place)
      bench.engine.journal.close()
      #expect(index > 0 || disk.failures == 1, "\(place): it never failed")
      // Beyond the last call nothing fails any more.
      if disk.failures == 0 { break }
    }
  }

  @Test(arguments: FailingDisk.Call.allCases)
  func `a disk that fails for a while is told, and nothing is done behind anybody's back`(
    _ call: FailingDisk.Call
  ) async throws {
    try #require(FailingDisk.isPossible)
    let bench = try Bench(TemporaryHome())
    let shop = try await bench.create()
    try await bench.start()
    let before = try rows(bench)
    let disk = FailingDisk(
      home: bench.temporary.home.path, call: call, first: 1, count: 1_000_000)
    try await disk.failing {
      for _ in 1...3 {
        do {
          try await bench.update()
          #expect(call == .truncate)
        } catch let error as RollbookError {
          #expect(
            [.outcomeUnknown, .diskFailed, .journalFailed].contains(error.code), "\(error)")
        }
      }
    }
    _ = try await bench.engine.settleAll()
    try await checkInvariants(bench, keepsState: false, call.rawValue)
    for (table, count) in try rows(bench) { #expect(count >= before[table] ?? 0) }
    try await expectOn(bench, call.rawValue)
    #expect(try await bench.engine.state(of: shop).status == .running)
  }

  /// What is said is an error of the disk, or that something else was settled first.
  private func attempt(_ scenario: Scenario, _ bench: Bench, _ place: String) async {
    do {
      try await scenario.act(bench)
    } catch let error as RollbookError {
      #expect(
        [.outcomeUnknown, .diskFailed, .journalFailed, .settledFirst, .notFound, .interrupted]
          .contains(error.code), "\(place): \(error)")
    } catch {
      Issue.record("\(place): \(error)")
    }
  }

  /// Work goes on, and the file is sound.
  private func expectOn(_ bench: Bench, _ place: String) async throws {
    let other = try await bench.create("other")
    bench.runtime.change {
      $0.refusesSnapshots = false
      $0.behaviours = [:]
    }
    try await bench.run(.start(restore: nil, allowNonRestoredState: false), on: "other")
    #expect(try await bench.engine.state(of: other).status == .running, "\(place)")
    let connection = try Connection(path: bench.engine.journal.path, mode: .readOnly)
    #expect(try connection.text("PRAGMA integrity_check") == "ok", "\(place)")
  }

  private func rows(_ bench: Bench) throws -> [String: Int64] {
    try AppendOnly.counts(try Connection(path: bench.engine.journal.path, mode: .readOnly))
  }
}
