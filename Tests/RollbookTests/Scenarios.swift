import Rollbook
import RollbookTesting
import Testing

/// A situation and a request, for tests that die at every point of carrying it out.
struct Scenario: Sendable, CustomTestStringConvertible {
  let name: String
  /// Whether everything that the program did before must be there afterwards.
  var keepsState = true
  /// The call of the runtime at which somebody else asks that the operation be given up.
  var givenUpAt: ScriptedRuntime.Call?
  var follows = Cancellation.Successor.nothing
  var prepare: @Sendable (Bench) async throws -> Void = { _ in }
  let act: @Sendable (Bench) async throws -> Void

  var testDescription: String { name }

  static let running: @Sendable (Bench) async throws -> Void = { bench in
    let shop = try await bench.create()
    try await bench.start()
    try await bench.update()
    bench.runtime.work("counted", in: shop.id)
  }

  static func running(
    _ more: @escaping @Sendable (inout ScriptedWorld) -> Void
  ) -> @Sendable (Bench) async throws -> Void {
    { bench in
      try await running(bench)
      bench.runtime.change(more)
    }
  }

  static let all: [Scenario] =
    [
      Scenario(name: "create", act: { try await $0.create() }),
      Scenario(
        name: "start", keepsState: false, prepare: { try await $0.create() },
        act: {
          try await $0.start()
        }),
      Scenario(
        name: "start that fails", keepsState: false,
        prepare: { bench in
          try await bench.create()
          bench.runtime.change { $0.behaviours[1] = .isRefused("no") }
        }, act: { try await $0.start() }),
      Scenario(name: "update", prepare: running, act: { try await $0.update() }),
      Scenario(
        name: "update while ready", prepare: { try await $0.create() },
        act: {
          try await $0.update()
        }),
      Scenario(
        name: "update with a bake time", prepare: running,
        act: {
          try await $0.update { $0.bakeSeconds = 5 }
        }),
      Scenario(
        name: "update that is refused", prepare: running { $0.behaviours[3] = .isRefused("no") },
        act: { try await $0.update() }),
      Scenario(
        name: "update that ends at once",
        prepare: running {
          $0.behaviours[3] = .ends(afterObservations: 0, exitStatus: 1, "no")
        }, act: { try await $0.update() }),
      Scenario(
        name: "update that is never ready", prepare: running { $0.behaviours[3] = .isNeverReady },
        act: { try await $0.update() }),
      Scenario(
        name: "update whose rollback fails",
        prepare: running {
          $0.behaviours[3] = .isRefused("no")
          $0.behaviours[2] = .isRefused("neither")
        }, act: { try await $0.update() }),
      Scenario(
        name: "update without a snapshot", prepare: running { $0.refusesSnapshots = true },
        act: { try await $0.update() }),
      Scenario(
        name: "update that is not opted in",
        prepare: running { $0.behaviours[3] = .isRefused("no") },
        act: { try await $0.update { $0.rollbackEnabled = false } }),
      Scenario(
        name: "scale", prepare: running,
        act: {
          try await $0.run(.scale(parallelism: 4, ifVersion: nil, force: false))
        }),
      Scenario(
        name: "scaling that fails",
        prepare: running { $0.behavioursByParallelism[4] = .isRefused("no slots") },
        act: { try await $0.run(.scale(parallelism: 4, ifVersion: nil, force: false)) }),
      Scenario(name: "stop", prepare: running, act: { try await $0.run(.stop(force: false)) }),
      Scenario(
        name: "stop without a snapshot", prepare: running { $0.refusesSnapshots = true },
        act: { try await $0.run(.stop(force: false)) }),
      Scenario(
        name: "forced stop", keepsState: false, prepare: running,
        act: {
          try await $0.run(.stop(force: true))
        }),
      Scenario(
        name: "rollback", keepsState: false, prepare: running,
        act: {
          try await $0.run(.rollback(RollbackRequest(restore: RestoreSource.none)))
        }),
      Scenario(
        name: "rollback without its snapshot", keepsState: false,
        prepare: running { $0.refusesSnapshots = true },
        act: { try await $0.run(.rollback(RollbackRequest(restore: RestoreSource.none))) }),
      Scenario(
        name: "snapshot", prepare: running,
        act: {
          try await $0.run(.createSnapshot(name: "by-hand"))
        }),
      Scenario(
        name: "snapshot that fails", prepare: running { $0.refusesSnapshots = true },
        act: { try await $0.run(.createSnapshot(name: "by-hand")) }),
      Scenario(
        name: "deletion of a snapshot",
        prepare: { bench in
          try await running(bench)
          try await bench.run(.createSnapshot(name: "by-hand"))
        }, act: { try await $0.run(.deleteSnapshot(name: "by-hand")) }),
      Scenario(
        name: "delete", keepsState: false, prepare: running, act: { try await $0.run(.delete) }),
      Scenario(
        name: "program found ended",
        prepare: running {
          $0.behaviours[2] = .ends(afterObservations: 0, exitStatus: 9, "gone")
        }, act: { _ = try await $0.engine.settleAll() }),
      Scenario(
        name: "update of a program that has ended",
        prepare: running {
          $0.behaviours[2] = .ends(afterObservations: 0, exitStatus: 9, "gone")
        }, act: { try await $0.update() }),
    ] + givenUp

  static let givenUp: [Scenario] = [
    Scenario(
      name: "update given up at its stop for a rollback", givenUpAt: .stop,
      follows: .rollback(restore: nil), prepare: running, act: { try await $0.update() }),
    Scenario(
      name: "update given up at its stop for a forced stop", keepsState: false, givenUpAt: .stop,
      follows: .forcedStop, prepare: running, act: { try await $0.update() }),
    Scenario(
      name: "update given up at its deployment for a rollback", givenUpAt: .deploy,
      follows: .rollback(restore: nil), prepare: running, act: { try await $0.update() }),
    Scenario(
      name: "update given up at its deployment for a forced stop", keepsState: false,
      givenUpAt: .deploy, follows: .forcedStop, prepare: running, act: { try await $0.update() }),
    Scenario(
      name: "update that fails and is given up", givenUpAt: .deploy,
      follows: .rollback(restore: nil), prepare: running { $0.behaviours[3] = .isRefused("no") },
      act: { try await $0.update() }),
    Scenario(
      name: "start given up for a forced stop", keepsState: false, givenUpAt: .deploy,
      follows: .forcedStop, prepare: { try await $0.create() }, act: { try await $0.start() }),
    Scenario(
      name: "rollback given up for a forced stop", keepsState: false, givenUpAt: .deploy,
      follows: .forcedStop, prepare: running,
      act: { try await $0.run(.rollback(RollbackRequest(restore: RestoreSource.none))) }),
    Scenario(
      name: "snapshot given up", givenUpAt: .snapshot, follows: .nothing, prepare: running,
      act: { try await $0.run(.createSnapshot(name: "by-hand")) }),
  ]
}
