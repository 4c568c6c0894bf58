#if CommandLine && Flink
import Foundation
import Glibc

/// A real Flink session cluster, by `scripts/flink`; it goes when the tests' process has gone.
final class FlinkCluster: Sendable {
  let folder: String
  let url: String

  /// The one that most tests share: 16 slots.
  static func shared() async throws -> FlinkCluster {
    try await Shared.cluster(["--taskmanagers", "2", "--slots", "8"])
  }

  /// One whose jobs are not started again by themselves when they fail.
  static func withoutRestarts() async throws -> FlinkCluster {
    try await Shared.cluster(["--slots", "8", "--set", "restart-strategy.type=none"])
  }

  /// The example jobs, compiled.
  static func jar(_ name: String) async throws -> String {
    try await Shared.jobs() + "/\(name).jar"
  }

  private actor Shared {
    static let clusters = Shared()
    private var running: [[String]: Task<FlinkCluster, any Error>] = [:]
    private var jobs: Task<String, any Error>?

    static func cluster(_ options: [String]) async throws -> FlinkCluster {
      try await clusters.task(options).value
    }

    static func jobs() async throws -> String {
      try await clusters.jobsTask().value
    }

    private func task(_ options: [String]) -> Task<FlinkCluster, any Error> {
      if let known = running[options] { return known }
      let task = Task.detached { try await FlinkCluster(options) }
      running[options] = task
      return task
    }

    private func jobsTask() -> Task<String, any Error> {
      if let jobs { return jobs }
      let task = Task.detached {
        let folder = NSTemporaryDirectory() + "rollbook-flink-jobs-\(getpid())"
        try await FlinkCluster.script("flink-jobs", ["1.19.1", folder])
        try await FlinkCluster.afterTheTests("rm -rf '\(folder)'")
        return folder
      }
      jobs = task
      return task
    }
  }

  /// Starts a cluster of a test's own.
  convenience init(version: String? = nil, _ options: [String] = []) async throws {
    try await self.init((version.map { [$0] } ?? []) + options)
  }

  private init(_ options: [String]) async throws {
    folder = NSTemporaryDirectory() + "rollbook-flink-\(UUID().uuidString.lowercased())"
    try await FlinkCluster.afterTheTests(
      "'\(FlinkCluster.root)/scripts/flink' down --folder '\(folder)'")
    url = try await FlinkCluster.script("flink", ["up"] + options + ["--folder", folder])
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func down() async { _ = try? await FlinkCluster.script("flink", ["down", "--folder", folder]) }

  func startJobManager() async throws {
    try await FlinkCluster.script("flink", ["start-jobmanager", "--folder", folder])
  }

  func startTaskManager(_ number: Int = 0) async throws {
    try await FlinkCluster.script(
      "flink", ["start-taskmanager", String(number), "--folder", folder])
  }

  /// Sends a signal to `jobmanager` or `taskmanager-N`.
  func send(_ signal: Int32, to process: String) throws {
    let text = try String(contentsOfFile: "\(folder)/\(process).pid", encoding: .utf8)
    if let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)) {
      kill(pid, signal)
    }
  }

  // MARK: The outside

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  struct ScriptFailed: Error {
    let run: String
  }

  /// Runs one of the project's scripts; the first may take minutes, as it downloads.
  @discardableResult
  private static func script(_ name: String, _ arguments: [String]) async throws -> String {
    let run = try await outside(["\(root)/scripts/\(name)"] + arguments, seconds: 900)
    guard run.status == 0 else { throw ScriptFailed(run: run.described) }
    return run.out
  }

  /// Leaves somebody who cleans up once this process has gone, however it goes.
  private static func afterTheTests(_ command: String) async throws {
    let watch = "while kill -0 \(getpid()) 2> /dev/null; do sleep 1; done; \(command)"
    _ = try await outside(
      ["sh", "-c", "setsid sh -c \"$1\" > /dev/null 2>&1 &", "sh", watch], seconds: 60)
  }

  private static func outside(_ words: [String], seconds: Int) async throws -> Run {
    let folder = NSTemporaryDirectory() + "rollbook-flink-\(UUID().uuidString.lowercased()).out"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let command = try Command(
      words, environment: ProcessInfo.processInfo.environment, outputs: folder)
    return try await command.end(withinSeconds: seconds)
  }
}
#endif
