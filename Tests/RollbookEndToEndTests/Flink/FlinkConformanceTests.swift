#if CommandLine && Flink
import Foundation
import Rollbook
import RollbookFlink
import RollbookTesting
import Testing

extension FlinkTests {
  /// The rules that every runtime keeps, on a real cluster.
  @Suite struct ConformanceTests {
    @Test(
      "The Flink runtime keeps the protocol",
      arguments: RuntimeConformance.checks(for: FlinkSubject.self))
    func conforms(_ check: RuntimeConformance.Check) async throws {
      // As many at a time as other tests: each starts jobs.
      try await onStage { _ in try await check.run(on: FlinkSubject.self) }
    }
  }
}

/// The Flink runtime as the conformance suite wants it.
struct FlinkSubject: RuntimeConformanceSubject {
  /// A job that runs and never gets ready would want slots that others need.
  static let programs: Set<RuntimeConformanceProgram> = [.runs, .isRefused, .fails]
  static let takesSnapshots = true

  private let home: Home
  private let cluster: FlinkCluster

  init(home: Home) async throws {
    self.home = home
    cluster = try await FlinkCluster.withoutRestarts()
  }

  func makeRuntime() -> any RuntimeAdapter { FlinkRuntime() }

  func makeCode(_ program: RuntimeConformanceProgram) async throws -> RuntimeConformanceCode {
    var configuration = VersionConfiguration(codeName: "job.jar")
    configuration.clusterAddress = cluster.url
    configuration.submitGraceSeconds = 2
    configuration.arguments = ["--words", home.path]
    let name =
      switch program {
      case .isRefused: "throws-in-main"
      case .fails: "null-pointer"
      case .runs, .isNeverReady: "remembering"
      }
    return RuntimeConformanceCode(
      path: try await FlinkCluster.jar(name), configuration: configuration)
  }

  func work(_ word: String, in generation: Generation) async throws {
    let before = try memory(of: generation)
    try Data("\(word)\n".utf8).write(to: URL(filePath: file(generation, "word")), options: .atomic)
    try await wait(until: "\(word) is remembered") {
      try memory(of: generation) == before + [word]
        && !FileManager.default.fileExists(atPath: file(generation, "word"))
    }
  }

  func memory(of generation: Generation) throws -> [String] {
    let data = FileManager.default.contents(atPath: file(generation, "memory")) ?? Data()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func file(_ generation: Generation, _ kind: String) -> String {
    "\(home.path)/\(generation.token).\(kind)"
  }
}
#endif
