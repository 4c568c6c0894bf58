import Foundation
import PowerLossSupport
import Rollbook
import RollbookSQLite
import RollbookTesting
import Testing

/// The power goes at a random moment of what the real engine does; what the disk had not yet been told to
/// keep is lost, torn or kept. Then nothing that was acknowledged may be gone.
///
/// `ROLLBOOK_CRASHES` says how many in each scenario; a failure names the seed that brings it back.
@Suite struct PowerLossTests {
  /// Of each scenario; in the long form many more.
  private static let crashes =
    ProcessInfo.processInfo.environment["ROLLBOOK_CRASHES"].flatMap { Int($0) } ?? 8
  private static let seed =
    ProcessInfo.processInfo.environment["ROLLBOOK_SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 0...UInt64(Int64.max))

  @Test(arguments: Scenario.all)
  func `nothing acknowledged is lost when the power goes`(_ scenario: Scenario) async throws {
    for isWhole in [false, true] {
      let run = try await PoweredRun(scenario, isWhole: isWhole)
      try #require(!run.moments.isEmpty)
      for index in 0..<Self.crashes {
        let seed = Self.seed &+ UInt64(index)
        let place =
          "\(scenario.name), \(isWhole ? "from its beginning, " : "")ROLLBOOK_SEED=\(seed)"
        var crash = try Crash(run, seed: seed)
        let losses = try crash.losses()
        #expect(losses == [], Comment(rawValue: place))
        let bench = try crash.reopen()
        _ = try await bench.engine.settleAll()
        try await checkInvariants(bench, keepsState: scenario.keepsState && !isWhole, place)
        #expect(try journalFindings(bench.temporary.home) == [], Comment(rawValue: place))
        bench.engine.journal.close()
      }
    }
  }

  /// The harness can fail: where commits are not synced, it says so.
  @Test func `losses are found where commits are not synced one by one`() async throws {
    var found = 0
    for scenario in Scenario.all.prefix(6) {
      let run = try await PoweredRun(scenario, isWhole: true, forgetsSync: true)
      for index in 0..<20 {
        var crash = try Crash(run, seed: Self.seed &+ UInt64(index))
        if try !crash.losses().isEmpty { found += 1 }
      }
    }
    #expect(found > 5, "of 120")
  }
}

/// What was left on the disk after the power went.
private struct Crash {
  private let run: PoweredRun
  private let moment: DiskRecorder.Moment
  private let temporary: TemporaryHome

  init(_ run: PoweredRun, seed: UInt64) throws {
    self.run = run
    var chance = SeededGenerator(seed: seed)
    moment = try #require(run.moments.randomElement(using: &chance))
    temporary = try TemporaryHome()
    let files = FileManager.default
    // Where only the journal was recorded, everything else is as it was at the end.
    for name in try files.contentsOfDirectory(atPath: run.temporary.home.path)
    where !moment.holdsTree && !name.hasPrefix("journal.db") {
      try files.copyItem(
        atPath: "\(run.temporary.home.path)/\(name)", toPath: "\(temporary.home.path)/\(name)")
    }
    try moment.write(to: temporary.home.path, by: &chance)
  }

  func reopen() throws -> Bench { try Bench(temporary, world: moment.world) }

  /// What is gone, or is not what it was; empty where all is well.
  mutating func losses() throws -> [String] {
    do throws(RollbookError) {
      // Recovers, and makes what was not there yet.
      try Journal(path: temporary.home.journal, access: .create).close()
    } catch {
      return ["the journal cannot be opened: \(error.message)"]
    }
    let connection = try Connection(path: temporary.home.journal, mode: .readWrite)
    if let answer = try connection.text("PRAGMA integrity_check"), answer != "ok" {
      return ["it is damaged: \(answer)"]
    }
    // The journal was being made: nobody had been told of it, and it has been made anew.
    if moment.acknowledged.values.allSatisfy({ $0 == 0 }) { return [] }
    try connection.execute("ATTACH '\(run.temporary.home.journal)' AS whole")
    var losses: [String] = []
    for table in try AppendOnly.tables(connection) {
      let count = try connection.integer("SELECT count(*) FROM main.\(table)") ?? 0
      let acknowledged = moment.acknowledged[table] ?? 0
      if count < acknowledged { losses.append("\(table): \(count) of \(acknowledged) rows") }
      let changed = try connection.integer(
        "SELECT count(*) FROM (SELECT * FROM main.\(table) EXCEPT SELECT * FROM whole.\(table))")
      if changed != 0 { losses.append("\(table): \(changed ?? 0) rows are not what they were") }
    }
    if moment.holdsTree { losses += try lostBytes(connection, of: temporary.home) }
    return losses
  }
}
