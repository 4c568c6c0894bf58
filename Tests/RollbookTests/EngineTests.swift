import Rollbook
import RollbookTesting
import Testing

@Suite struct EngineTests {
  @Test func `a created application is ready at version 1`() async throws {
    let bench = try Bench()
    try await bench.create()
    let state = try await bench.state()
    #expect(state.status == .ready)
    #expect(state.version == 1)
  }

  @Test func `a failed update returns to the version that ran, with its state`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    try await bench.update()
    try await bench.update()
    bench.runtime.work("counted", in: shop.id)
    bench.runtime.change {
      $0.behaviours[4] = .isRefused("Exception thrown to show system-rollback")
    }

    let report = try await bench.update()

    #expect(report.record.status == .failed)
    #expect(report.record.operation.versionFrom == 3)
    #expect(report.record.operation.versionTo == 4)
    #expect(report.failure?.rootCause == "Exception thrown to show system-rollback")
    #expect(report.record.outcome?.decision?.code == .rollbackStarted)
    let rollback = try #require(report.following.first)
    #expect(rollback.operation.kind == .systemRollback)
    #expect(rollback.operation.id == report.record.outcome?.rollbackOperation)
    #expect(rollback.status == .successful)
    #expect(report.state.status == .running)
    #expect(report.state.version == 3)
    #expect(report.state.shown.rolledBackFrom == 4)
    #expect(report.state.shown.rolledBackTo == 3)
    let alive = bench.runtime.currentWorld.alive(of: shop.id)
    #expect(alive.values.map(\.state) == [["counted"]])

