import Foundation
import Glibc
import Rollbook
import RollbookTesting
import Synchronization
import Testing

/// Whoever is given a secret may repeat it: nothing of that is kept.
@Suite struct SecretKeepingTests {
  private static let value = "s3cr3t-of-the-shop"

  @Test(
    arguments: [
      .isRefused("main() throws: bad password \(value)"),
      .ends(afterObservations: 0, exitStatus: 1, "bad password \(value)"),
    ] as [ScriptedWorld.Behaviour])
  func `what a runtime says of a secret is neither journalled nor told`(
    _ behaviour: ScriptedWorld.Behaviour
  ) async throws {
    let bench = try Bench()
    let file = bench.temporary.home.path + "/secret"
    try Files.write(Array(Self.value.utf8), to: file)
    let digest = SHA256.hexDigest(of: Array(Self.value.utf8))
    try await bench.create()
    try await bench.start()
    bench.runtime.change { $0.behaviours[2] = behaviour }
    let report = try await bench.update {
      $0.secretProperties["PASSWORD"] = SecretReference(path: file, digest: digest)
    }
    let failure = try #require(report.failure)
    #expect(failure.rootCause.hasSuffix("bad password ***"))
    #expect(report.following.first?.operation.kind == .systemRollback)
    try FileManager.default.removeItem(atPath: file)
    for name in ["journal.db", "journal.db-wal"] {
      guard let bytes = FileManager.default.contents(atPath: "\(bench.temporary.home.path)/\(name)")
      else {
        continue
      }
      #expect(bytes.range(of: Data(Self.value.utf8)) == nil, "\(name)")
    }
  }

  /// Where the file has changed since, or is a pipe that nobody writes to, what was handed out is known.
  @Test(arguments: [true, false]) func `nothing that a runtime says tells a secret`(
    isRotated: Bool
  ) async throws {
    let temporary = try TemporaryHome()
    let file = temporary.home.path + "/secret"
    try Files.write(Array(Self.value.utf8), to: file)
    let generation = Self.generation(file)
    let runtime = SecretKeepingRuntime(TellingRuntime(words: "it says \(Self.value)."))
    if isRotated {
      let deployment = Deployment(
        generation: generation, artifactPath: "", restore: nil, allowNonRestoredState: false,
        secrets: Secrets(["PASSWORD": Self.value]))
      await expectHidden { try await runtime.deploy(deployment) { _ in } }
      try FileManager.default.removeItem(atPath: file)
      #expect(unsafe mkfifo(file, 0o600) == 0)
    }
    let target = SnapshotTarget(
      id: SnapshotID(1), name: "s", timeoutSeconds: 1, generation: generation)
    await expectHidden { _ = try await runtime.stop(generation, taking: nil) }
    await expectHidden { _ = try await runtime.snapshot(generation, into: target) }
    await expectHidden { _ = try await runtime.findSnapshot(target) }
    await expectHidden { try await runtime.removeSnapshot(target) }
    for _ in 0..<TellingRuntime.observations {
      let seen = "\(await runtime.observe(generation))"
      #expect(seen.contains("it says ***.") && !seen.contains(Self.value), "\(seen)")
    }
    #expect(await runtime.unreadiness(of: generation) == "it says ***.")
    let part = try #require(await runtime.log(of: generation, from: 0, limit: 100))
    #expect(String(decoding: part.bytes, as: UTF8.self) == "it says ***.")
    // Where the next part begins is not changed by what is hidden.
    #expect(part.nextOffset == Int64("it says \(Self.value).".utf8.count))
  }

  @Test func `a secret that is a pipe keeps nobody waiting`() async throws {
    let temporary = try TemporaryHome()
    let file = temporary.home.path + "/pipe"
    #expect(unsafe mkfifo(file, 0o600) == 0)
    let runtime = SecretKeepingRuntime(TellingRuntime(words: "gone"))
    #expect(await runtime.unreadiness(of: Self.generation(file)) == "gone")
  }

  private func expectHidden(_ call: () async throws -> Void) async {
    await #expect { try await call() } throws: { error in
      guard let failure = error as? RuntimeFailure else { return false }
      let said = "\(failure)"
      return said.contains("it says ***.") && !said.contains(Self.value)
        && failure.evidence.httpBody == "it says ***."
        && failure.evidence.exceptions == ["it says ***."]
    }
  }

  private static func generation(_ file: String) -> Generation {
    var configuration = VersionConfiguration(codeName: "shop")
    configuration.secretProperties["PASSWORD"] = SecretReference(path: file, digest: "")
    let application = Application(
      id: ApplicationID(1), name: "shop", runtime: "telling", createdAt: .now(), deletedAt: nil)
    let version = ApplicationVersion(
      application: application.id, version: 1, operation: OperationID(1), createdAt: .now(),
      artifact: "", runtimeEnvironment: "", configuration: configuration)
    return Generation(
      application: application, token: .random(), version: version, parallelism: 1, place: nil)
  }
}

/// A runtime that fails at everything, and says the same of each.
private final class TellingRuntime: ForwardingRuntime {
  let base: any RuntimeAdapter = ScriptedRuntime()
  private let words: String
  private let observed = Mutex(0)
  static let observations = 4

  init(words: String) { self.words = words }

  private var evidence: Evidence {
    var evidence = Evidence()
    evidence.httpBody = words
    evidence.exceptions = [words]
    return evidence
  }

  private var failure: RuntimeFailure {
    RuntimeFailure(.unknown, rootCause: words, text: words, evidence: evidence)
  }

  func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws { throw failure }

  /// Everything in turn that it can be seen to be.
  func observe(_ generation: Generation) async -> Observation {
    let ending = Ending(cause: .failed, rootCause: words, text: words, evidence: evidence)
    let all: [Observation] = [
      .failing(ending), .ended(ending), .missing(words), .unreachable(words),
    ]
    return observed.withLock { count in
      count += 1
      return all[(count - 1) % all.count]
    }
  }

  func unreadiness(of generation: Generation) async -> String? { words }

  func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? { throw failure }

  func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts { throw failure }

  func findSnapshot(
    _ target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts? { throw failure }

  func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) { throw failure }

  func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? {
    LogPart(bytes: Array(words.utf8), nextOffset: Int64(words.utf8.count))
  }
}
