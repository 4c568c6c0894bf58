internal import Rollbook

/// Many tasks of one process that write to one journal, all at the same time.
///
/// All processes open the journal at the same time, and the first makes it.
///
/// Every turn of a task is a scaling of an application of its own, in three writes, and one more of a
/// counter that the tasks of all processes raise: each looks and raises it in one transaction. In its
/// last turn a task also wants an application that somebody else may hold, and comes back until it is
/// free.
struct Crowd: Sendable {
  /// The applications for which tasks of all processes fight, by their names.
  static let counters = (0..<16).map { "counter-\($0)" }
  static let held = (0..<64).map { "held-\($0)" }

  private let journal: Journal
  let process: Int
  let tasks: Int
  let turns: Int
  private let measure: Measure

  init(path: String, process: Int, tasks: Int, turns: Int) throws(RollbookError) {
    journal = try Journal(path: path, access: .create)
    self.process = process
    self.tasks = tasks
    self.turns = turns
    measure = Measure(early: tasks * turns)
  }

  /// Makes an application of each task's own, and those for which all fight: whoever comes first.
  func prepare() async throws {
    for name in Crowd.counters + Crowd.held {
      try await journal.write { (writer) throws(RollbookError) in
        if try writer.reader.livingApplication(named: name) == nil {
          try Crowd.create(name, writer)
        }
      }
    }
    try await everyTask { task in
      try await journal.write { (writer) throws(RollbookError) in
        try Crowd.create(own(task), writer)
      }
    }
  }

  /// Writes everything.
  ///
  /// - Returns: what it took.
  func write() async throws -> String {
    measure.begin()
    try await everyTask { task in
      let mine = try await find(own(task))
      for turn in 1...turns {
        let reason = "\(process)/\(task)/\(turn)"
        try await scale(mine, to: turn + 1, reason)
        try await raise(Crowd.counters[(task + turn) % Crowd.counters.count], reason)
      }
      try await scaleWhenFree(Crowd.held[task % Crowd.held.count], "\(process)/\(task)/held")
    }
    return measure.summary()
  }

  func close() { journal.close() }

  private func own(_ task: Int) -> String { "own-\(process)-\(task)" }

  private func everyTask(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<tasks { group.addTask { @concurrent in try await body(task) } }
      try await group.waitForAll()
    }
  }

  private func find(_ name: String) async throws -> Application {
    try await journal.read { (reader) throws(RollbookError) in
      try Crowd.find(name, reader)
    }
  }

  // MARK: Operations

  /// A whole operation on an application that nobody else wants, read back.
  private func scale(_ application: Application, to parallelism: Int, _ reason: String) async throws
  {
    let operation = try await timed { (writer) throws(RollbookError) in
      let before = try Crowd.settled(application, writer.reader)
      return try Crowd.begin(application, before, reason, writer)
    }
    try await timed { (writer) throws(RollbookError) in
      try writer.addStep(.stopping, to: operation.id)
    }
    try await timed { (writer) throws(RollbookError) in try Crowd.end(operation, writer) }
    let state = try await journal.read { (reader) throws(RollbookError) in
      try reader.state(of: application)
    }
    guard state.outcome?.operation == operation.id, state.parallelism == parallelism else {
      throw Surprise("\(reason): \(application.name) is at \(state.parallelism)")
    }
  }

  /// Looks at a counter and raises it, in one transaction.
  private func raise(_ name: String, _ reason: String) async throws {
    try await timed { (writer) throws(RollbookError) in
      let counter = try Crowd.find(name, writer.reader)
      let before = try Crowd.settled(counter, writer.reader)
      try Crowd.end(try Crowd.begin(counter, before, reason, writer), writer)
    }
  }

  /// A whole operation on an application that others want too: one at a time may have one in flight.
  private func scaleWhenFree(_ name: String, _ reason: String) async throws {
    let application = try await find(name)
    while true {
      let operation = try await timed { (writer) throws(RollbookError) -> Operation? in
        let state = try writer.reader.state(of: application)
        guard state.inFlight == nil, let before = state.settled else { return nil }
        return try Crowd.begin(application, before, reason, writer)
      }
      guard let operation else { continue }
      try await timed { (writer) throws(RollbookError) in
        try writer.addStep(.stopping, to: operation.id)
      }
      try await timed { (writer) throws(RollbookError) in try Crowd.end(operation, writer) }
      return
    }
  }

  private func timed<Result: Sendable>(
    _ body: @escaping @Sendable (borrowing JournalWriter) throws(RollbookError) -> Result
  ) async throws -> Result {
    let start = ContinuousClock.now
    let result = try await journal.write(body)
    measure.add(ContinuousClock.now - start)
    return result
  }

  // MARK: Within a transaction

  private static func create(
    _ name: String, _ writer: borrowing JournalWriter
  ) throws(RollbookError) {
    let application = try writer.insertApplication(name: name, runtime: "scripted")
    var draft = OperationDraft(application: application.id, kind: .create, actor: actor)
    draft.versionTo = 1
    draft.parallelismTo = 1
    let operation = try writer.begin(draft)
    try writer.insert(
      ApplicationVersion(
        application: application.id, version: 1, operation: operation.id,
        createdAt: operation.startedAt, artifact: String(repeating: "0", count: 64),
        runtimeEnvironment: "SCRIPTED-1", configuration: VersionConfiguration(codeName: name)))
    try writer.end(
      operation,
      OutcomeDraft(
        status: .successful,
        standing: StandingState(status: .ready, version: 1, parallelism: 1)))
  }

  private static func begin(
    _ application: Application, _ before: StandingState, _ reason: String,
    _ writer: borrowing JournalWriter
  ) throws(RollbookError) -> Operation {
    var draft = OperationDraft(
      application: application.id, kind: .scale, actor: actor, reason: reason)
    draft.versionFrom = before.version
    draft.parallelismFrom = before.parallelism
    draft.parallelismTo = before.parallelism + 1
    return try writer.begin(draft)
  }

  private static func end(
    _ operation: Operation, _ writer: borrowing JournalWriter
  ) throws(RollbookError) {
    try writer.end(
      operation,
      OutcomeDraft(
        status: .successful,
        standing: StandingState(
          status: .ready, version: 1, parallelism: operation.parallelismTo ?? 0)))
  }

  private static func find(
    _ name: String, _ reader: borrowing JournalReader
  ) throws(RollbookError) -> Application {
    guard let found = try reader.livingApplication(named: name) else {
      throw RollbookError(.notFound, "There is no application \(name).")
    }
    return found
  }

  private static func settled(
    _ application: Application, _ reader: borrowing JournalReader
  ) throws(RollbookError) -> StandingState {
    guard let settled = try reader.state(of: application).settled else {
      throw RollbookError(.notFound, "\(application.name) has no settled state.")
    }
    return settled
  }

  private static let actor = "crowd@test"
}

/// The journal's answer is not what was written.
struct Surprise: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
