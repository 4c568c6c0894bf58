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
  /// The clock, which goes on while there is waiting.
  var time = 0.0
  var waits: [Double] = []
  /// What happens right after a look.
  var events: [Int: (World) -> Void] = [:]

  /// Pauses all, for so many looks.
  func pause(looks limit: Int = 100) -> Bool {
    Pausing.stopAll(
      look: look, stop: stop, now: { self.time },
      goOn: { seconds in
        self.waits.append(seconds)
        self.time += seconds
        return self.looks < limit
      })
  }

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
    #expect(world.pause())
    #expect(world.processes.values.allSatisfy { $0.state == "T" })
  }

  @Test("A process that was started while all were looked at is stopped too")
  func lateChild() {
    let world = World()
    world.processes = [10: .init(parent: 1, state: "T")]
    world.events[0] = { $0.processes[11] = .init(parent: 10, state: "R") }
    #expect(world.pause())
    #expect(world.processes[11]?.state == "T")
  }

  @Test("One that does not stop is given up when nobody wants it any more")
  func givenUp() {
    let world = World()
    world.processes = [10: .init(parent: 1, state: "D", awaits: 11)]
    #expect(!world.pause())
    #expect(world.looks == 100)
    let broken = { () throws(RollbookError) -> [ProcessEntry] in throw RollbookError(.system, "") }
    #expect(!Pausing.stopAll(look: broken, stop: world.stop, now: { 0 }, goOn: { _ in true }))
  }

  @Test("Those that have not moved on for 20 s are given up, although somebody waits")
  func stuck() {
    let world = World()
    world.processes = [
      10: .init(parent: 1, state: "D", awaits: 11), 20: .init(parent: 1, state: "S"),
    ]
    #expect(!world.pause(looks: 100_000))
    #expect(world.time >= 20 && world.time < 21)
    #expect(world.processes[20]?.state == "T")
  }

  @Test("As long as others are seen to move it goes on, however long a look takes")
  func slow() {
    let world = World()
    world.processes = [10: .init(parent: 1, state: "D", awaits: 11)]
    for look in 0..<60 {
      world.events[look] = { world in
        world.time += 15
        // A child that is seen once.
        world.processes[Int32(100 + look - 1)] = nil
        world.processes[Int32(100 + look)] = .init(parent: 10, state: "R")
        if look == 59 { world.processes[10]?.awaits = nil }
      }
    }
    #expect(world.pause())
    #expect(world.time > 60 * 15)
    // A set that is the same in a few looks that take long is no sign that nothing moves.
    let other = World()
    other.processes = [10: .init(parent: 1, state: "D", awaits: 11)]
    for look in 0..<3 { other.events[look] = { $0.time += 30 } }
    other.events[3] = { $0.processes[10]?.awaits = nil }
    #expect(other.pause())
  }

  @Test("The looks at what does not stop get rarer, from 2 ms to 50 ms")
  func rarer() {
    let world = World()
    world.processes = [10: .init(parent: 1, state: "D", awaits: 11)]
    _ = world.pause(looks: 20)
    #expect(world.waits.first == 0.002)
    #expect(world.waits.last == 0.05)
    #expect(zip(world.waits, world.waits.dropFirst()).allSatisfy { $0 <= $1 })
  }
}
