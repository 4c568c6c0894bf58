#if CommandLine
#if DEBUG
internal import Rollbook

/// A runtime whose caller can die, or be held, before and after each call that has an effect; in
/// debug builds only.
struct MortalRuntime: RuntimeAdapter {
  let base: any RuntimeAdapter

  var name: String { base.name }
  var pollInterval: Double { base.pollInterval }

  func check(
    _ configuration: VersionConfiguration, codePath: String?
  ) async throws(RollbookError) -> String {
    try await base.check(configuration, codePath: codePath)
  }

  func deploy(
    _ deployment: Deployment, recordPlace: @Sendable (Place) async throws -> Void
  ) async throws {
    await DeathProbe.passOrHold("before deploy")
    try await base.deploy(deployment) { place in
      await DeathProbe.passOrHold("before recordPlace")
      try await recordPlace(place)
      await DeathProbe.passOrHold("after recordPlace")
    }
    await DeathProbe.passOrHold("after deploy")
  }

  func observe(_ generation: Generation) async -> Observation { await base.observe(generation) }

  func unreadiness(of generation: Generation) async -> String? {
    await base.unreadiness(of: generation)
  }

  func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    await DeathProbe.passOrHold("before stop")
    let facts = try await base.stop(generation, taking: target)
    await DeathProbe.passOrHold("after stop")
    return facts
  }

  func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts {
    await DeathProbe.passOrHold("before snapshot")
    let facts = try await base.snapshot(generation, into: target)
    await DeathProbe.passOrHold("after snapshot")
    return facts
  }

  func findSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) -> SnapshotFacts? {
    try await base.findSnapshot(target)
  }

  func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) { try await base.verify(snapshot) }

  func keptGenerations(
    of application: Application
  ) async throws(RuntimeFailure) -> [GenerationToken: Int64] {
    try await base.keptGenerations(of: application)
  }

  func removeKept(
    _ token: GenerationToken, of application: Application
  ) async throws(RuntimeFailure) {
    await DeathProbe.passOrHold("before removeKept")
    try await base.removeKept(token, of: application)
    await DeathProbe.passOrHold("after removeKept")
  }

  func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {
    await DeathProbe.passOrHold("before removeSnapshot")
    try await base.removeSnapshot(target)
    await DeathProbe.passOrHold("after removeSnapshot")
  }

  func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? {
    await base.log(of: generation, from: offset, limit: limit)
  }
}
#endif
#endif
