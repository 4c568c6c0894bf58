import Foundation
import Rollbook
import RollbookTesting
import Testing

/// What happens in a journal that is kept: something of every kind, and of every way to end.
struct KeptLife {
  private let bench: Bench

  init(_ bench: Bench) { self.bench = bench }

  /// Ends with an update in flight whose runtime is gone.
  func live() async throws {
    try await shop()
    try await deleted()
    try await givenUp("resolved")
    try await run(start, on: "resolved")
    _ = try await bench.engine.prune(Retention(keeping: 1), by: bench.requester)
    try await bench.create("open", parallelism: 2)
    try await run(start, on: "open")
    try await givenUp("suspect")
    bench.runtime.change { $0.isReachable = false }
    await #expect(throws: RollbookError.self) { try await run(update(), on: "open") }
  }

  private let start = ChangeRequest.start(restore: nil, allowNonRestoredState: false)

  private func update(
    _ change: @escaping @Sendable (inout VersionConfiguration) -> Void = { _ in }
  ) -> ChangeRequest { .update(Bench.updateRequest(change)) }

  private func run(_ request: ChangeRequest, on name: String) async throws {
    try await bench.run(request, on: name)
  }

  /// What the next version will do.
  private func behave(_ name: String, _ behaviour: ScriptedWorld.Behaviour) async throws {
    let id = try await bench.engine.application(named: name).id
    let newest = try await bench.engine.journal.read { (reader) throws(RollbookError) in
      try reader.versions(of: id, limit: 1).first?.version ?? 0
    }
    try await behave(name, newest + 1, behaviour)
  }

  private func behave(
    _ name: String, _ version: Int64, _ behaviour: ScriptedWorld.Behaviour
  ) async throws {
    let id = try await bench.engine.application(named: name).id
    bench.runtime.change { $0.behavioursByApplication[id, default: [:]][version] = behaviour }
  }

  /// Updates and scalings that succeed and fail, snapshots, rollbacks of both kinds.
  private func shop() async throws {
    let shop = try await bench.create()
    try await run(start, on: "shop")
    bench.runtime.work("counted", in: shop.id)
    try await run(update { $0.environment = ["COLOUR": "green"] }, on: "shop")
    try await run(.scale(parallelism: 3, ifVersion: nil, force: false), on: "shop")
    try await run(.createSnapshot(name: "kept"), on: "shop")
    try await run(.createSnapshot(name: "gone"), on: "shop")
    try await run(.deleteSnapshot(name: "gone"), on: "shop")
    bench.runtime.change { $0.refusesSnapshots = true }
    try await run(.createSnapshot(name: "never"), on: "shop")
    try await run(update(), on: "shop")
    bench.runtime.change { $0.refusesSnapshots = false }
    try await behave("shop", .isRefused("no\nreally not"))
    try await run(update(), on: "shop")
    try await behave("shop", .ends(afterObservations: 0, exitStatus: 9, "its last words"))
    try await run(update { $0.bakeSeconds = 5 }, on: "shop")
    bench.runtime.change { $0.behavioursByParallelism[7] = .isNeverReady }
    try await run(.scale(parallelism: 7, ifVersion: nil, force: false), on: "shop")
    try await run(.rollback(RollbackRequest(restore: RestoreSource.none)), on: "shop")
    try await run(.stop(force: false), on: "shop")
    try await behave("shop", .isRefused("neither"))
    try await run(update { $0.rollbackEnabled = false }, on: "shop")
    try await run(start, on: "shop")
    try await run(.rollback(RollbackRequest()), on: "shop")
    try await run(.stop(force: true), on: "shop")
    try await bench.engine.journal.write { (writer) throws(RollbookError) in
      try writer.record(.tags(["team": "shop", "cost centre": "7"]), of: shop.id, actor: "ada")
      try writer.record(.maintenanceWindow(start: "06:00"), of: shop.id, actor: "ada")
    }
  }

  /// One that is deleted, its code pruned; another takes its name, and is found ended.
  private func deleted() async throws {
    _ = try await bench.engine.create(
      CreateRequest(
        name: "till", runtime: "scripted", codePath: try bench.temporary.code("#!/bin/false\n"),
        configuration: VersionConfiguration(codeName: "till"), parallelism: 1),
      by: bench.requester)
    try await run(start, on: "till")
    try await run(.delete, on: "till")
    try await bench.create("till", snapshots: false)
    try await behave("till", 1, .ends(afterObservations: 0, exitStatus: 3, "ended by itself"))
    try await run(start, on: "till")
    try await behave("till", 1, .runs)
    try await run(start, on: "till")
    let till = try await bench.engine.application(named: "till").id
    bench.runtime.change { world in
      for (token, generation) in world.generations where generation.application == till {
        world.generations[token]?.isAlive = false
      }
    }
    _ = try await bench.engine.settleAll()
  }

  /// Cancelled, and then abandoned while the runtime was gone: what it runs is a suspect.
  private func givenUp(_ name: String) async throws {
    try await bench.create(name)
    try await run(start, on: name)
    bench.runtime.change { $0.isReachable = false }
    await #expect(throws: RollbookError.self) { try await run(update(), on: name) }
    let inFlight = try await bench.state(name).newest.id
    _ = try await bench.engine.cancel(
      Cancellation(operation: inFlight, actor: "eve", reason: "enough", follows: .nothing))
    bench.runtime.change { $0.isReachable = true }
    _ = try await bench.engine.settleAll()
    bench.runtime.change { $0.isReachable = false }
    await #expect(throws: RollbookError.self) { try await run(.stop(force: false), on: name) }
    try await run(.abandon, on: name)
    bench.runtime.change { $0.isReachable = true }
  }
}
