public import Rollbook
internal import Synchronization

/// A runtime in memory whose programs do what a script says, with faults that a test injects.
public final class ScriptedRuntime: RuntimeAdapter {
  /// A call of the protocol, for hooks.
  public enum Call: String, Sendable {
    case deploy, recordPlace, observe, stop, snapshot, findSnapshot, verify, removeSnapshot
  }

  public let name = "scripted"
  public let pollInterval = 0.05
  private let world: Mutex<ScriptedWorld>
  /// Called before and after each call; what it throws is the call's end.
  private let hook: @Sendable (Call, Moment) throws -> Void

  public enum Moment: String, Sendable {
    case before, after
  }

  public init(
    world: ScriptedWorld = ScriptedWorld(),
    hook: @escaping @Sendable (Call, Moment) throws -> Void = { _, _ in }
  ) {
    self.world = Mutex(world)
    self.hook = hook
  }

  /// A copy of what runs and is kept.
  public var currentWorld: ScriptedWorld { world.withLock { $0 } }

  /// Changes what runs and how it behaves.
  public func change(_ body: @Sendable (inout ScriptedWorld) -> Void) {
    world.withLock { body(&$0) }
  }

  /// Lets every living generation of an application do something that its state remembers.
  public func work(_ event: String, in application: ApplicationID) {
    world.withLock { world in
      for token in world.alive(of: application).keys {
        world.generations[token]?.state.append(event)
      }
    }
  }

  // MARK: RuntimeAdapter

  public func check(
    _ configuration: VersionConfiguration, codePath: String?
  ) async throws(RollbookError) -> String { "SCRIPTED-1" }

  public func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    try hook(.deploy, .before)
    let generation = deployment.generation
    let now = try reachable()
    let behaviour = now.behaviour(
      of: generation.application.id, version: generation.version.version,
      parallelism: generation.parallelism)
    if case .isRefused(let why) = behaviour {
      throw RuntimeFailure(.ended, rootCause: why, text: "refused: \(why)")
    }
    if let restore = deployment.restore, now.snapshots[restore.id] == nil {
      throw RuntimeFailure(.ended, rootCause: "the bytes of snapshot \(restore.name) are gone")
    }
    try await recordPlace(["slot": generation.token.rawValue])
    try Task.checkCancellation(or: .ended)
    try hook(.recordPlace, .after)
    if behaviour == .startsLater {
      world.withLock { _ = $0.pending.insert(generation.token) }
      throw RuntimeFailure(.mayStartLater, rootCause: "no answer", text: "no answer")
    }
    world.withLock { world in
      if world.generations[generation.token] != nil { return }
      var new = ScriptedWorld.ScriptedGeneration(
        application: generation.application.id, version: generation.version.version,
        parallelism: generation.parallelism,
        state: deployment.restore.flatMap { world.snapshots[$0.id] } ?? [])
      if case .ends(0, let status, let text) = behaviour {
        new.isAlive = false
        new.ending = Self.ending(status, text)
      }
      world.generations[generation.token] = new
    }
    try hook(.deploy, .after)
  }

  public func observationLag(of generation: Generation) async -> Double {
    world.withLock { $0.observationLag }
  }

  public func observe(_ generation: Generation) async -> Observation {
    // Looking changes nothing: a death here shows in the next call that does.
    try? hook(.observe, .before)
    return world.withLock { world in
      guard world.isReachable else { return .unreachable("the scripted runtime is away") }
      if world.looksByPlace && generation.place == nil { return .absent }
      if world.forgotten.contains(generation.token) { return .missing("it is not known any more") }
      guard var seen = world.generations[generation.token] else { return .absent }
      defer { world.generations[generation.token] = seen }
      guard seen.isAlive else { return .ended(seen.ending ?? Self.ending(143, "stopped")) }
      seen.observations += 1
      switch world.behaviour(
        of: seen.application, version: seen.version, parallelism: seen.parallelism)
      {
      case .runs, .isRefused, .startsLater: return .running(ready: true, incarnation: "1")
      case .ends(let count, let status, let text):
        if seen.observations < count { return .running(ready: true, incarnation: "1") }
        let ending = Self.ending(status, text)
        seen.isAlive = false
        seen.ending = ending
        return .ended(ending)
      case .isNeverReady: return .running(ready: false, incarnation: "1")
      case .waitsForRoom(let count):
        if seen.observations >= count { return .running(ready: true, incarnation: "1") }
        let what = "no room for it"
        return .failing(
          Ending(cause: .noResources, rootCause: what, text: what, evidence: Evidence()))
      case .stumbles(let text): return .failing(Self.ending(1, text))
      case .keepsRestarting:
        return .running(ready: true, incarnation: String(seen.observations))
      }
    }
  }

  public func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    try callHook(.stop, .before)
    if currentWorld.silent.contains(generation.token) { try await Task.neverAnswered() }
    let facts = try world.withLock { (world) throws(RuntimeFailure) -> SnapshotFacts? in
      try world.stop(generation.token, taking: target)
    }
    try callHook(.stop, .after)
    return facts
  }

  public func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts {
    try callHook(.snapshot, .before)
    let facts = try world.withLock { (world) throws(RuntimeFailure) -> SnapshotFacts in
      try world.requireReachable()
      guard let seen = world.generations[generation.token], seen.isAlive else {
        throw RuntimeFailure(.ended, rootCause: "the program does not run")
      }
      if world.refusesSnapshots {
        throw RuntimeFailure(
          .untouched, rootCause: "no snapshot can be had", text: "refused by the script")
      }
      let state = world.snapshots[target.id] ?? seen.state
      world.snapshots[target.id] = state
      return ScriptedWorld.facts(target.id, state)
    }
    try callHook(.snapshot, .after)
    return facts
  }

  public func findSnapshot(
    _ target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    try callHook(.findSnapshot, .before)
    return try world.withLock { (world) throws(RuntimeFailure) -> SnapshotFacts? in
      try world.requireReachable()
      return world.snapshots[target.id].map { ScriptedWorld.facts(target.id, $0) }
    }
  }

  public func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) {
    try callHook(.verify, .before)
    try world.withLock { (world) throws(RuntimeFailure) in
      try world.requireReachable()
      if world.snapshots[snapshot.id] == nil {
        throw RuntimeFailure(
          .ended, rootCause: "the bytes of snapshot \(snapshot.name) are gone",
          text: "nothing is at \(snapshot.outcome?.facts?.location ?? "")")
      }
    }
  }

  public func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {
    try callHook(.removeSnapshot, .before)
    try world.withLock { (world) throws(RuntimeFailure) in
      try world.requireReachable()
      world.snapshots[target.id] = nil
    }
    try callHook(.removeSnapshot, .after)
  }

  public func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? {
    nil
  }

  private func reachable() throws(RuntimeFailure) -> ScriptedWorld {
    try world.withLock { (world) throws(RuntimeFailure) in
      try world.requireReachable()
      return world
    }
  }

  /// A hook's error as one of the runtime: it is gone in the middle of the call.
  private func callHook(_ call: Call, _ moment: Moment) throws(RuntimeFailure) {
    do {
      try hook(call, moment)
    } catch let failure as RuntimeFailure {
      throw failure
    } catch {
      throw RuntimeFailure(.unknown, rootCause: "\(error)", text: "thrown by the test's hook")
    }
  }

  private static func ending(_ status: Int32, _ text: String) -> Ending {
    var evidence = Evidence()
    evidence.exitStatus = status
    return Ending(
      cause: status == 0 ? .finished : .failed, rootCause: text, text: text, evidence: evidence)
  }
}

