import Rollbook
import RollbookTesting

/// A scripted runtime that breaks one rule of the protocol.
struct BrokenRuntime: RuntimeAdapter {
  enum Fault: CaseIterable {
    case recordsNoPlace, recordsPlaceTwice, runsBeforeItsPlace, hidesLostPlaces, neverStops
    case seesNothing, forgetsEnds, isAlwaysReady, answersOtherFacts, keepsRemoved, verifiesAnything
    case restoresNothing, stopsForSnapshots
  }

  let runtime: ScriptedRuntime
  let fault: Fault
  var name: String { runtime.name }
  var pollInterval: Double { 0.001 }

  func check(
    _ configuration: VersionConfiguration, codePath: String?
  ) async throws(RollbookError) -> String {
    try await runtime.check(configuration, codePath: codePath)
  }

  func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    switch fault {
    case .recordsNoPlace: try await runtime.deploy(deployment) { _ in }
    case .recordsPlaceTwice:
      try await runtime.deploy(deployment) { place in
        try await recordPlace(place)
        try await recordPlace(place)
      }
    case .runsBeforeItsPlace:
      try await runtime.deploy(deployment) { _ in }
      try await recordPlace([:])
    case .hidesLostPlaces:
      try await runtime.deploy(deployment) { try? await recordPlace($0) }
    case .restoresNothing:
      let bare = Deployment(
        generation: deployment.generation, artifactPath: deployment.artifactPath, restore: nil,
        allowNonRestoredState: true, secrets: deployment.secrets)
      try await runtime.deploy(bare, recordPlace: recordPlace)
    default: try await runtime.deploy(deployment, recordPlace: recordPlace)
    }
  }

  func observe(_ generation: Generation) async -> Observation {
    let seen = await runtime.observe(generation)
    switch (fault, seen) {
    case (.seesNothing, _): return .absent
    case (.forgetsEnds, .ended): return .absent
    case (.isAlwaysReady, .running(ready: false, let incarnation)):
      return .running(ready: true, incarnation: incarnation)
    default: return seen
    }
  }

  func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    if fault == .neverStops && target == nil { return nil }
    let facts = try await runtime.stop(generation, taking: target)
    guard fault == .answersOtherFacts, let facts else { return facts }
    return SnapshotFacts(location: "\(GenerationToken.random())", size: facts.size)
  }

  func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts {
    let facts = try await runtime.snapshot(generation, into: target)
    if fault == .stopsForSnapshots { _ = try await runtime.stop(generation, taking: nil) }
    return facts
  }

  func findSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) -> SnapshotFacts? {
    try await runtime.findSnapshot(target)
  }

  func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) {
    if fault != .verifiesAnything { try await runtime.verify(snapshot) }
  }

  func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {
    if fault != .keepsRemoved { try await runtime.removeSnapshot(target) }
  }

  func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? { nil }
}

/// A broken runtime as the conformance suite wants it.
struct BrokenSubject: RuntimeConformanceSubject {
  static let programs = ScriptedSubject.programs
  static let takesSnapshots = true

  private let subject: ScriptedSubject
  private let fault: BrokenRuntime.Fault

  init(home: Home) { self.init(home: home, .seesNothing) }

  init(home: Home, _ fault: BrokenRuntime.Fault) {
    subject = ScriptedSubject(home: home)
    self.fault = fault
  }

  func makeRuntime() -> any RuntimeAdapter {
    BrokenRuntime(runtime: subject.runtime, fault: fault)
  }

  func makeCode(_ program: RuntimeConformanceProgram) throws -> RuntimeConformanceCode {
    try subject.makeCode(program)
  }

  func work(_ word: String, in generation: Generation) { subject.work(word, in: generation) }

  func memory(of generation: Generation) -> [String] { subject.memory(of: generation) }
}
