import Foundation
import Rollbook
import RollbookTesting
import Synchronization
import Testing

/// What happens at the very commit that begins or ends an operation.
@Suite struct LastMomentTests {
  /// A probe that fails one commit as a disk does: nobody knows whether it counts.
  private final class DiskFault: Sendable {
    /// Whether what was to be committed is there after all.
    enum Moment { case undone, committed }
    private let armed = Mutex<Moment?>(nil)

    func arm(_ moment: Moment) { armed.withLock { $0 = moment } }

    var isArmed: Bool { armed.withLock { $0 != nil } }

    var probe: JournalProbe {
      JournalProbe(
        before: { () throws(RollbookError) in },
        after: { () throws(RollbookError) in
          if self.fires(.committed) { throw RollbookError(.outcomeUnknown, "the disk failed") }
        }, failsCommit: { self.fires(.undone) })
    }

    private func fires(_ moment: Moment) -> Bool {
      armed.withLock { armed in
        guard armed == moment else { return false }
        armed = nil
        return true
      }
    }
  }

  @Test func `a beginning that was committed although the disk failed is carried on`() async throws
  {
    let fault = DiskFault()
    let bench = try Bench(TemporaryHome(), probe: fault.probe)
    fault.arm(.committed)
    try await bench.create()
    fault.arm(.committed)
    try await bench.start()
    fault.arm(.committed)
    let report = try await bench.update()
    #expect(report.record.status == .successful)
    #expect(report.state.version == 2)
    #expect(bench.runtime.currentWorld.generations.count == 2)
  }

  @Test func `a beginning that was not committed is refused, and nothing is done`() async throws {
    let fault = DiskFault()
    let bench = try Bench(TemporaryHome(), probe: fault.probe)
    try await bench.create()
    try await bench.start()
    let newest = try await bench.state().newest
    fault.arm(.undone)
    await #expect { try await bench.update() } throws: {
      ($0 as? RollbookError)?.code == .outcomeUnknown
    }
    #expect(!fault.isArmed)
    #expect(try await bench.state().newest == newest)
    #expect(bench.runtime.currentWorld.generations.count == 1)
    let report = try await bench.update()
    #expect(report.record.status == .successful)
    #expect(report.state.version == 2)
  }

  @Test func `an end that was found while the disk failed is recorded once`() async throws {
    let fault = DiskFault()
    let bench = try Bench(TemporaryHome(), probe: fault.probe)
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.change { world in
      for token in world.generations.keys { world.generations[token]?.isAlive = false }
    }
    fault.arm(.committed)
    _ = try await bench.engine.settleAll()
    let state = try await bench.state()
    #expect(state.status == .ready)
    #expect(state.newest.kind == .ended)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).isEmpty)
  }

  /// Runs an update whose last commit meets a cancellation.
  private func update(
    meeting follows: Cancellation.Successor
  ) async throws -> (OperationReport, Bench, Application) {
    let commits = Mutex(0)
    let last = Mutex(Int.max)
    let journal = Mutex<Journal?>(nil)
    let probe = JournalProbe(
      before: { () throws(RollbookError) in
        let isLast = commits.withLock { count in
          count += 1
          return count == last.withLock { $0 }
        }
        // Taken: the journal holds this probe.
        guard isLast, let journal = journal.withLock({ $0.take() }) else { return }
        try journal.blockingWrite { (writer) throws(RollbookError) in
          for operation in try writer.reader.openOperations() {
            try writer.insert(
              Cancellation(
                operation: operation.id, actor: "eve", reason: "enough", follows: follows))
          }
        }
      }, after: { () throws(RollbookError) in })
    let bench = try Bench(TemporaryHome(), probe: probe)
    journal.withLock { $0 = bench.engine.journal }
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.work("counted", in: shop.id)
    let before = commits.withLock { $0 }
    try await bench.update()
    // The next one commits as often.
    last.withLock { $0 = commits.withLock { $0 } * 2 - before }
    return (try await bench.update(), bench, shop)
  }

  @Test func `given up for nothing at the last moment, what it started is ended`() async throws {
    let (report, bench, shop) = try await update(meeting: .nothing)
    #expect(report.record.status == .cancelled)
    #expect(report.state.status == .ready)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).isEmpty)
    try await checkInvariants(bench, keepsState: true, "given up at the last moment")
  }

  @Test func `given up for a rollback at the last moment, the old version runs`() async throws {
    let (report, bench, shop) = try await update(meeting: .rollback(restore: nil))
    #expect(report.record.status == .cancelled)
    #expect(report.following.map(\.operation.kind) == [.rollback])
    #expect(report.state.status == .running)
    #expect(report.state.version == 2)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).values.map(\.state) == [["counted"]])
  }

  @Test func `given up for a forced stop at the last moment, nothing runs`() async throws {
    let (report, bench, shop) = try await update(meeting: .forcedStop)
    #expect(report.record.status == .cancelled)
    #expect(report.following.map(\.operation.kind) == [.stop])
    #expect(report.state.status == .ready)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).isEmpty)
  }

  @Test func `a forced stop while a snapshot is deleted follows the deletion`() async throws {
    let temporary = try TemporaryHome()
    let trigger = Trigger(call: .removeSnapshot, follows: .forcedStop)
    let bench = try Bench(temporary, hook: { try trigger.fire($0, $1) })
    let shop = try await bench.create()
    try await bench.start()
    try await bench.run(.createSnapshot(name: "kept"))
    trigger.arm(bench.engine.journal)
    let report = try await bench.run(.deleteSnapshot(name: "kept"))
    // What was removed cannot be given up any more.
    #expect(report.record.status == .successful)
    #expect(report.following.map(\.operation.kind) == [.stop])
    #expect(report.following.first?.operation.actor == "eve")
    #expect(report.state.status == .ready)
    #expect(bench.runtime.currentWorld.snapshots.isEmpty)
    #expect(bench.runtime.currentWorld.alive(of: shop.id).isEmpty)
  }

  @Test func `an artifact that was damaged since is not rolled back to`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.behaviours[2] = .isRefused("broken") }
    var request = Bench.updateRequest()
    request.codePath = try bench.temporary.code("#!/bin/sh\nexit 1\n")
    let version = try await bench.engine.journal.read { (reader) throws(RollbookError) in
      try reader.version(1, of: shop.id)
    }
    let artifact = try bench.temporary.home.artifacts + "/" + #require(version).artifact
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: artifact)
    try Data("other bytes".utf8).write(to: URL(filePath: artifact))
    let report = try await bench.run(.update(request))
    #expect(report.record.status == .failed)
    #expect(report.following.map(\.operation.kind) == [.systemRollback])
    let rollback = try #require(report.following.first)
    #expect(rollback.status == .failed)
    let failure = try await bench.engine.report(on: rollback.operation.id).failure
    #expect(failure?.rootCause.contains("is not what was stored") == true)
    #expect(report.state.status == .ready)
  }
}
