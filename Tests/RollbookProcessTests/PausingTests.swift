import Rollbook
import RollbookProcess
import Testing

/// Processes that a test invents.
private final class World {
  struct Process {
    var parent: Int32
    var state: Character
    /// Waits for this child to have executed its program.
    var awaits: Int32?
    /// Will stop as soon as it can.
    var isAsked = false
  }

  var processes: [Int32: Process] = [:]
  var looks = 0
  /// What happens right after a look.
  var events: [Int: (World) -> Void] = [:]

  func look() -> [ProcessEntry] {
    let seen = processes.map {
      ProcessEntry(pid: $0.key, parent: $0.value.parent, state: $0.value.state)
    }
    events[looks]?(self)
    looks += 1
    for (pid, process) in processes where process.isAsked && process.awaits == nil {
      processes[pid]?.state = "T"
    }
    return seen
  }

  func stop(_ pid: Int32) {
    processes[pid]?.isAsked = true
    if processes[pid]?.awaits == nil { processes[pid]?.state = "T" }
  }

  /// A stopped process executes nothing.
  func execute(_ pid: Int32) {
    guard processes[pid]?.state != "T", let parent = processes[pid]?.parent else { return }
    processes[parent]?.awaits = nil
  }
}

@Suite struct PausingTests {
  @Test("A process that waits for its child is stopped before the child, however long that takes")
  func parentFirst() {
    let world = World()
    world.processes = [
      10: .init(parent: 1, state: "D", awaits: 11), 11: .init(parent: 10, state: "R"),
      20: .init(parent: 1, state: "S"),
    ]
    world.events[50] = { $0.execute(11) }
    let isPaused = Pausing.stopAll(look: world.look, stop: world.stop) { world.looks < 100 }
    #expect(isPaused)
    #expect(world.processes.values.allSatisfy { $0.state == "T" })
  }

  @Test("A process that was started while all were looked at is stopped too")
  func lateChild() {
    let world = World()
    world.processes = [10: .init(parent: 1, state: "T")]
    world.events[0] = { $0.processes[11] = .init(parent: 10, state: "R") }
    let isPaused = Pausing.stopAll(look: world.look, stop: world.stop) { world.looks < 100 }
    #expect(isPaused)
    #expect(world.processes[11]?.state == "T")
  }

  @Test("One that does not stop is given up when nobody wants it any more")
  func givenUp() {
    let world = World()
    world.processes = [10: .init(parent: 1, state: "D", awaits: 11)]
    #expect(!Pausing.stopAll(look: world.look, stop: world.stop) { world.looks < 100 })
    let broken = { () throws(RollbookError) -> [ProcessEntry] in throw RollbookError(.system, "") }
    #expect(!Pausing.stopAll(look: broken, stop: world.stop) { true })
  }
}
