/// A runtime around another one: what it does not do itself the other one does.
package protocol ForwardingRuntime: RuntimeAdapter {
  var base: any RuntimeAdapter { get }
}

extension ForwardingRuntime {
  package var name: String { base.name }
  package var pollInterval: Double { base.pollInterval }

  package func check(
    _ configuration: VersionConfiguration, codePath: String?
  ) async throws(RollbookError) -> String {
    try await base.check(configuration, codePath: codePath)
  }

  package func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    try await base.deploy(deployment, recordPlace: recordPlace)
  }

  package func observe(_ generation: Generation) async -> Observation {
    await base.observe(generation)
  }

  package func observationLag(of generation: Generation) async -> Double {
    await base.observationLag(of: generation)
  }

  package func unreadiness(of generation: Generation) async -> String? {
    await base.unreadiness(of: generation)
  }

  package func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    try await base.stop(generation, taking: target)
  }

  package func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts {
    try await base.snapshot(generation, into: target)
  }

  package func findSnapshot(
    _ target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    try await base.findSnapshot(target)
  }

  package func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) {
    try await base.verify(snapshot)
  }

  package func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {
    try await base.removeSnapshot(target)
  }

  package func keptGenerations(
    of application: Application
  ) async throws(RuntimeFailure) -> [GenerationToken: Int64] {
    try await base.keptGenerations(of: application)
  }

  package func removeKept(
    _ token: GenerationToken, of application: Application
  ) async throws(RuntimeFailure) {
    try await base.removeKept(token, of: application)
  }

  package func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? {
    await base.log(of: generation, from: offset, limit: limit)
  }
}
