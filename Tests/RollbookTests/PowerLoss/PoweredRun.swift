import PowerLossSupport
import Rollbook
import RollbookTesting

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
    let recorder = DiskRecorder(home: temporary.home.path, recordsTree: isWhole)
    var world = ScriptedWorld()
    if !isWhole {
      let bench = try Bench(temporary)
      try await scenario.prepare(bench)
      bench.engine.journal.close()
      world = bench.runtime.currentWorld
    }
    let trigger = scenario.givenUpAt.map { Trigger(call: $0, follows: scenario.follows) }
    try await recorder.recording { [world] in
      let teller = Teller(recorder, journal: temporary.home.journal)
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
    }
    self.scenario = scenario
    self.temporary = temporary
    moments = recorder.moments
  }
}
