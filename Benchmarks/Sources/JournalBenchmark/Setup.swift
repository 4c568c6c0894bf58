internal import CBaseline
internal import Glibc
internal import Rollbook

/// The journals that are measured, in one folder, and how much is measured.
struct Setup {
  /// Each is a home of its own: a folder with a journal.
  enum Place: String, CaseIterable {
    /// Ours, with all operations; read by everybody, written by us.
    case big
    /// Ours, with a tenth of them.
    case small
    /// Ours, with the applications and no operation.
    case empty
    /// Copies of `big`, written by C and by the peers.
    case c, grdb, python
    /// As many operations in the plain layout.
    case plain
    /// The engine's own.
    case engine
    /// The recorder's own.
    case events
  }

  let folder: String
  let operations: Int
  let isQuick: Bool
  var rounds: Int { 5 }
  var smallOperations: Int { operations / 10 }

  /// Where other things are, as the script names them.
  private let places: [String: String]

  /// The last ones have an operation in progress.
  static let inProgress = 50

  /// Fewer where there would not be twenty operations of each.
  func applications(_ place: Place) -> Int { isQuick && place == .small ? 1_000 : 10_000 }

  /// The ordinary applications: neither the busy one nor those with an operation in progress.
  func ordinary(_ place: Place) -> ClosedRange<Int64> {
    Int64(baseline_busy) + 1...Int64(applications(place) - Setup.inProgress)
  }

  /// - Parameter arguments: each `NAME=VALUE`; `folder` and `operations` among them.
  init(_ arguments: some Sequence<String>) throws {
    var places: [String: String] = [:]
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1).map { String($0) }
      if parts.count == 2 { places[parts[0]] = parts[1] }
    }
    guard let folder = places["folder"], let count = places["operations"],
      let operations = Int(count)
    else { throw BenchmarkFailure(description: "folder= and operations= are needed") }
    self.folder = folder
    self.operations = operations
    self.places = places
    isQuick = operations <= 1_000_000
  }

  subscript(place: String) -> String? { places[place] }

  func required(_ place: String) throws -> String {
    guard let path = places[place] else {
      throw BenchmarkFailure(description: "\(place)= is needed")
    }
    return path
  }

  func home(_ place: Place) -> String { "\(folder)/\(place.rawValue)" }
  func journal(_ place: Place) -> String { home(place) + "/journal.db" }

  func open(_ place: Place) throws -> Journal {
    try Journal(path: journal(place), access: .readWrite)
  }

  func baseline(_ place: Place, for use: baseline_use) throws -> Baseline {
    try Baseline(path: journal(place), for: use)
  }

  // MARK: Filling

  /// Rollbook makes the journal, C fills it.
  func fill(_ place: Place, operations: Int) throws {
    try Journal(path: journal(place), access: .create).close()
    try baseline(place, for: baseline_writes).fill(
      applications: applications(place), operations: operations)
    if operations > 0 { try leaveInProgress(place) }
  }

  func fillPlain() throws {
    guard unsafe mkdir(home(.plain), 0o700) == 0 else {
      throw BenchmarkFailure(description: "\(home(.plain)) cannot be made")
    }
    try Baseline(plain: journal(.plain), migrations: required("migrations")).fill(
      applications: applications(.plain), operations: operations)
  }

  /// Updates whose holder died while it deployed: of each of the last applications one.
  private func leaveInProgress(_ place: Place) throws {
    let journal = try open(place)
    let interrupted = try journal.applications().suffix(Setup.inProgress)
    _ = try journal.blockingWrite { (writer) throws(RollbookError) -> Int in
      for application in interrupted { try writer.leaveInProgress(application) }
      return interrupted.count
    }
    try baseline(place, for: baseline_writes).setRunning()
    journal.close()
  }
}

extension Journal {
  /// In the order of their numbers, which is that of their names.
  func applications() throws -> [Application] {
    try blockingRead { (reader) throws(RollbookError) in
      try reader.applications(limit: 10_000)
    }
  }
}

extension JournalWriter {
  fileprivate borrowing func leaveInProgress(
    _ application: Application
  ) throws(RollbookError) {
    let state = try reader.state(of: application)
    guard let standing = state.settled else { return }
    try insertVersion(standing.version, of: application, by: state.newest.id)
    var draft = OperationDraft(
      application: application.id, kind: .update, actor: Caller.actor, reason: "ticket OPS-4711")
    draft.versionFrom = standing.version
    draft.versionTo = standing.version + 1
    draft.parallelismFrom = standing.parallelism
    let operation = try begin(draft)
    try insertVersion(standing.version + 1, of: application, by: operation.id)
    try addStep(.stopping, to: operation.id)
    try addStep(.stopped, to: operation.id)
    try addStep(.deploying, Caller.detail(operation.id), to: operation.id)
  }

  private borrowing func insertVersion(
    _ number: Int64, of application: Application, by operation: OperationID
  ) throws(RollbookError) {
    var configuration = VersionConfiguration(codeName: "shop")
    configuration.arguments = ["--port", "8080"]
    configuration.properties = ["region": "eu-central-1", "level": "info"]
    configuration.readyCheck = "test -e ready"
    configuration.environment = ["PATH": "/usr/bin:/bin", "HOME": "/home/shop", "LANG": "C.UTF-8"]
    try insert(
      ApplicationVersion(
        application: application.id, version: number, operation: operation,
        createdAt: Timestamp.now(), artifact: String(repeating: "0a", count: 32),
        runtimeEnvironment: "PROCESS-1", configuration: configuration))
  }
}

/// Output is seen as it is printed, whatever it is printed to.
func flush() { fflush(nil) }
