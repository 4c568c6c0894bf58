import FoundationEssentials
import Glibc
import Rollbook
import RollbookProcess
import Testing

/// A name that nobody has used, in the folder for temporary files.
func newTestFolder() -> String {
  let base = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
  return "\(base)/rollbook-test-\(GenerationToken.random())"
}

/// A home of a test's own; what it started is ended and removed when the test ends.
final class Bench: Sendable {
  let home: Home
  let runtime: ProcessRuntime
  let application: Application

  init(logLimit: Int64 = 1 << 20) throws {
    home = Home(path: newTestFolder())
    try Files.makeFolder(home.path)
    runtime = ProcessRuntime(home: home, logLimit: logLimit)
    application = Application(
      id: ApplicationID(7), name: "shop", runtime: "process", createdAt: .now(), deletedAt: nil)
  }

  deinit {
    for name in folders(home.run + "/7") {
      let folder = GenerationFolder(path: "\(home.run)/7/\(name)")
      let keeper = identity(folder)
      if let keeper, ProcessEntry(keeper.pid)?.startTime == keeper.startTime {
        kill(keeper.pid, SIGKILL)
      }
      while let left = try? ProcessTable.members(of: folder, token: name, keeper: keeper),
        !left.isEmpty
      {
        for process in left { kill(process.pid, SIGKILL) }
        sched_yield()
      }
    }
    try? FileTree.remove(home.path)
  }

  /// A version whose code is a shell script.
  func generation(
    _ script: String, parallelism: Int = 1, mode: mode_t = 0o755,
    configure: (inout VersionConfiguration) -> Void = { _ in }
  ) throws -> Generation {
    let path = "\(home.path)/app.sh"
    try Files.write(Array(script.utf8), to: path)
    _ = unsafe chmod(path, mode)
    var configuration = VersionConfiguration(codeName: "app.sh")
    configuration.environment = ["PATH": "/usr/bin:/bin", "HOME": "/root"]
    configuration.stopGraceSeconds = 5
    configure(&configuration)
    let version = ApplicationVersion(
      application: application.id, version: 3, operation: OperationID(1), createdAt: .now(),
      artifact: try ArtifactStore(home).store(path), runtimeEnvironment: "PROCESS-1",
      configuration: configuration)
    return Generation(
      application: application, token: .random(), version: version, parallelism: parallelism,
      place: nil)
  }

  func deploy(
    _ generation: Generation, restore: Snapshot? = nil, secrets: [String: String] = [:]
  ) async throws {
    let deployment = deployment(generation, restore: restore, secrets: Secrets(secrets))
    try await runtime.deploy(deployment) { _ in }
  }

  func deployment(
    _ generation: Generation, restore: Snapshot? = nil, secrets: Secrets = Secrets()
  ) -> Deployment {
    Deployment(
      generation: generation,
      artifactPath: ArtifactStore(home).path(of: generation.version.artifact), restore: restore,
      allowNonRestoredState: false, secrets: secrets)
  }

  /// A generation that has been deployed.
  func started(
    _ script: String, parallelism: Int = 1, secrets: [String: String] = [:],
    configure: (inout VersionConfiguration) -> Void = { _ in }
  ) async throws -> Generation {
    let generation = try generation(script, parallelism: parallelism, configure: configure)
    try await deploy(generation, secrets: secrets)
    return generation
  }

  func folder(_ generation: Generation) -> GenerationFolder {
    GenerationFolder(home, application.id, generation.token)
  }

  func identity(_ folder: GenerationFolder) -> KeeperIdentity? {
    guard let text = FileLock.read(folder.identity) else { return nil }
    return try? JSONDecoder().decode(KeeperIdentity.self, from: Data(text.utf8))
  }

  func members(_ generation: Generation) throws -> [ProcessEntry] {
    let folder = folder(generation)
    return try ProcessTable.members(
      of: folder, token: generation.token.rawValue, keeper: identity(folder))
  }

  /// The text of a file in the state folder, once it is there and is not empty.
  func state(_ generation: Generation, _ name: String) async throws -> String {
    let path = "\(folder(generation).state)/\(name)"
    try await eventually("\(name) is written") { FileLock.read(path)?.hasSuffix("\n") == true }
    return String((FileLock.read(path) ?? "").dropLast())
  }

  func ending(_ generation: Generation) async throws -> Ending {
    for _ in 0..<12000 {
      if case .ended(let ending) = await runtime.observe(generation) { return ending }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw Overdue(what: "the generation has ended")
  }

  func target(_ id: Int64 = 11, timeoutSeconds: Double = 300) -> SnapshotTarget {
    let version = ApplicationVersion(
      application: application.id, version: 3, operation: OperationID(1), createdAt: .now(),
      artifact: "", runtimeEnvironment: "PROCESS-1",
      configuration: VersionConfiguration(codeName: "app.sh"))
    return SnapshotTarget(
      id: SnapshotID(id), name: "s\(id)", timeoutSeconds: timeoutSeconds,
      generation: Generation(
        application: application, token: .random(), version: version, parallelism: 1, place: nil))
  }

  func snapshot(_ facts: SnapshotFacts, _ id: Int64 = 11) -> Snapshot {
    Snapshot(
      id: SnapshotID(id), application: application.id, name: "s\(id)", operation: OperationID(2),
      version: 3, runtimeEnvironment: "PROCESS-1", generation: .random(), startedAt: .now(),
      outcome: SnapshotOutcome(sequence: 1, endedAt: .now(), facts: facts, failure: nil),
      deletedAt: nil)
  }

  func text(_ facts: SnapshotFacts?, _ name: String) throws -> String? {
    let location = try #require(facts?.location)
    return FileLock.read("\(location)/\(name)")
  }

  /// What stands in the folder of the application's snapshots.
  func snapshotNames() -> [String] { folders(home.snapshots + "/7") }
}

struct Overdue: Error {
  let what: String
}

/// Waits for a condition, for two minutes at least: longer than it takes on any machine.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
  for _ in 0..<12000 {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(10))
  }
  throw Overdue(what: what)
}

/// The names in a folder, ordered.
func folders(_ path: String) -> [String] { (try? Files.names(in: path)) ?? [] }

/// A program that says in its state folder that it runs, and waits to be ended.
let waiter = """
  #!/bin/sh
  echo $$ > "$ROLLBOOK_STATE/pid"
  while :; do sleep 0.05; done
  """
