#if CommandLine
#if DEBUG
internal import Rollbook

/// A runtime whose caller can die, or be held, before and after each call that has an effect; in
/// debug builds only.
struct MortalRuntime: ForwardingRuntime {
  let base: any RuntimeAdapter

  func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    await DeathProbe.passOrHold("before deploy")
    try await base.deploy(deployment) { place in
      await DeathProbe.passOrHold("before recordPlace")
      try await recordPlace(place)
      await DeathProbe.passOrHold("after recordPlace")
    }
    await DeathProbe.passOrHold("after deploy")
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
}
#endif
#endif
