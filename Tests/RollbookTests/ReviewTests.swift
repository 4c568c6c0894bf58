import Foundation
import Rollbook
import RollbookSQLite
import RollbookTesting
import Synchronization
import Testing

/// Defects that were found by reading, each with the test that failed before it was mended.
@Suite struct ReviewTests {
  private func refusal(
    _ code: RollbookError.Code, _ body: () async throws -> Void
  ) async {
    await #expect { try await body() } throws: { ($0 as? RollbookError)?.code == code }
  }

  @Test func `what a version wrote that was rolled back never reaches a later one`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.work("good", in: shop.id)
    try await bench.update()
    bench.runtime.work("poison", in: shop.id)
    try await bench.run(.rollback(RollbackRequest()))
    try await bench.run(.stop(force: true))
    try await bench.update()
    try await bench.start()
    #expect(bench.runtime.currentWorld.alive(of: shop.id).values.map(\.state) == [["good"]])
  }

  @Test func `a snapshot asked for by an unknown name is refused before anything is given up`()
    async throws
  {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    let held = try await bench.engine.prepare(
      .update(Bench.updateRequest()), on: "shop", by: bench.requester)
    let unknown = RollbackRequest(restore: .snapshot(name: "typo"))
    await refusal(.noUsableSnapshot) { try await bench.run(.rollback(unknown)) }
    let stale = RollbackRequest(ifVersion: 77)
    await refusal(.staleVersion) { try await bench.run(.rollback(stale)) }
    let elsewhere = RollbackRequest(toVersion: 9)
    await refusal(.operationInFlight) { try await bench.run(.rollback(elsewhere)) }
    #expect(try await bench.engine.perform(held).record.status == .successful)
  }

  @Test func `a rollback to the latest snapshot is refused where there is none`() async throws {
    let bench = try Bench()
    try await bench.create(snapshots: false)
    try await bench.start()
    try await bench.update { $0.snapshotsEnabled = true }
    try await bench.update()
    // Version 2 uses snapshots, and its only one is taken away.
    for snapshot in bench.runtime.currentWorld.snapshots.keys {
      let name = try await bench.engine.journal.read { (reader) throws(RollbookError) in
        try reader.snapshot(snapshot)?.name
      }
      try await bench.run(.deleteSnapshot(name: #require(name)))
    }
    await refusal(.noUsableSnapshot) {
      try await bench.run(.rollback(RollbackRequest(restore: .latest)))
    }
  }

  @Test func `a cancelled task leaves the operation in progress, not failed`() async throws {
    let temporary = try TemporaryHome()
    let cancel = Mutex<(@Sendable () -> Void)?>(nil)
    let bench = try Bench(
      temporary,
      hook: { call, moment in
        guard call == .deploy, moment == .before, let cancel = cancel.withLock({ $0.take() }) else {
          return
        }
        cancel()
      })
    try await bench.create()
    try await bench.start()
    let task = Task { try await bench.update() }
    cancel.withLock { $0 = { task.cancel() } }
    await #expect(throws: RollbookError.self) { try await task.value }
    let again = try Bench(temporary, world: bench.runtime.currentWorld)
    _ = try await again.engine.settleAll()
    let state = try await again.state()
    #expect(state.status == .running)
    #expect(state.version == 2)
  }

  @Test func `a runtime that is away while a snapshot is looked at keeps the operation open`()
    async throws
  {
    let temporary = try TemporaryHome()
    let bench = try Bench(
      temporary,
      hook: { call, moment in
        if call == .verify, moment == .before {
          throw RuntimeFailure(.unreachable, rootCause: "away", text: "away")
        }
      })
    try await bench.create()
    try await bench.start()
    await refusal(.runtimeUnreachable) { try await bench.update() }
    let again = try Bench(temporary, world: bench.runtime.currentWorld)
    _ = try await again.engine.settleAll()
    #expect(try await again.state().version == 2)
    #expect(try await again.state().status == .running)
  }

  @Test func `names that Rollbook gives cannot be taken`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    for name in ["auto-v1-4", "left-v1-4", "manual-v1-4"] {
      await refusal(.invalidArgument) { try await bench.run(.createSnapshot(name: name)) }
    }
  }

  @Test func `an abandoned update leaves no open snapshot, and a decision`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.isReachable = false }
    await refusal(.runtimeUnreachable) { try await bench.update() }
    let update = try await bench.state().newest.id
    try await bench.run(.abandon)
    let report = try await bench.engine.report(on: update)
    #expect(report.record.status == .failed)
    #expect(report.record.outcome?.decision?.code == .cancelledByRequest)
    bench.runtime.change { world in
      world.isReachable = true
      for token in world.generations.keys { world.generations[token]?.isAlive = false }
    }
    try await checkInvariants(bench, keepsState: false, "abandoned")
  }

  @Test func `a holder whose operation was abandoned leaves at its next look`() async throws {
    let temporary = try TemporaryHome()
    let abandon = Mutex<Journal?>(nil)
    let bench = try Bench(
      temporary,
      hook: { call, moment in
        guard call == .stop, moment == .before, abandon.withLock({ $0.take() }) != nil else {
          return
        }
        let done = DispatchSemaphore(value: 0)
        let other = try Bench(temporary)
        Task {
          _ = try? await other.run(.abandon)
          done.signal()
        }
        done.wait()
      })
    try await bench.create()
    try await bench.start()
    abandon.withLock { $0 = bench.engine.journal }
    await refusal(.alreadyEnded) { try await bench.update() }
  }

  @Test func `one application of an unknown runtime does not keep others from being settled`()
    async throws
  {
    let bench = try Bench()
    let foreign = try await bench.engine.journal.write { (writer) throws(RollbookError) in
      let application = try writer.insertApplication(name: "foreign", runtime: "flink")
      _ = try writer.begin(
        OperationDraft(application: application.id, kind: .create, actor: "x"))
      return application
    }
    try await bench.create()
    try await bench.start()
    _ = try await bench.engine.prepare(
      .stop(force: false), on: "shop", by: bench.requester)
    let reports = try await bench.engine.settleAll()
    #expect(reports.count == 2)
    #expect(try await bench.state().status == .ready)
    guard case .waiting? = reports.first(where: { $0.application.id == foreign.id })?.finding else {
      Issue.record("the foreign application is not said to wait")
      return
    }
  }

  @Test func `a parallelism is refused for the version that failed at it only`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.behaviours[2] = .isRefused("broken") }
    var request = Bench.updateRequest()
    request.parallelism = 8
    #expect(try await bench.run(.update(request)).record.status == .failed)
    let scaled = try await bench.run(.scale(parallelism: 8, ifVersion: nil, force: false))
    #expect(scaled.record.status == .successful)
  }

  @Test func `waiting for a runtime that stays away does not fill the journal`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.isReachable = false }
    await refusal(.runtimeUnreachable) { try await bench.update() }
    for _ in 0..<5 { _ = try await bench.engine.settleAll() }
    let operation = try await bench.state().newest.id
    let steps = try await bench.engine.journal.read { (reader) throws(RollbookError) in
      try reader.steps(of: operation).map(\.name)
    }
    #expect(steps.count { $0 == .settling } == 1)
    #expect(steps.count { $0 == .unreachable } <= 2)
  }

  @Test func `opening a journal twice in one process keeps what is acknowledged`() async throws {
    let temporary = try TemporaryHome()
    let first = try Journal(path: temporary.home.journal, access: .create)
    _ = try await first.write { (writer) throws(RollbookError) in
      try writer.insertApplication(name: "one", runtime: "scripted")
    }
    let second = try Journal(path: temporary.home.journal, access: .create)
    // Another program comes and goes: as the last one it would remove the WAL.
    let shell = Process()
    shell.executableURL = URL(filePath: "/usr/bin/env")
    shell.arguments = ["sqlite3", temporary.home.journal, "SELECT count(*) FROM applications"]
    shell.standardOutput = FileHandle.nullDevice
    try shell.run()
    shell.waitUntilExit()
    _ = try await first.write { (writer) throws(RollbookError) in
      try writer.insertApplication(name: "two", runtime: "scripted")
    }
    let names = try await second.read { (reader) throws(RollbookError) in
      try reader.applications(limit: 9).map(\.name)
    }
    #expect(names == ["one", "two"])
    let connection = try Connection(path: temporary.home.journal, mode: .readOnly)
    #expect(try connection.integer("SELECT count(*) FROM applications") == 2)
  }

  @Test func `followers of followers are reported`() async throws {
    let temporary = try TemporaryHome()
    let trigger = Trigger(call: .deploy, follows: .forcedStop)
    let deployments = Mutex(0)
    let bench = try Bench(
      temporary,
      hook: { call, moment in
        guard call == .deploy, moment == .before else { return }
        // The third deployment is the rollback's.
        if deployments.withLock({ count in
          count += 1
          return count == 3
        }) {
          try trigger.fire(call, moment)
        }
      })
    try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.behaviours[2] = .isRefused("no") }
    trigger.arm(bench.engine.journal)
    let report = try await bench.update()
    #expect(report.record.status == .failed)
    #expect(report.following.map(\.operation.kind) == [.systemRollback, .stop])
    #expect(report.state.status == .ready)
  }

  @Test func `a stop whose answer is lost is never taken for one that was not begun`() async throws
  {
    let temporary = try TemporaryHome()
    let trigger = Trigger(call: .stop, follows: .rollback(restore: nil))
    let losesAnswers = Mutex(false)
    let bench = try Bench(
      temporary,
      hook: { call, moment in
        try trigger.fire(call, moment)
        if call == .stop, losesAnswers.withLock({ $0 }) {
          throw RuntimeFailure(.unknown, rootCause: "no answer", text: "no answer")
        }
      })
    try await bench.create()
    try await bench.start()
    losesAnswers.withLock { $0 = true }
    trigger.arm(bench.engine.journal)
    await refusal(.runtimeFailed) { try await bench.update() }
    #expect(try await bench.state().inFlight != nil)
    // Whoever looks again sees it running, and ends what was given up.
    let again = try Bench(temporary, world: bench.runtime.currentWorld)
    _ = try await again.engine.settleAll()
    let state = try await again.state()
    #expect(state.status == .running)
    #expect(state.version == 1)
    #expect(state.newest.kind == .rollback)
  }
}
