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

  /// An update whose runtime is away as soon as the new generation's place is durable, and that is
  /// left in progress.
  private func lostWhileDeploying(grace: Double) async throws -> (Bench, Application) {
    let loses = Mutex(false)
    let bench = try Bench(
      TemporaryHome(),
      hook: { call, moment in
        guard call == .recordPlace, moment == .after, loses.withLock({ $0 }) else { return }
        throw RuntimeFailure(.unreachable, rootCause: "away")
      })
    let shop = try await bench.create()
    try await bench.start()
    loses.withLock { $0 = true }
    await #expect(throws: RollbookError.self) {
      try await bench.update { $0.submitGraceSeconds = grace }
    }
    loses.withLock { $0 = false }
    return (bench, shop)
  }

  private func forget(_ suspect: Suspect, _ bench: Bench) {
    bench.runtime.change { world in
      world.forgotten.insert(suspect.token)
      for token in world.generations.keys { world.generations[token]?.isAlive = false }
    }
  }

  @Test func `what is abandoned while it was asked for is known by its place`() async throws {
    let (bench, shop) = try await lostWhileDeploying(grace: 60)
    try await bench.run(.abandon)
    let suspects = try await openSuspects(of: shop, bench)
    #expect(suspects.count == 2)
    #expect(suspects.allSatisfy { $0.place == ["slot": $0.token.rawValue] }, "\(suspects)")
  }

  @Test func `one look that sees nothing of a suspect does not clear it`() async throws {
    let (bench, shop) = try await lostWhileDeploying(grace: 60)
    try await bench.run(.abandon)
    let late = try #require(try await openSuspects(of: shop, bench).last)
    forget(late, bench)
    try await bench.start()
    #expect(try await openSuspects(of: shop, bench).map(\.token) == [late.token])
  }

  @Test func `a suspect that has not appeared within its grace is cleared`() async throws {
    let (bench, shop) = try await lostWhileDeploying(grace: 0)
    try await bench.run(.abandon)
    forget(try #require(try await openSuspects(of: shop, bench).last), bench)
    try await bench.start()
    #expect(try await openSuspects(of: shop, bench).isEmpty)
  }

  @Test func `a suspect that had run, and that nobody knows any more, is gone`() async throws {
    let (bench, shop) = try await lostWhileDeploying(grace: 60)
    try await bench.run(.abandon)
    let ran = try #require(try await openSuspects(of: shop, bench).first)
    forget(ran, bench)
    let swept = try await bench.engine.settleAll().compactMap { report -> SweptSuspect? in
      guard case .swept(let swept) = report.finding else { return nil }
      return swept
    }
    #expect(swept.first { $0.suspect.id == ran.id }?.resolution == "gone")
  }

  @Test func `what a dead holder had asked for, and nobody sees, is a suspect`() async throws {
    let (bench, shop) = try await lostWhileDeploying(grace: 60)
    let token = try await bench.engine.journal.read { (reader) throws(RollbookError) in
      let operation = try reader.newestOperation(of: shop.id)
      return try reader.steps(of: operation?.id ?? OperationID(0))
        .last { $0.name == .deploying }?.detail.generation
    }
    let lost = try #require(token)
    bench.runtime.change { $0.forgotten.insert(lost) }
    _ = try await bench.engine.settleAll()
    #expect(try await bench.state().status == .running)
    #expect(try await bench.state().version == 2)
    #expect(try await openSuspects(of: shop, bench).map(\.token) == [lost])
  }

  @Test func `another application's suspect does not keep one from being deployed`() async throws {
    let away = Mutex(false)
    let bench = try Bench(
      TemporaryHome(),
      hook: { call, moment in
        guard call == .stop, moment == .before, away.withLock({ $0 }) else { return }
        throw RuntimeFailure(.unreachable, rootCause: "its secret is gone")
      })
    let shop = try await bench.create()
    try await bench.update { $0.clusterAddress = "http://one" }
    try await bench.start()
    _ = try await bench.engine.prepare(
      .stop(force: false), on: "shop", by: bench.requester)
    try await bench.run(.abandon)
    try await bench.create("other")
    try await bench.run(
      .update(Bench.updateRequest { $0.clusterAddress = "http://one" }), on: "other")
    away.withLock { $0 = true }
    let report = try await bench.run(
      .start(restore: nil, allowNonRestoredState: false), on: "other")
    #expect(report.record.status == .successful)
    #expect(try await openSuspects(of: shop, bench).count == 1)
  }

  @Test func `what may run is looked for at its place`() async throws {
    let isLost = Mutex(false)
    let bench = try Bench(
      TemporaryHome(),
      hook: { call, moment in
        guard call == .deploy, moment == .after, isLost.withLock({ $0 }) else { return }
        throw RuntimeFailure(.unknown, rootCause: "the answer was lost")
      })
    try await bench.create()
    isLost.withLock { $0 = true }
    bench.runtime.change { $0.looksByPlace = true }
    let report = try await bench.start()
    #expect(report.record.status == .successful)
    #expect(try await bench.state().status == .running)
  }

  private func suspects(of shop: Application, _ bench: Bench) async throws -> Int {
    try await openSuspects(of: shop, bench).count
  }

  private func openSuspects(of shop: Application, _ bench: Bench) async throws -> [Suspect] {
    try await bench.engine.journal.read { (reader) throws(RollbookError) in
      try reader.unresolvedSuspects(of: shop.id)
    }
  }
}
