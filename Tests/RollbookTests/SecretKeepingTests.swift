import Foundation
import Rollbook
import RollbookTesting
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
}
