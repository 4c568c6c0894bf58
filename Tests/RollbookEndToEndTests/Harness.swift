#if CommandLine
import Foundation
import Glibc
import Testing

/// Runs a test in a home of its own; ends and removes everything of it afterwards.
///
/// Only a few run at the same time: each starts many processes.
func onStage(_ body: (Stage) async throws -> Void) async throws {
  await Gate.shared.enter()
  let stage: Stage
  do {
    stage = try Stage()
  } catch {
    await Gate.shared.leave()
    throw error
  }
  let result = await Result(catching: { () async throws in try await body(stage) })
  stage.clear()
  await Gate.shared.leave()
  try result.get()
}

extension Result where Failure == any Error {
  fileprivate init(catching body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}

/// Lets so many in at a time, in the order in which they came.
private actor Gate {
  static let shared = Gate(room: 4)

  private var room: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(room: Int) { self.room = room }

  func enter() async {
    if room > 0 {
      room -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func leave() {
    if waiting.isEmpty { room += 1 } else { waiting.removeFirst().resume() }
  }
}

/// A home, the programs that a test deploys, and the commands that it runs.
final class Stage: Sendable {
  /// Holds all that the test makes; every process of the test names it somewhere.
  let folder: String
  var home: String { folder + "/home" }
  var journal: String { home + "/journal.db" }

  /// Where the built executables are: beside this one.
  static let binaries = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().path

  init() throws {
    let name = "rollbook-test-\(UUID().uuidString.lowercased())"
    folder = NSTemporaryDirectory().trimmingSlash + "/" + name
    try FileManager.default.createDirectory(
      atPath: folder + "/commands", withIntermediateDirectories: true)
  }

  // MARK: Commands

  /// Runs a verb to its end.
  func rollbook(
    _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> Run {
    try await background(arguments, environment: environment).end()
  }

  func rollbook(_ arguments: String...) async throws -> Run { try await rollbook(arguments) }

  /// Starts a verb and does not wait for it.
  ///
  /// - Parameter standardOutput: where it writes to instead of what `Run.out` shows.
  func background(
    _ arguments: [String], environment: [String: String] = [:], standardOutput: Int32? = nil
  ) throws -> Command {
    try command(
      [Stage.binaries + "/rollbook"] + arguments, environment: environment,
      standardOutput: standardOutput)
  }

  func background(_ arguments: String...) throws -> Command { try background(arguments) }

  /// Runs any program to its end, in the environment of the verbs.
  func run(_ words: [String], environment: [String: String] = [:]) async throws -> Run {
    try await command(words, environment: environment).end()
  }

  /// Starts any program, in the environment of the verbs, and does not wait for it.
  func start(_ words: [String]) throws -> Command { try command(words, environment: [:]) }

  private func command(
    _ words: [String], environment: [String: String], standardOutput: Int32? = nil
  ) throws -> Command {
    var all = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, "USER": "tester", "LANG": "C",
      "ROLLBOOK_HOME": home,
    ]
    all["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
    all.merge(environment) { $1 }
    return try Command(
      words, environment: all, outputs: folder + "/commands", standardOutput: standardOutput)
  }

  // MARK: Answers

  /// What a read verb answers in JSON.
  func json(
    _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> JSON {
    let run = try await rollbook(arguments + ["--output", "json"])
    return try run.exits(0, sourceLocation: sourceLocation).json()
  }

  /// The status and version that the journal shows: `RUNNING 3`.
  func standing(_ name: String) async throws -> String {
    let detail = try await json("status", name)["ApplicationDetail"]
    return "\(detail["ApplicationStatus"].text) \(detail["ApplicationVersionId"].int)"
  }

  /// The operations, newest first: `UpdateApplication FAILED`.
  func operations(_ name: String) async throws -> [String] {
    try await operationList(name).map { "\($0["Operation"].text) \($0["OperationStatus"].text)" }
  }

  func operationList(_ name: String) async throws -> [JSON] {
    try await json("operations", name)["ApplicationOperationInfoList"].array
  }

  /// The details of the newest operation of a kind.
  func newest(_ kind: String, of name: String) async throws -> JSON {
    let found = try await operationList(name).first { $0["Operation"].text == kind }
    let id = try #require(found?["OperationId"].text)
    return try await json("operation", name, id)["ApplicationOperationInfoDetails"]
  }

  /// The names of the steps of the newest operation of a kind, as far as it is.
  func steps(_ kind: String, of name: String) async throws -> [String] {
    let found = try await operationList(name).first { $0["Operation"].text == kind }
    guard let id = found?["OperationId"].text else { return [] }
    return try await json("operation", name, id)["ApplicationOperationInfoDetails"]["Steps"]
      .array.map { $0["Step"].text }
  }

  // MARK: Files

  func path(_ name: String) -> String { folder + "/" + name }

  /// Writes a program (or any other file) of the test's.
  @discardableResult
  func write(_ text: String, to name: String, mode: Int = 0o755) throws -> String {
    let path = path(name)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    try setMode(mode, of: path)
    return path
  }

  func setMode(_ mode: Int, of path: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
  }

  func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

  /// A file's text; nil where there is none.
  func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Ends every process of the test, and removes its folder.
  func clear() {
    // As long as there are any: one may start another meanwhile.
    for _ in 0..<200 {
      let left = ProcessList.naming(folder)
      if left.isEmpty { break }
      for process in left { kill(process.pid, SIGKILL) }
      usleep(5000)
    }
    try? FileManager.default.removeItem(atPath: folder)
  }
}

/// Waits for a condition that can be seen.
///
/// - Throws: `Overdue` where it does not come true in a time that is long on any machine.
func wait(until what: String, _ condition: () async throws -> Bool) async throws {
  try await wait(for: what) { try await condition() ? () : nil }
}

/// Waits until there is a value.
func wait<Value>(
  for what: String, seconds: Int = 60, _ value: () async throws -> Value?
) async throws -> Value {
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(seconds)
  while true {
    if let value = try await value() { return value }
    if clock.now >= deadline { throw Overdue(what: what) }
    try await Task.sleep(for: .milliseconds(10))
  }
}

struct Overdue: Error {
  let what: String
}

extension String {
  fileprivate var trimmingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
#endif
