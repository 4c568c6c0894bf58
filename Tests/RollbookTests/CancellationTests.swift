import Rollbook
import RollbookTesting
import Synchronization
import Testing

/// Requests that give up what is in flight: made at exact points of the operation they give up.
@Suite struct CancellationTests {
  /// Performs an update and inserts a cancellation when the runtime is called for the first time.
  private func update(
    givenUpAt call: ScriptedRuntime.Call, follows: Cancellation.Successor
  ) async throws -> (OperationReport, ScriptedWorld, Application) {
    let temporary = try TemporaryHome()
    let trigger = Trigger(call: call, follows: follows)
    let bench = try Bench(temporary, hook: { try trigger.fire($0, $1) })
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.work("counted", in: shop.id)
    trigger.arm(bench.engine.journal)
    let report = try await bench.update()
    return (report, bench.runtime.currentWorld, shop)
  }

  @Test func `given up for a rollback before the stop, the old generation goes on`() async throws {
    let (report, world, shop) = try await update(
      givenUpAt: .stop, follows: .rollback(restore: nil))
    #expect(report.record.status == .cancelled)
    #expect(report.record.outcome?.decision?.code == .cancelledByRequest)
    // The scripted stop had begun and finished: then the rollback deploys the old version again.
    #expect(report.following.map(\.operation.kind) == [.rollback])
    #expect(report.following.first?.status == .successful)
    #expect(report.following.first?.operation.actor == "eve")
    #expect(report.state.status == .running)
    #expect(report.state.version == 1)
    #expect(world.alive(of: shop.id).values.map(\.state) == [["counted"]])
  }

  @Test func `given up for a forced stop while it deploys, nothing runs`() async throws {
    let (report, world, shop) = try await update(givenUpAt: .deploy, follows: .forcedStop)
    #expect(report.record.status == .cancelled)
    #expect(report.following.map(\.operation.kind) == [.stop])
    #expect(report.following.first?.status == .successful)
    #expect(report.state.status == .ready)
    #expect(report.state.version == 2)
    #expect(world.alive(of: shop.id).isEmpty)
  }

  @Test func `given up for a rollback while it deploys, the old version runs again`() async throws {
    let (report, world, shop) = try await update(
      givenUpAt: .deploy, follows: .rollback(restore: nil))
    #expect(report.record.status == .cancelled)
    #expect(report.following.map(\.operation.kind) == [.rollback])
    #expect(report.state.status == .running)
    #expect(report.state.version == 1)
    #expect(report.state.shown.rolledBackFrom == 2)
    #expect(world.alive(of: shop.id).values.map(\.state) == [["counted"]])
  }

  @Test func `a requester takes over what a dead holder left`() async throws {
    let temporary = try TemporaryHome()
    let bench = try Bench(temporary)
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.work("counted", in: shop.id)
    // Prepared, and dropped: its holder died.
    _ = try await bench.engine.prepare(
      .update(Bench.updateRequest()), on: "shop", by: bench.requester)
    let report = try await bench.run(.rollback(RollbackRequest()))
    #expect(report.record.operation.kind == .rollback)
    #expect(report.record.status == .successful)
    #expect(report.state.version == 1)
    let update = try await bench.engine.report(on: #require(report.record.operation.causedBy))
    #expect(update.record.status == .cancelled)
    // It was never stopped, so nothing was redeployed.
    #expect(bench.runtime.currentWorld.generations.count == 1)
  }

  @Test func `a stop that goes on is not taken for none when it is given up`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.work("one", in: shop.id)
    bench.runtime.change { $0.lingering = [] }
    // The stop is asked for, and nobody hears how it ends.
    await #expect(throws: RollbookError.self) { try await bench.update() }
    #expect(bench.runtime.currentWorld.alive(of: shop.id).count == 1)
    let report = try await bench.run(.rollback(RollbackRequest()))
    #expect(report.record.status == .successful)
    #expect(report.state.version == 1)
    // It was started again, from the state that the stop had saved.
    let alive = bench.runtime.currentWorld.alive(of: shop.id).values
    #expect(alive.map(\.state) == [["one"]])
    #expect(bench.runtime.currentWorld.generations.count == 2)
    try await checkInvariants(bench, keepsState: false, "a stop that went on")
  }

  @Test func `other requests settle first and say so`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    _ = try await bench.engine.prepare(
      .update(Bench.updateRequest()), on: "shop", by: bench.requester)
    await #expect { try await bench.update() } throws: {
      ($0 as? RollbookError)?.code == .settledFirst
    }
    #expect(try await bench.state().version == 2)
    #expect(try await bench.state().status == .running)
  }

  @Test func `two requests at once: one is refused and says what is in flight`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    let held = try await bench.engine.prepare(
      .update(Bench.updateRequest()), on: "shop", by: bench.requester)
    await #expect { try await bench.update() } throws: { error in
      let error = error as? RollbookError
      return error?.code == .operationInFlight
        && error?.message.contains("UpdateApplication") == true
        && error?.message.contains("held by process") == true
    }
    let report = try await bench.engine.perform(held)
    #expect(report.state.version == 2)
  }

  @Test func `who asks for a rollback of what hangs is told how to end its holder`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    let held = try await bench.engine.prepare(
      .update(Bench.updateRequest()), on: "shop", by: bench.requester)
    await #expect {
      try await bench.run(.rollback(RollbackRequest()))
    } throws: {
      let error = $0 as? RollbookError
      return error?.code == .holderDoesNotAnswer
        && error?.hint?.contains("`rollbook stop shop --force --kill-holder`") == true
    }
    _ = try await bench.engine.perform(held)
  }

  @Test func `an unreachable runtime keeps the operation in progress until it is abandoned`()
    async throws
  {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.isReachable = false }
    await #expect { try await bench.update() } throws: {
      ($0 as? RollbookError)?.code == .runtimeUnreachable
    }
    let reports = try await bench.engine.settleAll()
    guard case .waiting(let error)? = reports.first?.finding else {
      Issue.record("settling did not say that it waits")
      return
    }
    #expect(error.code == .runtimeUnreachable)
    let report = try await bench.run(.abandon)
    #expect(report.record.operation.kind == .stop)
    #expect(report.state.status == .ready)
    // What was abandoned is ended before anything is started again.
    bench.runtime.change { $0.isReachable = true }
    #expect(bench.runtime.currentWorld.alive(of: shop.id).count == 1)
    try await bench.start()
    #expect(bench.runtime.currentWorld.alive(of: shop.id).count == 1)
    #expect(bench.runtime.currentWorld.generations.count == 2)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a stop that fails again and again ends an operation that was given up`() async throws {
    let temporary = try TemporaryHome()
    let trigger = Trigger(call: .stop, follows: .forcedStop)
    let fails = Mutex(false)
    let bench = try Bench(
      temporary,
      hook: { call, moment in
        try trigger.fire(call, moment)
        if call == .stop, moment == .after, fails.withLock({ $0 }) {
          throw RuntimeFailure(.unknown, rootCause: "no answer", text: "no answer")
        }
      })
    try await bench.create()
    try await bench.start()
    fails.withLock { $0 = true }
    trigger.arm(bench.engine.journal)
    let report = try await bench.update()
    #expect(report.record.status == .cancelled)
    #expect(report.state.status == .ready)
  }
}
