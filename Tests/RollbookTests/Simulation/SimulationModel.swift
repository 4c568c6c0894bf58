import Rollbook
import RollbookTesting

/// What an application should be, by BEHAVIOUR's rules and nothing of the engine's code.
struct SimulatedApplication: Equatable {
  struct Version: Equatable {
    var rollsBack: Bool
    var snapshots: Bool
    var behaviour: ScriptedWorld.Behaviour
  }

  struct Good: Equatable {
    var version: Int64
    var parallelism: Int
  }

  struct SavedState: Equatable {
    var name: String
    var version: Int64
    var state: [String]
    /// Which of the application's operations took it, counted from 1.
    var operation: Int
  }

  /// A version was gone back from.
  struct Returned: Equatable {
    var from: Int64
    var operation: Int
  }

  var name: String
  var isRunning = false
  /// The program has ended, and nobody has noticed.
  var hasEnded = false
  var version: Int64 = 1
  var parallelism: Int
  var versions: [Int64: Version]
  /// The stack of good states, its top last.
  var good: [Good] = []
  /// Those that are READY, in the order in which they became so.
  var snapshots: [SavedState] = []
  var returns: [Returned] = []
  /// What the program that runs has done.
  var state: [String] = []
  /// Every operation, the oldest first: `UpdateApplication FAILED`.
  var operations = ["CreateApplication SUCCESSFUL"]
  /// Whether the runtime can take none now.
  var refusesSnapshots = false

  /// At this parallelism nothing runs.
  static let tooMuch = 7

  var newestVersion: Int64 { versions.keys.max() ?? 1 }

  private var current: Version? { versions[version] }

  // MARK: What follows from the rules

  /// BEHAVIOUR §3.1: the newest that the target can read, none of a version that was rolled back from
  /// afterwards, but its own.
  func usable(by target: Int64) -> SavedState? {
    snapshots.filter { saved in
      let wasLeft = returns.contains {
        $0.from == saved.version && $0.operation >= saved.operation
      }
      return saved.version <= target && (saved.version == target || !wasLeft)
    }.last
  }

  mutating func push(_ new: Good) {
    if good.last != new { good.append(new) }
  }

  mutating func did(_ kind: OperationKind, _ status: OperationStatus) {
    operations.append("\(kind.name) \(status.name)")
  }

  /// Keeps what the program has done, within the operation that comes next.
  mutating func save(_ name: String) {
    snapshots.append(
      SavedState(name: name, version: version, state: state, operation: operations.count + 1))
  }

  /// Goes back from a version, within the operation that comes next.
  mutating func leave(_ old: Int64, for target: Int64) {
    if old != target { returns.append(Returned(from: old, operation: operations.count + 1)) }
  }

  /// What a version begins with.
  func restored(by target: Int64) -> [String] {
    versions[target]?.snapshots == true ? usable(by: target)?.state ?? [] : []
  }

  func works(_ target: Good) -> Bool {
    versions[target.version]?.behaviour == .runs && target.parallelism != Self.tooMuch
  }

  private var shown: Good { Good(version: version, parallelism: parallelism) }

  // MARK: Commands

  enum Refusal: Error, Equatable {
    case code(RollbookError.Code)
  }

  /// What an application is after a command on it.
  ///
  /// - Throws: how it is refused.
  func after(_ command: SimulatedCommand) throws(Refusal) -> SimulatedApplication {
    var next = self
    if hasEnded, command.changes {
      // BEHAVIOUR §5.4: what is found first is told, and nothing else is done.
      next.notice()
      return next
    }
    switch command {
    case .start: try next.start()
    case .stop(let force): try next.stop(force)
    case .update(let version): next.update(version)
    case .scale(let parallelism): try next.scale(parallelism)
    case .rollback: try next.rollBack()
    case .createSnapshot(let name): try next.takeSnapshot(name)
    case .deleteSnapshot(let name): try next.deleteSnapshot(name)
    case .settle: if hasEnded { next.notice() }
    }
    return next
  }

  /// BEHAVIOUR §5.5: an application that has ended is READY; what it leaves is kept.
  private mutating func notice() {
    if current?.snapshots == true, !refusesSnapshots { save("left") }
    hasEnded = false
    isRunning = false
    state = []
    did(.ended, .failed)
  }

