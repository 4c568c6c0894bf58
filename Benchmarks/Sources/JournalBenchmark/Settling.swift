internal import CBaseline
internal import Rollbook
internal import Synchronization

/// A runtime that answers nobody before it has been asked about every application.
private final class GateRuntime: RuntimeAdapter {
  let name = "process"
  let pollInterval = 0.5

  private struct State {
    var asked: Set<ApplicationID> = []
    var waiting: [CheckedContinuation<Void, Never>] = []
    var firstAskedAt: ContinuousClock.Instant?
    var openedAt: ContinuousClock.Instant?
  }

  private let expected: Int
  private let state = Mutex(State())

  init(expecting expected: Int) { self.expected = expected }

  /// When it was asked for the first time.
  var firstAskedAt: ContinuousClock.Instant? { state.withLock { $0.firstAskedAt } }

  /// When the last application was asked about.
  var openedAt: ContinuousClock.Instant? { state.withLock { $0.openedAt } }

  func observe(_ generation: Generation) async -> Observation {
    await withCheckedContinuation { continuation in
      let ready = state.withLock { state in
        if state.firstAskedAt == nil { state.firstAskedAt = .now }
        state.asked.insert(generation.application.id)
        state.waiting.append(continuation)
        if state.asked.count < expected { return [CheckedContinuation<Void, Never>]() }
        if state.openedAt == nil { state.openedAt = .now }
        defer { state.waiting = [] }
        return state.waiting
      }
      for waiting in ready { waiting.resume() }
    }
    return .unreachable("only the time until it was asked is of interest")
  }

  func check(
    _ configuration: VersionConfiguration, codePath: String?
  ) async throws(RollbookError) -> String { "PROCESS-1" }

  func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    throw away
  }

  func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? { throw away }

  func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts { throw away }

  func findSnapshot(
    _ target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts? { throw away }

  func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) { throw away }

  func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) { throw away }

  func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? { nil }

  private var away: RuntimeFailure { RuntimeFailure(.unreachable, rootCause: "it is away") }
}

/// Settling at start, as the server does it, where 50 applications have an operation in progress whose
/// holder has died: the time before a runtime is asked, and until it has been asked about each of them.
struct Settling {
  let setup: Setup
  let journal: Journal

  func run() async throws {
    let baseline = try setup.baseline(.big, for: baseline_reads)
    var found = Comparison(ours: [], baseline: [])
    var all = Comparison(ours: [], baseline: [])
    // The first time it is recorded that nobody could be asked; after that nothing changes.
    _ = try await settle()
    for _ in 0..<setup.rounds {
      var times: (ours: [Double], all: [Double], baseline: [Double]) = ([], [], [])
      for _ in 0..<10 {
        let reading = try ContinuousClock().measure {
          // Of each: operation, application, newest record and the outcome before it, what runs, two
          // versions, five steps; and all that runs once more.
          if try baseline.readToSettle() < Setup.inProgress * 12 {
            throw BenchmarkFailure(description: "rows to settle are not there")
          }
        }
        times.baseline.append(reading / .microseconds(1))
        let ours = try await settle()
        times.ours.append(ours.first)
        times.all.append(ours.all)
      }
      found.ours.append(median(times.ours))
      all.ours.append(median(times.all))
      found.baseline.append(median(times.baseline))
      all.baseline.append(median(times.baseline))
    }
    Report.goal(
      "settling at start, 50 in progress, until a runtime is asked about all, against C", all,
      .atMost(3), unit: "µs")
    Report.tell(
      "  until it is asked for the first time",
      "\(found.ratio.rounded(2)) of C, \(median(found.ours).rounded(0)) µs")
  }

  /// Settles once; answers the microseconds until the runtime was asked about the first and the last
  /// application.
  private func settle() async throws -> (first: Double, all: Double) {
    let runtime = GateRuntime(expecting: Setup.inProgress)
    let engine = try Engine(
      home: Home(path: setup.home(.big)), journal: journal, runtimes: [runtime])
    let start = ContinuousClock.now
    let applications = try await engine.applicationsToSettle()
    guard applications.count == Setup.inProgress else {
      throw BenchmarkFailure(description: "\(applications.count) applications to settle")
    }
    let answers = try await withThrowingTaskGroup(of: Int.self) { group in
      for application in applications {
        group.addTask { try await engine.settle(application).count }
      }
      return try await group.reduce(0, +)
    }
    guard answers == Setup.inProgress, let first = runtime.firstAskedAt, let last = runtime.openedAt
    else {
      throw BenchmarkFailure(description: "\(answers) answers, and not every one was asked about")
    }
    return ((first - start) / .microseconds(1), (last - start) / .microseconds(1))
  }
}
