internal import Rollbook

/// A caller's view of an application: what its newest operation left behind.
struct Caller: Sendable {
  let application: Application
  var standing: StandingState

  /// An operation that is about to begin: a scaling to a parallelism, an update to the next version,
  /// or one of another frequent kind, which changes neither.
  func draft(_ kind: OperationKind, _ parallelism: Int) -> OperationDraft {
    var draft = OperationDraft(application: application.id, kind: kind, actor: Caller.actor)
    draft.versionFrom = standing.version
    draft.parallelismFrom = standing.parallelism
    if kind == .update { draft.versionTo = standing.version + 1 }
    if kind == .scale { draft.parallelismTo = parallelism }
    return draft
  }

  /// What it leaves, but for the good state that it may push.
  func standing(after draft: OperationDraft) -> StandingState {
    var standing = standing
    standing.status = .running
    standing.version = draft.versionTo ?? standing.version
    standing.parallelism = draft.parallelismTo ?? standing.parallelism
    return standing
  }

  /// Ends an operation in the caller's transaction; answers what it leaves behind.
  static func finish(
    _ operation: Operation, leaving standing: StandingState, _ writer: borrowing JournalWriter
  ) throws(RollbookError) -> StandingState {
    var standing = standing
    var outcome = OutcomeDraft(status: .successful, standing: standing)
    if [.start, .update, .scale].contains(operation.kind) {
      var top: GoodState?
      if let id = standing.goodState { top = try writer.reader.goodState(id) }
      outcome.pushesGoodState = RollbackPlanning.pushes(
        version: standing.version, parallelism: standing.parallelism, top: top)
    }
    try writer.end(operation, outcome)
    if outcome.pushesGoodState { standing.goodState = operation.id }
    return standing
  }

  static let actor = "deploy@build-07"

  /// What the step of a deployment tells.
  static func detail(_ operation: OperationID) -> StepDetail {
    var detail = StepDetail()
    let digits = String(operation.rawValue, radix: 16)
    detail.generation = GenerationToken(
      rawValue: String(repeating: "0", count: 32 - digits.count) + digits)
    detail.parallelism = 4
    detail.version = 7
    return detail
  }
}

extension Journal {
  /// A caller for each of these applications.
  func callers(_ applications: ClosedRange<Int64>) throws -> [Caller] {
    let all = try self.applications().filter { applications.contains($0.id.rawValue) }
    return try blockingRead { (reader) throws(RollbookError) in
      var callers: [Caller] = []
      for application in all {
        let state = try? reader.state(of: application)
        let standing = state?.settled ?? StandingState(status: .ready, version: 1, parallelism: 1)
        callers.append(Caller(application: application, standing: standing))
      }
      return callers
    }
  }
}

/// What callers that write at the same time reached.
struct Rate {
  var perSecond: Double
  var microseconds: [Double] = []
}

/// Runs callers at the same time until the time is up: each again and again.
///
/// - Parameters:
///   - end: what belongs to the work and is done once, the checkpoint.
///   - work: one caller's n-th call.
func rate<State: Sendable>(
  _ states: [State], seconds: Double, end: () throws -> Void,
  _ work: @escaping @Sendable (inout State, Int) async throws -> Void
) async throws -> Rate {
  let clock = ContinuousClock()
  let start = clock.now
  let deadline = start + .seconds(seconds)
  let times = try await withThrowingTaskGroup(of: [Double].self) { group in
    for state in states {
      group.addTask {
        var state = state
        var times: [Double] = []
        var last = clock.now
        while last < deadline {
          try await work(&state, times.count)
          let now = clock.now
          times.append((now - last) / .microseconds(1))
          last = now
        }
        return times
      }
    }
    return try await group.reduce(into: []) { $0 += $1 }
  }
  try end()
  return Rate(
    perSecond: Double(times.count) / ((clock.now - start) / .seconds(1)), microseconds: times)
}

/// The rate of one thread that does `count` things at a time, and how long each time took.
func rate(
  of count: Int, seconds: Double, end: () throws -> Void, _ work: (Int) throws -> Void
) throws -> Rate {
  let clock = ContinuousClock()
  let start = clock.now
  let deadline = start + .seconds(seconds)
  var times: [Double] = []
  var last = start
  while last < deadline {
    try work(times.count)
    let now = clock.now
    times.append((now - last) / .microseconds(1))
    last = now
  }
  try end()
  return Rate(
    perSecond: Double(times.count * count) / ((clock.now - start) / .seconds(1)),
    microseconds: times)
}