  private mutating func start() throws(Refusal) {
    if isRunning { throw .code(.wrongStatus) }
    guard works(shown) else { return did(.start, .failed) }
    state = restored(by: version)
    isRunning = true
    push(shown)
    did(.start, .successful)
  }

  private mutating func stop(_ force: Bool) throws(Refusal) {
    if !isRunning { throw .code(.wrongStatus) }
    if !force, current?.snapshots == true {
      if refusesSnapshots { return did(.stop, .failed) }
      save("auto")
    }
    isRunning = false
    state = []
    did(.stop, .successful)
  }

  private mutating func update(_ new: Version) {
    let number = newestVersion + 1
    let old = version
    versions[number] = new
    guard isRunning else {
      version = number
      return did(.update, .successful)
    }
    change(.update, from: old, to: Good(version: number, parallelism: parallelism))
  }

  private mutating func scale(_ wanted: Int) throws(Refusal) {
    if wanted == parallelism { throw .code(.nothingToChange) }
    guard isRunning else {
      parallelism = wanted
      return did(.scale, .successful)
    }
    change(.scale, from: version, to: Good(version: version, parallelism: wanted))
  }

  /// An update or a scaling of what runs.
  private mutating func change(_ kind: OperationKind, from old: Int64, to target: Good) {
    let rollsBack = versions[target.version]?.rollsBack == true
    if current?.snapshots == true {
      if refusesSnapshots {
        // It was never stopped: nothing is deployed anew.
        did(kind, .failed)
        if rollsBack {
          leave(target.version, for: version)
          did(.systemRollback, .successful)
        }
        return
      }
      save("auto")
    }
    version = target.version
    parallelism = target.parallelism
    if works(target) {
      state = restored(by: target.version)
      push(target)
      return did(kind, .successful)
    }
    did(kind, .failed)
    isRunning = false
    state = []
    guard rollsBack, let top = good.last else { return }
    if versions[top.version]?.snapshots == true, usable(by: top.version) == nil { return }
    guard works(top) else { return did(.systemRollback, .failed) }
    leave(target.version, for: top.version)
    state = restored(by: top.version)
    isRunning = true
    version = top.version
    parallelism = top.parallelism
    did(.systemRollback, .successful)
  }

  private var popsForRollback: Bool { isRunning || good.last == shown }

  private var takesSnapshotForRollback: Bool { isRunning && current?.snapshots == true }

  /// BEHAVIOUR §2.3 and §2.4: what a rollback returns to.
  func rollbackTarget() -> Result<Good, Refusal> {
    guard let target = popsForRollback ? good.dropLast().last : good.last else {
      return .failure(.code(.nothingToReturnTo))
    }
    let wantsState = versions[target.version]?.snapshots == true
    let usesThat = takesSnapshotForRollback && wantsState && version <= target.version
    if wantsState, !usesThat, usable(by: target.version) == nil {
      return .failure(.code(.noUsableSnapshot))
    }
    return .success(target)
  }

  private mutating func rollBack() throws(Refusal) {
    let target = try rollbackTarget().get()
    let pops = popsForRollback
    let wantsState = versions[target.version]?.snapshots == true
    if takesSnapshotForRollback, !refusesSnapshots { save("auto") }
    isRunning = false
    let from = version
    let works = works(target)
    let hasState = !wantsState || usable(by: target.version) != nil
    guard works, hasState else {
      state = []
      return did(.rollback, .failed)
    }
    leave(from, for: target.version)
    state = restored(by: target.version)
    isRunning = true
    version = target.version
    parallelism = target.parallelism
    if pops { good.removeLast() }
    did(.rollback, .successful)
  }

  private mutating func takeSnapshot(_ name: String) throws(Refusal) {
    guard isRunning, current?.snapshots == true else { throw .code(.wrongStatus) }
    if snapshots.contains(where: { $0.name == name }) { throw .code(.nameTaken) }
    if refusesSnapshots { return did(.createSnapshot, .failed) }
    save(name)
    did(.createSnapshot, .successful)
  }

  private mutating func deleteSnapshot(_ name: String) throws(Refusal) {
    guard let index = snapshots.lastIndex(where: { $0.name == name }) else {
      throw .code(.notFound)
    }
    snapshots.remove(at: index)
    did(.deleteSnapshot, .successful)
  }
}
