import Rollbook
import RollbookSQLite
import RollbookTesting
import Synchronization

/// A scenario that the real engine carries out, and the moments at which the power might have gone.
struct PoweredRun: Sendable {
  let scenario: Scenario
  let temporary: TemporaryHome
  let moments: [DiskRecorder.Moment]

  /// Prepares a scenario, and records it.
  ///
  /// - Parameter isWhole: whether the preparation is recorded too, from an empty home on.
  /// - Parameter forgetsSync: a fault that must be found.
  init(_ scenario: Scenario, isWhole: Bool, forgetsSync: Bool = false) async throws {
    let temporary = try TemporaryHome()
    let recorder = DiskRecorder()
    var world = ScriptedWorld()
    if !isWhole {
      let bench = try Bench(temporary)
      try await scenario.prepare(bench)
      bench.engine.journal.close()
      world = bench.runtime.currentWorld
    }
    RecordingVFS.watch(temporary.home.path, with: recorder)
    defer { RecordingVFS.unwatch(temporary.home.path) }
    let teller = Teller(recorder, journal: temporary.home.journal)
    let trigger = scenario.givenUpAt.map { Trigger(call: $0, follows: scenario.follows) }
    let bench = try Bench(
      temporary, world: world,
      probe: JournalProbe(
        after: { () throws(RollbookError) in teller.tell() }, forgetsSync: forgetsSync),
      hook: { try trigger?.fire($0, $1) })
    let runtime = bench.runtime
    recorder.follow { runtime.currentWorld }
    if isWhole { try await scenario.prepare(bench) }
    trigger?.arm(bench.engine.journal)
    do {
      try await scenario.act(bench)
    } catch let error as RollbookError {
      guard error.code == .settledFirst else { throw error }
    }
    teller.close()
    bench.engine.journal.close()
    self.scenario = scenario
    self.temporary = temporary
    moments = recorder.moments
  }
}

/// Tells the recorder what has been acknowledged, and brings the main file up to date now and then, as it
/// comes to pass in a journal that is written for long.
private final class Teller: Sendable {
  private struct Line: ~Copyable, Sendable {
    var connection: Connection?
    var count = 0
  }

  private let recorder: DiskRecorder
  private let journal: String
  private let line = Mutex(Line())

  init(_ recorder: DiskRecorder, journal: String) {
    self.recorder = recorder
    self.journal = journal
  }

  func tell() {
    line.withLock { line in
      do throws(SQLiteError) {
        if line.connection == nil {
          line.connection = try Connection(path: journal, mode: .readWrite)
        }
        guard let connection = line.connection.take() else { return }
        recorder.acknowledge(try AppendOnly.counts(connection))
        line.count += 1
        if line.count % 7 == 0 {
          try connection.executeScript("PRAGMA wal_checkpoint(RESTART)")
        }
        line.connection = consume connection
      } catch {
        // A recorder that is told nothing would find no loss.
        preconditionFailure("\(error)")
      }
    }
  }

  func close() { line.withLock { $0.connection = nil } }
}

/// The tables of a journal whose rows are never changed.
enum AppendOnly {
  /// Those that refuse to be changed; source: migrations/V0002.
  static func tables(_ connection: borrowing Connection) throws(SQLiteError) -> [String] {
    let rows = try connection.prepare(
      "SELECT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '*_no_update'")
    var names: [String] = []
    while try rows.step() { names.append(rows.string(0)) }
    return names
  }

  static func counts(_ connection: borrowing Connection) throws(SQLiteError) -> [String: Int64] {
    var counts: [String: Int64] = [:]
    for table in try tables(connection) {
      counts[table] = try connection.integer("SELECT count(*) FROM \(table)")
    }
    return counts
  }
}
