internal import Synchronization

/// A runtime in whose words no secret's value is found: programs, ready checks and clusters repeat what
/// they were given, and what they say is journalled and shown.
package struct SecretKeepingRuntime: ForwardingRuntime {
  package let base: any RuntimeAdapter
  private let secrets = KnownSecrets()

  package init(_ base: any RuntimeAdapter) { self.base = base }

  package func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    let mask = await secrets.learn(from: deployment)
    do {
      try await base.deploy(deployment, recordPlace: recordPlace)
    } catch let failure as RuntimeFailure {
      throw mask.hide(failure)
    }
  }

  package func observe(_ generation: Generation) async -> Observation {
    let seen = await base.observe(generation)
    if case .running = seen { return seen }
    return await secrets.mask(of: generation).hide(seen)
  }

  package func unreadiness(of generation: Generation) async -> String? {
    guard let said = await base.unreadiness(of: generation) else { return nil }
    return await secrets.mask(of: generation).hide(said)
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

  package func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {
    try await hiding(target.generation) { () async throws(RuntimeFailure) in
      try await base.removeSnapshot(target)
    }
  }

  package func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? {
    guard let part = await base.log(of: generation, from: offset, limit: limit) else { return nil }
    if part.bytes.isEmpty { return part }
    let mask = await secrets.mask(of: generation)
    return mask.isEmpty
      ? part : LogPart(bytes: mask.hide(part: part.bytes), nextOffset: part.nextOffset)
  }

  private func hiding<Value>(
    _ generation: Generation, _ call: () async throws(RuntimeFailure) -> Value
  ) async throws(RuntimeFailure) -> Value {
    do throws(RuntimeFailure) {
      return try await call()
    } catch {
      throw await secrets.mask(of: generation).hide(error)
    }
  }
}

/// What is known of the secrets of generations: what was handed out here, else what their files hold when
/// it is first wanted. A file is read once for each generation: some are looked at many times a second.
private final class KnownSecrets: Sendable {
  private let masks = Mutex<[GenerationToken: SecretMask]>([:])
  private let files = FileWork()
  /// Those of generations that are long gone are forgotten with the others.
  private static let limit = 1000

  /// A generation is about to be given its secrets.
  func learn(from deployment: Deployment) async -> SecretMask {
    let headers = references(deployment.generation.version.configuration.clusterHeaders)
    let mask = SecretMask(Array(deployment.secrets.values.values) + (await values(of: headers)))
    remember(mask, deployment.generation)
    return mask
  }

  func mask(of generation: Generation) async -> SecretMask {
    let configuration = generation.version.configuration
    let references =
      references(configuration.secretProperties) + references(configuration.clusterHeaders)
    if references.isEmpty { return SecretMask([]) }
    if let known = masks.withLock({ $0[generation.token] }) { return known }
    let values = await values(of: references)
    let mask = SecretMask(values)
    // One that cannot be read now may be readable later.
    if values.count == references.count { remember(mask, generation) }
    return mask
  }

  private func references(_ secrets: [String: SecretReference]?) -> [SecretReference] {
    secrets.map { Array($0.values) } ?? []
  }

  private func values(of references: [SecretReference]) async -> [String] {
    if references.isEmpty { return [] }
    let values = try? await offPool(on: files) { () throws(RollbookError) in
      references.compactMap { SecretFile.valueOfFile(at: $0.path) }
    }
    return values ?? []
  }

  private func remember(_ mask: SecretMask, _ generation: Generation) {
    masks.withLock { masks in
      if masks.count >= KnownSecrets.limit { masks.removeAll() }
      masks[generation.token] = mask
    }
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
