#if CommandLine
internal import ArgumentParser
internal import Dispatch
internal import Glibc
internal import Rollbook
internal import Synchronization

/// A journal that is open for writing, an engine on it, and somebody who watches.
final class ChangeSession: Sendable {
  let home: Home
  let engine: Engine
  let requester: Requester
  let control: EngineControl
  private let progress: ProgressPrinter
  private let current: CurrentOperations
  /// Kept as long as signals are to be received.
  private let signals: Mutex<any DispatchSourceRead>

  /// What a session is about to change.
  enum Scope: Sendable {
    case newApplication
    case application(String)
    /// Whatever is in flight or runs.
    case everything
  }

  init(_ options: ChangeOptions, on scope: Scope) throws {
    home = try options.home.home
    let access: Journal.Access = if case .newApplication = scope { .create } else { .readWrite }
    requester = options.requester
    let journal: Journal
    #if DEBUG
    journal = try Journal(
      path: home.journal, access: access, clock: { Timestamp.now() }, probe: DeathProbe.probe)
    #else
    journal = try Journal(path: home.journal, access: access)
    #endif
    for runtime in try scope.runtimes(in: journal) {
      if case .everything = scope {
        // One that is nowhere must not keep the others from being looked after.
        Runtimes.obtain(runtime, in: home)
      } else {
        try Runtimes.require(runtime, in: home)
      }
    }
    engine = try Engine(home: home, journal: journal, runtimes: Runtimes.all(in: home))
    let progress = ProgressPrinter()
    self.progress = progress
    let current = CurrentOperations()
    self.current = current
    control = EngineControl { event in
      current.follow(event)
      progress.show(event)
    }
    let interruption = Interruption(
      engine: engine, control: control, requester: requester, current: current,
      progress: progress)
    signals = Mutex(try SignalPipe.receive { interruption.receive($0) })
  }

  /// The process may end before all others who hold the journal have let it go.
  deinit { engine.journal.close() }

  /// Carries out a change, says what stands, and ends as the operation did.
  func run(_ request: ChangeRequest, on name: String) async throws {
    let report = try await execute(request, on: name)
    try await conclude(report)
  }

  func execute(
    _ request: ChangeRequest, on name: String
  ) async throws(RollbookError) -> OperationReport {
    try await watching(name) { (engine, control) async throws(RollbookError) in
      try await engine.execute(request, on: name, by: requester, control: control)
    }
  }

  /// Does other work of the engine's under the eyes of whoever watches.
  ///
  /// - Parameter name: the one application that it is about; nil where it is about several.
  func watching<Result>(
    _ name: String? = nil,
    _ work: (Engine, EngineControl) async throws(RollbookError) -> Result
  ) async throws(RollbookError) -> Result {
    defer { progress.end() }
    do throws(RollbookError) {
      return try await work(engine, control)
    } catch {
      throw namingWhatStays(error, of: name)
    }
  }

  /// The same error; where the journal failed under an operation, it says what stays in progress.
  private func namingWhatStays(_ error: RollbookError, of name: String?) -> RollbookError {
    let operations = current.left(of: name)
    guard ExitStatus(error.code) == .journal, !operations.isEmpty else { return error }
    return RollbookError(
      error.code, "\(error.message)\nIn progress still: \(operations.titles).", hint: error.hint)
  }

  /// Says what stands after an operation.
  ///
  /// - Throws: the exit status where it is not 0.
  func conclude(_ report: OperationReport) async throws {
    let status = try await say(report)
    if status != .done { throw ExitCode(status.rawValue) }
  }

  /// Says what stands after an operation, and how to go on where that is not plain.
  func say(_ report: OperationReport) async throws(RollbookError) -> ExitStatus {
    let status = ExitStatus(report)
    Standard.tell(Summary.standing(report, snapshot: try await takenSnapshot(report)))
    for line in Summary.causes(report) { Standard.note("  " + line) }
    for line in try await suspects(report) { Standard.note("  " + line) }
    let wayOut = try await engine.journal.read { (reader) throws(RollbookError) in
      try WayOut(of: report.state, reader)
    }
    // A stop that gave a change up leaves what never ran, though it did what was asked.
    let isStop = report.record.operation.kind == .stop
    if let wayOut, status == .failedAndNothingRuns || (isStop && wayOut.goesBack) {
      Standard.note("  way out: \(wayOut.text)")
    }
    return status
  }

  /// The name of the snapshot that an operation was asked to take.
  private func takenSnapshot(_ report: OperationReport) async throws(RollbookError) -> String? {
    let operation = report.record.operation
    guard operation.kind == .createSnapshot else { return nil }
    return try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.steps(of: operation.id).first { $0.name == .snapshotting }?.detail.snapshot
    }
  }

  /// What may still run after its operation was abandoned.
  private func suspects(_ report: OperationReport) async throws(RollbookError) -> [String] {
    guard report.record.operation.parameters.abandon == true else { return [] }
    let id = report.state.application.id
    return try await engine.journal.read { (reader) throws(RollbookError) in
      var lines: [String] = []
      for suspect in try reader.unresolvedSuspects(of: id) {
        let version = try reader.generation(of: suspect)?.version.version
        lines.append(
          "\(SuspectFacts.name(version)) may still run; `rollbook settle` ends it when it can be "
            + "reached")
      }
      return lines
    }
  }
}

extension ChangeSession.Scope {
  /// The runtimes that its applications run on.
  fileprivate func runtimes(in journal: Journal) throws(RollbookError) -> Set<String> {
    try journal.blockingRead { (reader) throws(RollbookError) in
      switch self {
      case .newApplication: return []
      case .application(let name):
        return Set([try reader.livingApplication(named: name)?.runtime].compactMap(\.self))
      case .everything:
        return Set(try reader.applicationsToSettle().map(\.runtime))
      }
    }
  }
}
#endif
