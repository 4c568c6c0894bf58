import Rollbook
import RollbookTesting
import Synchronization
import Testing

/// Whoever drives operations is told to begin nothing more, and tells what it had to leave.
@Suite struct InterruptionTests {
  /// Tells an engine's control to begin nothing more as soon as the runtime is looked at.
  private final class Interruption: Sendable {
    private let control = Mutex<EngineControl?>(nil)
    func arm(_ control: EngineControl) { self.control.withLock { $0 = control } }
    func fire() { control.withLock { $0 }?.beginNothingMore() }
  }

  @Test func `settling that is interrupted begins with no other application`() async throws {
    let interruption = Interruption()
    let bench = try Bench(TemporaryHome(), hook: { _, _ in interruption.fire() })
    // More than are settled at the same time.
    let names = (1...12).map { "app\($0)" }
    for name in names {
      try await bench.create(name)
      try await bench.run(.start(restore: nil, allowNonRestoredState: false), on: name)
    }
    bench.runtime.change { world in
      for token in world.generations.keys { world.generations[token]?.isAlive = false }
    }
    let control = EngineControl()
    interruption.arm(control)
    // What was done is told, and so is what was not begun.
    let reports = try await bench.engine.settleAll(control: control)
    #expect(reports.map(\.application.name) == names)
    let waiting = reports.compactMap { report -> RollbookError? in
      guard case .waiting(let error) = report.finding else { return nil }
      return error
    }
    #expect(
      waiting.allSatisfy {
        $0.code == .interrupted && $0.hint?.contains("`rollbook settle`") == true
      })
    var left = 0
    for name in names where try await bench.state(name).status == .running { left += 1 }
    // Eight are looked at together; where one of them interrupts, the others may go on.
    #expect((4...11).contains(left))
    #expect(waiting.count == left)
    #expect(try await bench.engine.settleAll().count == left)
  }

  @Test func `a change that is asked for after the interruption is not begun`() async throws {
    let bench = try Bench()
    try await bench.create()
    let control = EngineControl()
    control.beginNothingMore()
    await #expect {
      try await bench.engine.execute(
        .start(restore: nil, allowNonRestoredState: false), on: "shop", by: bench.requester,
        control: control)
    } throws: {
      ($0 as? RollbookError)?.code == .interrupted
    }
    #expect(try await bench.state().newest.kind == .create)
  }
}
