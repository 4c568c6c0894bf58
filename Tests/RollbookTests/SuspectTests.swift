import Rollbook
import RollbookTesting
import Testing

/// What may still run after its operation was abandoned: shown, and ended by settling.
@Suite struct SuspectTests {
  /// An update of a running application, abandoned while its runtime is away.
  private func abandoned() async throws -> (Bench, Application) {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.isReachable = false }
    await #expect(throws: RollbookError.self) { try await bench.update() }
    try await bench.run(.abandon)
    return (bench, shop)
  }

  private func swept(_ bench: Bench) async throws -> [SweptSuspect] {
    try await bench.engine.settleAll().compactMap { report in
      guard case .swept(let swept) = report.finding else { return nil }
      return swept
    }
  }

  private func suspects(_ bench: Bench, _ application: Application) async throws -> [Suspect] {
    try await bench.engine.journal.read { (reader) throws(RollbookError) in
      try reader.unresolvedSuspects(of: application.id)
    }
  }

  @Test func `settling ends what was abandoned, once it can be reached`() async throws {
    let (bench, shop) = try await abandoned()
    let away = try await swept(bench)
    #expect(away.map(\.resolution) == [nil])
    #expect(away.first?.leftBecause == "the scripted runtime is away")
    #expect(try await suspects(bench, shop).count == 1)

    bench.runtime.change { $0.isReachable = true }
    #expect(bench.runtime.currentWorld.alive(of: shop.id).count == 1)
    let ended = try await swept(bench)
    #expect(ended.map(\.resolution) == ["ended"])
    // The old version had not been stopped: that is what runs, and not the one it was updated to.
    #expect(ended.map(\.version) == [1])
    #expect(bench.runtime.currentWorld.alive(of: shop.id).isEmpty)
    #expect(try await suspects(bench, shop).isEmpty)
    #expect(try await bench.engine.settleAll().isEmpty)
    try await checkInvariants(bench, keepsState: false, "after the sweep")
  }

  @Test func `a stop of what was abandoned says how to end it`() async throws {
    let (bench, _) = try await abandoned()
    for force in [false, true] {
      await #expect {
        try await bench.run(.stop(force: force))
      } throws: {
        let error = $0 as? RollbookError
        return error?.code == .wrongStatus && error?.hint?.contains("`rollbook settle`") == true
      }
    }
  }

  @Test func `what a deleted application left running is ended too`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.isReachable = false }
    await #expect(throws: RollbookError.self) { try await bench.run(.delete) }
    try await bench.run(.abandon)
    bench.runtime.change { $0.isReachable = true }
    #expect(try await swept(bench).map(\.resolution) == ["ended"])
    #expect(bench.runtime.currentWorld.alive(of: shop.id).isEmpty)
  }

  @Test func `who gives up a start does not wait for another application's suspect`() async throws {
    let trigger = Trigger(call: .stop, follows: .forcedStop)
    let bench = try Bench(TemporaryHome(), hook: { try trigger.fire($0, $1) })
    for name in ["shop", "till"] { try await bench.create(name, cluster: "http://cluster") }
    let shop = try await bench.engine.application(named: "shop")
    try await bench.start()
    bench.runtime.change { $0.isReachable = false }
    await #expect(throws: RollbookError.self) { try await bench.update() }
    try await bench.run(.abandon)
    bench.runtime.change {
      $0.isReachable = true
      $0.silent = Set($0.alive(of: shop.id).keys)
    }
    trigger.arm(bench.engine.journal)
    let report = try await bench.run(
      .start(restore: nil, allowNonRestoredState: false), on: "till")
    #expect(report.record.status == .cancelled)
    #expect(report.following.map(\.operation.kind) == [.stop])
    #expect(report.state.status == .ready)
    // Nothing was deployed, and the suspect is one still.
    #expect(bench.runtime.currentWorld.generations.count == 1)
    #expect(try await suspects(bench, shop).count == 1)
  }

  @Test func `who ended an operation is looked for under the application's name`() async throws {
    let bench = try Bench()
    try await bench.create()
    try await bench.start()
    let held = try await bench.engine.prepare(
      .update(Bench.updateRequest()), on: "shop", by: bench.requester)
    try await bench.run(.abandon)
    await #expect {
      try await bench.engine.perform(held)
    } throws: {
      let error = $0 as? RollbookError
      return error?.code == .alreadyEnded
        && error?.hint == "`rollbook operations shop` tells by whom."
    }
  }
}
