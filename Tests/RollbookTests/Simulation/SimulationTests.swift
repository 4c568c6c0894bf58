import Foundation
import Testing

/// Environment: `ROLLBOOK_SEED=N` runs that one simulation; `ROLLBOOK_SIMULATIONS=N` so many, each of
/// `ROLLBOOK_STEPS=N` steps.
@Suite struct SimulationTests {
  static func number(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }

  static let lanes = 8
  static let steps = number("ROLLBOOK_STEPS") ?? 500
  static let seeds: [UInt64] =
    number("ROLLBOOK_SEED").map { [UInt64($0)] }
    ?? (1...UInt64(number("ROLLBOOK_SIMULATIONS") ?? 8)).map { $0 }

  @Test("Whatever happens, in whatever order, is what the rules say")
  func simulate() async throws {
    let counts = try await withThrowingTaskGroup(of: [String: Int].self) { group in
      for lane in 0..<Self.lanes {
        group.addTask {
          var counts: [String: Int] = [:]
          for index in Self.seeds.indices where index % Self.lanes == lane {
            let simulation = try await Simulation(seed: Self.seeds[index])
            try await simulation.run(steps: Self.steps)
            counts.merge(simulation.counts, uniquingKeysWith: +)
          }
          return counts
        }
      }
      return try await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    }
    let seeds = Self.seeds
    print(
      "simulated \(seeds.count) × \(Self.steps) steps, seeds \(seeds[0]) to \(seeds[seeds.count - 1]): "
        + counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    guard seeds.count * Self.steps >= 4000 else { return }
    // Nothing of it is never tried.
    for what in [
      "start", "stop", "stop --force", "update", "scale", "rollback", "snapshot create",
      "snapshot delete", "settle", "read", "end", "delete", "race", "together", "death",
      "death while settling", "runtime lost", "hang", "jump", "refused", "all checked",
    ] { #expect(counts[what, default: 0] > 0, "\(what): \(counts)") }
  }

  @Test("What is not as the model says is noticed: a program's state, a snapshot's, a version")
  func notices() async throws {
    let simulation = try await Simulation(seed: 1)
    try await simulation.run(steps: 300)
    let index = try await simulation.runningApplication()
    try await simulation.check(index)
    let model = simulation.applications[index]
    for tamper in [
      { $0.state.append("never done") }, { $0.snapshots[0].state = ["never saved"] },
      { $0.version += 1 }, { $0.good.removeAll() }, { $0.operations.removeLast() },
    ] as [(inout SimulatedApplication) -> Void] {
      tamper(&simulation.applications[index])
      await #expect(throws: Surprise.self) { try await simulation.check(index) }
      simulation.applications[index] = model
    }
  }
}
