import Rollbook
import RollbookTesting
import Testing

/// The holder dies before and after every journal write and every call of the runtime; then so does
/// whoever settles what it left; then everything is settled and the invariants are checked.
@Suite struct CrashPointTests {
  @Test(.timeLimit(.minutes(15)), arguments: Scenario.all)
  func `dying at every point leaves nothing that cannot be settled`(
    _ scenario: Scenario
  ) async throws {
    let stage = try await Stage(scenario)
    let points = try await stage.act(dyingAt: nil).mortality.points
    #expect(!points.isEmpty)
    var settled = Set<String>()
    for point in 1...points.count {
      let left = try await stage.act(dyingAt: point)
      // Points that leave the same behind are settled once.
      guard settled.insert(try await left.description).inserted else { continue }
      let settling = try await stage.settle(left.copy(), dyingAt: nil).mortality.points
      for second in 0...settling.count {
        let place =
          "\(scenario.name): died \(points[point - 1]) (\(point)/\(points.count))"
          + (second == 0 ? "" : ", then settling \(settling[second - 1]) (\(second))")
        var remains = try left.copy()
        if second > 0 {
          let died = try await stage.settle(remains, dyingAt: second)
          guard settled.insert(try await died.description).inserted else { continue }
          remains = (died.temporary, died.world)
        }
        let end = try await stage.settle(remains, dyingAt: nil)
        try await checkInvariants(end.bench, keepsState: scenario.keepsState, place)
      }
    }
  }
}

/// A scenario's beginning, kept so that it can be gone on from again and again.
private struct Stage {
  let scenario: Scenario
  let origin: TemporaryHome
  let world: ScriptedWorld

  /// What an engine left behind when it died.
  struct Remains {
    let temporary: TemporaryHome
    let world: ScriptedWorld
    let bench: Bench
    let mortality: Mortality

    func copy() throws -> (TemporaryHome, ScriptedWorld) {
      (try TemporaryHome(copying: temporary.home), world)
    }

    /// Everything that settling can see, without the random tokens.
    var description: String {
      get async throws {
        let rows = try await bench.engine.journal.read { (reader) throws(RollbookError) in
          var rows: [String] = []
          for application in try reader.applications(limit: 9) {
            for record in try reader.operations(of: application.id, limit: 99).records {
              let steps = try reader.steps(of: record.operation.id).map(\.name.rawValue)
              rows.append("\(record.operation.kind) \(record.status) \(steps)")
            }
          }
          return rows
        }
        let generations = world.generations.values.map {
          "\($0.version) \($0.parallelism) \($0.isAlive) \($0.state)"
        }
        return "\(rows) \(generations.sorted()) \(world.snapshots.keys.sorted())"
      }
    }
  }

  init(_ scenario: Scenario) async throws {
    self.scenario = scenario
    origin = try TemporaryHome()
    let bench = try Bench(origin)
    try await scenario.prepare(bench)
    world = bench.runtime.currentWorld
  }

  func act(dyingAt point: Int?) async throws -> Remains {
    let mortality = Mortality(dyingAt: point)
    let temporary = try TemporaryHome(copying: origin.home)
    let trigger = scenario.givenUpAt.map { Trigger(call: $0, follows: scenario.follows) }
    let bench = try Bench(
      temporary, world: world, probe: mortality.probe,
      hook: { call, moment in
        try trigger?.fire(call, moment)
        try mortality.hook(call, moment)
      })
    trigger?.arm(bench.engine.journal)
    do {
      try await scenario.act(bench)
    } catch let error as RollbookError {
      // Either it died, or the request is refused because something was settled first.
      guard mortality.isDead || error.code == .settledFirst else { throw error }
    }
    return Remains(
      temporary: temporary, world: bench.runtime.currentWorld, bench: bench, mortality: mortality)
  }

  /// Another process comes by: same files, same world.
  func settle(
    _ left: (TemporaryHome, ScriptedWorld), dyingAt point: Int?
  ) async throws -> Remains {
    let mortality = Mortality(dyingAt: point)
    let bench = try Bench(left.0, world: left.1, probe: mortality.probe, hook: mortality.hook)
    do throws(RollbookError) {
      _ = try await bench.engine.settleAll()
    } catch {
      guard mortality.isDead else { throw error }
    }
    return Remains(
      temporary: left.0, world: bench.runtime.currentWorld, bench: bench, mortality: mortality)
  }
}
