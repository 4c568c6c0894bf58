import Rollbook
import RollbookTesting
import Synchronization
import Testing

/// What a runtime does that is not a process of this machine: it goes on although it failed, it loses
/// what it ran, it starts what it was asked for when nobody waits any more.
@Suite struct ClusterTests {
  @Test func `what stumbles on trial fails, and is rolled back`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.work("counted", in: shop.id)
    bench.runtime.change { $0.behaviours[2] = .stumbles("an operator failed") }
    let report = try await bench.update()
    #expect(report.record.status == .failed)
    #expect(report.failure?.rootCause == "an operator failed")
    #expect(report.following.map(\.operation.kind) == [.systemRollback])
    #expect(report.state.version == 1)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).values.map(\.state) == [["counted"]])
    try await checkInvariants(bench, keepsState: true, "it stumbled")
  }

  @Test func `what stumbles after its trial is left alone`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.behaviours[1] = .stumbles("an operator failed") }
    _ = try await bench.engine.settleAll()
    #expect(try await bench.state().status == .running)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).count == 1)
  }

  @Test func `what the runtime has lost for a minute has ended`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    bench.runtime.change { world in
      world.forgotten = Set(world.generations.keys)
      for token in world.generations.keys { world.generations[token]?.isAlive = false }
    }
    _ = try await bench.engine.settleAll()
    let state = try await bench.state()
    #expect(state.status == .ready)
    #expect(state.newest.kind == .ended)
    #expect(state.newest.parameters.cause == "lost")
  }

  @Test func `what is lost on trial is deployed again`() async throws {
    let temporary = try TemporaryHome()
    let loses = Mutex<(@Sendable () -> Void)?>(nil)
    let bench = try Bench(
      temporary,
      hook: { call, moment in
        if call == .observe, moment == .before, let lose = loses.withLock({ $0.take() }) { lose() }
      })
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.work("counted", in: shop.id)
    let runtime = bench.runtime
    let report = try await bench.run(
      .update(
        Bench.updateRequest { _ in
          // Armed only once the old version is about to be replaced.
          loses.withLock { loses in
            loses = {
              runtime.change { world in
                for (token, seen) in world.generations where seen.version == 2 {
                  world.forgotten.insert(token)
                  world.generations[token]?.isAlive = false
                }
              }
            }
          }
        }))
    #expect(report.record.status == .successful)
    #expect(report.state.version == 2)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).count == 1)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).values.map(\.state) == [["counted"]])
  }

  @Test func `what may start later is a suspect until it is known not to run`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.behaviours[2] = .startsLater }
    let report = try await bench.update()
    #expect(report.record.status == .failed)
    #expect(report.following.first?.status == .successful)
    #expect(try await suspects(of: shop, bench) == 1)
    // It starts when nobody waits for it any more: the next deployment ends it first.
    bench.runtime.change { world in
      for token in world.pending {
        world.generations[token] = ScriptedWorld.ScriptedGeneration(
          application: shop.id, version: 2, parallelism: 1, state: [])
      }
      world.pending = []
    }
    #expect(bench.runtime.currentWorld.alive(of: shop.id).count == 2)
    try await bench.update()
    #expect(bench.runtime.currentWorld.alive(of: shop.id).count == 1)
    #expect(try await suspects(of: shop, bench) == 0)
    try await checkInvariants(bench, keepsState: false, "a late start")
  }

  private func suspects(of shop: Application, _ bench: Bench) async throws -> Int {
    try await bench.engine.journal.read { (reader) throws(RollbookError) in
      try reader.unresolvedSuspects(of: shop.id).count
    }
  }
}
