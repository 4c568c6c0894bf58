import Foundation
import Rollbook
import RollbookSQLite
import RollbookTesting

/// Where tests make their files: in memory where the system has such a place; another folder where
/// `ROLLBOOK_TEST_MEMORY` names it.
let folderInMemory =
  ProcessInfo.processInfo.environment["ROLLBOOK_TEST_MEMORY"]
  ?? (FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp")

/// A home of its own in memory, removed when the test is over.
final class TemporaryHome: Sendable {
  let home: Home

  init() throws {
    home = Home(path: "\(folderInMemory)/rollbook-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      atPath: home.path, withIntermediateDirectories: true)
  }

  /// A copy of another home, whatever is done to it meanwhile.
  ///
  /// The journal by way of SQLite: who closes it, or writes, may bring its two files up to date while
  /// they are copied one after the other.
  init(copying other: Home) throws {
    let base = other.path.split(separator: "/").dropLast().joined(separator: "/")
    home = Home(path: "/\(base)/rollbook-\(UUID().uuidString)")
    let files = FileManager.default
    try files.createDirectory(atPath: home.path, withIntermediateDirectories: true)
    let journal = Files.name(of: other.journal)
    for name in try files.contentsOfDirectory(atPath: other.path) where !name.hasPrefix(journal) {
      try files.copyItem(atPath: "\(other.path)/\(name)", toPath: "\(home.path)/\(name)")
    }
    guard files.fileExists(atPath: other.journal) else { return }
    try Connection(path: other.journal, mode: .readOnly).execute("VACUUM INTO '\(home.journal)'")
    try Connection(path: home.journal, mode: .readWrite).execute("PRAGMA journal_mode = WAL")
  }

  deinit { try? FileManager.default.removeItem(atPath: home.path) }

  /// A file that can be given as code.
  func code(_ text: String = "#!/bin/sh\n") throws -> String {
    let path = home.path + "/code-\(text.hashValue)"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }
}

/// An engine on a scripted runtime.
struct Bench {
  let temporary: TemporaryHome
  let engine: Engine
  let runtime: ScriptedRuntime
  let requester = Requester(actor: "ada@example", reason: "a test")

  init(
    _ temporary: TemporaryHome, world: ScriptedWorld = ScriptedWorld(), probe: JournalProbe? = nil,
    hook: @escaping @Sendable (ScriptedRuntime.Call, ScriptedRuntime.Moment) throws -> Void = {
      _, _ in
    }
  ) throws {
    self.temporary = temporary
    runtime = ScriptedRuntime(world: world, hook: hook)
    let journal = try Journal(
      path: temporary.home.journal, access: .create, clock: { .now() }, probe: probe)
    engine = try Engine(
      home: temporary.home, journal: journal, runtimes: [runtime], clock: ManualClock())
  }

  init() throws { try self.init(TemporaryHome()) }

  @discardableResult
  func create(
    _ name: String = "shop", parallelism: Int = 1, rollback: Bool = true, snapshots: Bool = true,
    bake: Double = 0, cluster: String? = nil
  ) async throws -> Application {
    var configuration = VersionConfiguration(codeName: "shop")
    configuration.rollbackEnabled = rollback
    configuration.snapshotsEnabled = snapshots
    configuration.bakeSeconds = bake
    configuration.clusterAddress = cluster
    _ = try await engine.create(
      CreateRequest(
        name: name, runtime: "scripted", codePath: try temporary.code(),
        configuration: configuration, parallelism: parallelism), by: requester)
    return try await engine.application(named: name)
  }

  @discardableResult
  func run(_ request: ChangeRequest, on name: String = "shop") async throws -> OperationReport {
    try await engine.execute(request, on: name, by: requester)
  }

  @discardableResult
  func start() async throws -> OperationReport {
    try await run(.start(restore: nil, allowNonRestoredState: false))
  }

  /// An update that changes the description only.
  @discardableResult
  func update(
    _ change: @escaping @Sendable (inout VersionConfiguration) -> Void = { _ in }
  ) async throws -> OperationReport {
    try await run(.update(Bench.updateRequest(change)))
  }

  static func updateRequest(
    _ change: @escaping @Sendable (inout VersionConfiguration) -> Void = { _ in }
  ) -> UpdateRequest {
    UpdateRequest { configuration throws(RollbookError) in
      var changed = configuration
      changed.description += "+"
      change(&changed)
      return changed
    }
  }

  func state(_ name: String = "shop") async throws -> ApplicationState {
    try await engine.state(of: engine.application(named: name))
  }
}

extension Bench {
  /// The columns of a table or view.
  func columns(of table: String) throws -> [String] {
    let connection = try Connection(path: engine.journal.path, mode: .readOnly)
    let rows = try connection.prepare("SELECT name FROM pragma_table_info('\(table)')")
    var names: [String] = []
    while try rows.step() { names.append(rows.string(0)) }
    return names
  }
}
