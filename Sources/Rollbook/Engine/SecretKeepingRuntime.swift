internal import Dispatch

/// A runtime in whose words no secret's value is found: programs, ready checks and clusters repeat what
/// they were given, and what they say is journalled and shown.
///
/// A value is known while its file holds it, and to the deployment that is given it.
package struct SecretKeepingRuntime: RuntimeAdapter {
  private let base: any RuntimeAdapter

  package init(_ base: any RuntimeAdapter) { self.base = base }

  package var name: String { base.name }
  package var pollInterval: Double { base.pollInterval }

  package func check(
    _ configuration: VersionConfiguration, codePath: String?
  ) async throws(RollbookError) -> String {
    try await base.check(configuration, codePath: codePath)
  }

  package func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    do {
      try await base.deploy(deployment, recordPlace: recordPlace)
    } catch let failure as RuntimeFailure {
      throw SecretMask(deployment.secrets.values.values).hide(failure)
    }
  }

  package func observe(_ generation: Generation) async -> Observation {
    let seen = await base.observe(generation)
    if case .running = seen { return seen }
    return await mask(of: generation).hide(seen)
  }

  package func observationLag(of generation: Generation) async -> Double {
    await base.observationLag(of: generation)
  }

  package func unreadiness(of generation: Generation) async -> String? {
    guard let said = await base.unreadiness(of: generation) else { return nil }
    return await mask(of: generation).hide(said)
  }

  package func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    try await hiding(generation) { () async throws(RuntimeFailure) in
      try await base.stop(generation, taking: target)
    }
  }

  package func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts {
    try await hiding(generation) { () async throws(RuntimeFailure) in
      try await base.snapshot(generation, into: target)
    }
  }

  package func findSnapshot(
    _ target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    try await hiding(target.generation) { () async throws(RuntimeFailure) in
      try await base.findSnapshot(target)
    }
  }

  package func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) {
    try await base.verify(snapshot)
  }

  package func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {
    try await hiding(target.generation) { () async throws(RuntimeFailure) in
      try await base.removeSnapshot(target)
    }
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
    guard let part = await base.log(of: generation, from: offset, limit: limit) else { return nil }
    if part.bytes.isEmpty { return part }
    let mask = await mask(of: generation)
    return mask.isEmpty
      ? part : LogPart(bytes: mask.hide(part: part.bytes), nextOffset: part.nextOffset)
  }

  // MARK: What is hidden

  private func hiding<Value>(
    _ generation: Generation, _ call: () async throws(RuntimeFailure) -> Value
  ) async throws(RuntimeFailure) -> Value {
    do throws(RuntimeFailure) {
      return try await call()
    } catch {
      throw await mask(of: generation).hide(error)
    }
  }

  private static let files = DispatchQueue(label: "rollbook.secrets")

  /// Only where something was said: files are read.
  private func mask(of generation: Generation) async -> SecretMask {
    let configuration = generation.version.configuration
    let secrets =
      Array(configuration.secretProperties.values) + (configuration.clusterHeaders ?? [:]).values
    if secrets.isEmpty { return SecretMask([]) }
    let values = try? await offPool(on: Self.files) { () throws(RollbookError) in
      secrets.compactMap { try? SecretFile.value(at: $0.path) }
    }
    return SecretMask(values ?? [])
  }
}

extension SecretMask {
  fileprivate func hide(_ failure: RuntimeFailure) -> RuntimeFailure {
    if isEmpty { return failure }
    return RuntimeFailure(
      failure.effect, rootCause: hide(failure.rootCause), text: hide(failure.text),
      evidence: hide(failure.evidence))
  }

  fileprivate func hide(_ observation: Observation) -> Observation {
    if isEmpty { return observation }
    return switch observation {
    case .running, .absent: observation
    case .failing(let ending): .failing(hide(ending))
    case .ended(let ending): .ended(hide(ending))
    case .missing(let why): .missing(hide(why))
    case .unreachable(let why): .unreachable(hide(why))
    }
  }

  private func hide(_ ending: Ending) -> Ending {
    Ending(
      cause: ending.cause, rootCause: hide(ending.rootCause), text: hide(ending.text),
      evidence: hide(ending.evidence))
  }

  private func hide(_ evidence: Evidence) -> Evidence {
    var hidden = evidence
    hidden.httpBody = evidence.httpBody.map(hide)
    hidden.exceptions = evidence.exceptions?.map(hide)
    return hidden
  }
}