extension ScriptedWorld {
  fileprivate func requireReachable() throws(RuntimeFailure) {
    if !isReachable {
      throw RuntimeFailure(
        .unreachable, rootCause: "the scripted runtime is away", text: "as the script says")
    }
  }

  fileprivate mutating func stop(
    _ token: GenerationToken, taking target: SnapshotTarget?
  ) throws(RuntimeFailure) -> SnapshotFacts? {
    try requireReachable()
    if pending.contains(token) {
      throw RuntimeFailure(.mayStartLater, rootCause: "no answer", text: "no answer")
    }
    guard let generation = generations[token] else { return nil }
    var facts: SnapshotFacts?
    if let target {
      if refusesSnapshots {
        throw RuntimeFailure(
          .untouched, rootCause: "no snapshot can be had", text: "refused by the script")
      }
      let state = snapshots[target.id] ?? generation.state
      snapshots[target.id] = state
      facts = ScriptedWorld.facts(target.id, state)
    }
    if lingering?.insert(token).inserted == true {
      throw RuntimeFailure(.unknown, rootCause: "it is being stopped")
    }
    generations[token]?.isAlive = false
    return facts
  }

  fileprivate static func facts(_ id: SnapshotID, _ state: [String]) -> SnapshotFacts {
    SnapshotFacts(location: "scripted:\(id)", size: Int64(state.count), digest: nil)
  }
}

extension Task where Success == Never, Failure == Never {
  fileprivate static func checkCancellation(or effect: RuntimeFailure.Effect)
    throws(RuntimeFailure)
  {
    if Task.isCancelled { throw RuntimeFailure(effect, rootCause: "cancelled", text: "cancelled") }
  }

  /// Waits until the task is cancelled.
  fileprivate static func neverAnswered() async throws(RuntimeFailure) {
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
    throw RuntimeFailure(.untouched, rootCause: "cancelled", text: "cancelled")
  }
}