    let next = try await bench.update()
    #expect(next.state.version == 5)
    #expect(next.state.shown.rolledBackFrom == nil)
  }

  @Test func `a failed update that is not opted in leaves the application ready`() async throws {
    let bench = try Bench()
    let shop = try await bench.create(rollback: false)
    try await bench.start()
    bench.runtime.change { $0.behaviours[2] = .ends(afterObservations: 1, exitStatus: 1, "boom") }
    let report = try await bench.update()
    #expect(report.record.status == .failed)
    #expect(report.record.outcome?.decision?.code == .notEnabled)
    #expect(report.state.status == .ready)
    #expect(report.state.version == 2)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).isEmpty)
    // The way out.
    let back = try await bench.run(.rollback(RollbackRequest()))
    #expect(back.record.status == .successful)
    #expect(back.state.version == 1)
    #expect(back.state.status == .running)
  }

  @Test func `a snapshot that cannot be taken leaves the old version untouched`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    let before = bench.runtime.currentWorld.alive(of: shop.id).keys.first
    bench.runtime.change { $0.refusesSnapshots = true }
    let report = try await bench.update()
    #expect(report.record.status == .failed)
    #expect(report.failure?.phase == .snapshot)
    #expect(report.record.outcome?.decision?.code == .oldVersionUntouched)
    #expect(report.following.map(\.status) == [.successful])
    #expect(report.state.status == .running)
    #expect(report.state.version == 1)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).keys.first == before)
  }

  @Test func `a rollback that fails leaves the application ready with both failures`() async throws
  {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.change {
      $0.behaviours[1] = .isRefused("one")
      $0.behaviours[2] = .isRefused("two")
    }
    let report = try await bench.update()
    #expect(report.record.status == .failed)
    #expect(report.following.map(\.status) == [.failed])
    #expect(report.following.first?.outcome?.decision?.code == .rollbackFailed)
    #expect(report.state.status == .ready)
    #expect(report.state.version == 2)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).isEmpty)
    bench.runtime.change { $0.behaviours[1] = .runs }
    let out = try await bench.run(.rollback(RollbackRequest()))
    #expect(out.state.version == 1)
  }

  @Test func `requested rollbacks go further back, then are refused`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    try await bench.update()
    try await bench.update()
    #expect(try await bench.run(.rollback(RollbackRequest())).state.version == 2)
    #expect(try await bench.run(.rollback(RollbackRequest())).state.version == 1)
    await #expect { try await bench.run(.rollback(RollbackRequest())) } throws: {
      ($0 as? RollbookError)?.code == .nothingToReturnTo
    }
    #expect(try await bench.run(.rollback(RollbackRequest(toVersion: 3))).state.version == 3)
    #expect(try await bench.run(.rollback(RollbackRequest())).state.version == 1)
  }

  @Test func `a failed scaling returns to the old parallelism and is remembered`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.behavioursByParallelism[8] = .isRefused("no slots") }
    let report = try await bench.run(.scale(parallelism: 8, ifVersion: nil, force: false))
    #expect(report.record.status == .failed)
    #expect(report.state.parallelism == 1)
    #expect(report.state.status == .running)
    await #expect {
      try await bench.run(.scale(parallelism: 8, ifVersion: nil, force: false))
    } throws: {
      ($0 as? RollbookError)?.code == .parallelismFailedBefore
    }
    bench.runtime.change { $0.behavioursByParallelism[8] = nil }
    let forced = try await bench.run(.scale(parallelism: 8, ifVersion: nil, force: true))
    #expect(forced.record.status == .successful)
    #expect(forced.state.parallelism == 8)
  }

  @Test func `a failure within the bake time is rolled back`() async throws {
    let bench = try Bench()
    try await bench.create(bake: 30)
    try await bench.start()
    bench.runtime.change {
      $0.behaviours[2] = .ends(afterObservations: 100, exitStatus: 3, "late")
    }
    let report = try await bench.update()
    #expect(report.record.status == .failed)
    #expect(report.failure?.phase == .bake)
    #expect(report.state.version == 1)
    #expect(report.state.status == .running)
  }

  @Test func `a settle window is longer than what is observed may lag behind`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    bench.runtime.change { world in
      world.observationLag = 3
      // More than a window of 0.1 s has room for.
      world.behaviours[2] = .ends(afterObservations: 6, exitStatus: 1, "late news")
    }
    let report = try await bench.update { $0.settleSeconds = 0.1 }
    #expect(report.record.status == .failed)
    #expect(try await bench.state().version == 1)
  }

  @Test func `what goes back waits for room, what changes does not`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    bench.runtime.change { world in
      world.behaviours[1] = .waitsForRoom(observations: 20)
      world.behaviours[2] = .waitsForRoom(observations: 20)
    }
    let report = try await bench.update()
    #expect(report.failure?.rootCause == "no room for it")
    let state = try await bench.state()
    #expect(state.status == .running)
    #expect(state.version == 1)
  }

  @Test func `what goes back does not wait for room for ever`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    bench.runtime.change { world in
      world.behaviours[1] = .waitsForRoom(observations: .max)
      world.behaviours[2] = .stumbles("it fails")
    }
    let report = try await bench.update()
    #expect(report.following.map(\.operation.kind) == [.systemRollback])
    #expect(report.following.map(\.status) == [.failed])
    #expect(try await bench.state().status == .ready)
  }

  @Test func `a program that is gone is recorded as ended, never rolled back`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.work("counted", in: shop.id)
    bench.runtime.change { $0.behaviours[1] = .ends(afterObservations: 0, exitStatus: 7, "gone") }
    let reports = try await bench.engine.settleAll()
    #expect(reports.count == 1)
    let state = try await bench.state()
    #expect(state.status == .ready)
    #expect(state.newest.kind == .ended)
    #expect(state.outcome?.status == .failed)
    bench.runtime.change { $0.behaviours[1] = .runs }
    try await bench.start()
    #expect(
      bench.runtime.currentWorld.alive(of: shop.id).values.map(\.state) == [["counted"]])
  }

  @Test func `delete keeps the history and frees the name`() async throws {
    let bench = try Bench()
    let first = try await bench.create()
    try await bench.start()
    try await bench.run(.delete)
    await #expect { try await bench.engine.application(named: "shop") } throws: {
      ($0 as? RollbookError)?.code == .notFound
    }
    let second = try await bench.create()
    #expect(second.id != first.id)
    #expect(try await bench.state().version == 1)
    let old = try await bench.engine.state(of: first)
    #expect(old.status == .deleted)
  }

  @Test func `what was looked at before is not taken for another that has its name by now`()
    async throws
  {
    let bench = try Bench()
    let old = try await bench.create()
    try await bench.run(.delete)
    let new = try await bench.create()
    await #expect {
      _ = try await bench.engine.prepare(.delete, on: old, by: bench.requester)
    } throws: {
      ($0 as? RollbookError)?.code == .notFound
    }
    #expect(try await bench.engine.state(of: new).status == .ready)
  }
}
