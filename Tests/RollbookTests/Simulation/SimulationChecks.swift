import Rollbook
import RollbookTesting
import Testing

/// What the journal and the runtime say of an application, in the model's words.
struct SimulatedLook: CustomStringConvertible {
  var isRunning: Bool
  var version: Int64
  var parallelism: Int
  var good: [SimulatedApplication.Good]
  var snapshots: [SimulatedApplication.SavedState]
  /// Of what lives.
  var states: [[String]]
  var operations: [String]
  var isInFlight: Bool
  var newestVersion: Int64
  var returns: [SimulatedApplication.Returned]

  var description: String {
    "\(isRunning ? "RUNNING" : "READY") \(version)×\(parallelism) good \(good) states \(states)"
      + " in flight \(isInFlight) snapshots \(snapshots.map { "\($0.name)@\($0.version)" })"
      + " operations \(operations.suffix(5))"
  }

  /// Whether it is what the model says, but for the records of how it came to be.
  func isEssentially(_ model: SimulatedApplication) -> Bool {
    let alive = model.isRunning && !model.hasEnded ? [model.state] : []
    return !isInFlight && isRunning == model.isRunning && version == model.version
      && parallelism == model.parallelism && good == model.good && states == alive
      && newestVersion == model.newestVersion
  }
}

extension Simulation {
  /// Reads what is.
  ///
  /// - Parameter snapshotLimit: how many snapshots, the newest.
  func look(_ index: Int, snapshotLimit: Int = Int.max) async throws -> SimulatedLook {
    let name = applications[index].name
    let world = runtime.currentWorld
    let known = records[name, default: []]
    let (look, all) = try await anEngine().journal.read { (reader) throws(RollbookError) in
      guard let application = try reader.livingApplication(named: name) else {
        throw RollbookError(.notFound, "\(name) is not there")
      }
      let state = try reader.state(of: application)
      let all = try known + reader.records(of: application.id, after: known.last)
      let numbers = Dictionary(uniqueKeysWithValues: zip(all.map(\.operation.id), 1...))
      let look = SimulatedLook(
        isRunning: state.status == .running, version: state.version,
        parallelism: state.parallelism, good: try reader.goodStates(of: state),
        snapshots: try reader.savedStates(
          of: application.id, numbers, limit: snapshotLimit, in: world),
        states: world.alive(of: application.id).values.map(\.state),
        operations: all.map { "\($0.operation.kind.name) \($0.status.name)" },
        isInFlight: state.inFlight != nil,
        newestVersion: try reader.versions(of: application.id, limit: 1).first?.version ?? 0,
        returns: all.compactMap { $0.returned(numbers) })
      return (look, all)
    }
    records[name] = look.isInFlight ? all.dropLast() : all
    return look
  }

  /// Compares an application with the model.
  func check(_ index: Int, snapshotLimit: Int = 4) async throws {
    let model = applications[index]
    let seen = try await look(index, snapshotLimit: snapshotLimit)
    try expect(seen.isEssentially(model), "\(seen), expected \(model)")
    try expect(
      seen.operations == model.operations,
      "\(model.name): operations \(seen.operations.suffix(6)), expected "
        + "\(model.operations.suffix(6))")
    let saved = model.snapshots.suffix(snapshotLimit).map { "\($0.name) \($0.version) \($0.state)" }
    let kept = seen.snapshots.map { "\($0.name) \($0.version) \($0.state)" }
    try expect(saved == kept, "\(model.name): snapshots \(kept), expected \(saved)")
  }

  /// One that runs and has a snapshot, made so by commands like any others.
  func runningApplication() async throws -> Int {
    if !applications[0].hasEnded { try? await execute(.stop(force: true), 0) }
    try await execute(.settle, 0)
    let version = SimulatedApplication.Version(rollsBack: true, snapshots: true, behaviour: .runs)
    runtime.change { $0.refusesSnapshots = false }
    applications[0].refusesSnapshots = false
    try await execute(.update(version), 0)
    if !applications[0].isRunning { try await execute(.start, 0) }
    try await execute(.createSnapshot("kept"), 0)
    return 0
  }

  /// Takes over the records of what ended in another way than without the fault: more steps on the way
  /// to the same place.
  func adoptRecords(_ index: Int) async throws {
    let seen = try await look(index)
    applications[index].operations = seen.operations
    applications[index].snapshots = seen.snapshots
    applications[index].returns = seen.returns
  }

  /// Every application, and the rows as an auditor reads them.
  func checkAll() async throws {
    for index in applications.indices where applications[index].hasEnded {
      try await execute(.settle, index)
    }
    for index in applications.indices {
      // Nothing of what was read before is believed.
      records[applications[index].name] = []
      try await check(index, snapshotLimit: Int.max)
    }
    let bench = try Bench(temporary, world: runtime.currentWorld)
    defer { bench.engine.journal.close() }
    try await checkInvariants(bench, keepsState: false, "seed \(seed)")
    #expect(try journalFindings(temporary.home) == [], "seed \(seed)")
    happened("all checked")
  }
}

extension JournalReader {
  /// The stack of good states, its top last.
  fileprivate borrowing func goodStates(
    of state: ApplicationState
  ) throws(RollbookError) -> [SimulatedApplication.Good] {
    var stack: [SimulatedApplication.Good] = []
    var next = state.settled?.goodState
    while let id = next, let found = try goodState(id) {
      stack.append(.init(version: found.version, parallelism: found.parallelism))
      next = found.below
    }
    return stack.reversed()
  }

  /// The READY snapshots, in the order in which they became so; automatic ones by their prefix.
  fileprivate borrowing func savedStates(
    of application: ApplicationID, _ numbers: [OperationID: Int], limit: Int,
    in world: ScriptedWorld
  ) throws(RollbookError) -> [SimulatedApplication.SavedState] {
    try readySnapshots(of: application, limit: limit).reversed().map { snapshot in
      let prefix = ["auto", "left"].first { snapshot.name.hasPrefix($0 + "-v") }
      return SimulatedApplication.SavedState(
        name: prefix ?? snapshot.name, version: snapshot.version,
        state: world.snapshots[snapshot.id] ?? ["its bytes are gone"],
        operation: numbers[snapshot.operation] ?? 0)
    }
  }
}

extension JournalReader {
  /// The operations after one, the oldest first.
  fileprivate borrowing func records(
    of application: ApplicationID, after known: OperationRecord?
  ) throws(RollbookError) -> [OperationRecord] {
    var found: [OperationRecord] = []
    while true {
      let page = try operations(of: application, before: found.last?.operation.id, limit: 8)
      for record in page.records {
        if let known, record.operation.id <= known.operation.id { return found.reversed() }
        found.append(record)
      }
      if page.next == nil { return found.reversed() }
    }
  }
}

extension OperationRecord {
  /// Whether, and from which version, it went back.
  fileprivate func returned(_ numbers: [OperationID: Int]) -> SimulatedApplication.Returned? {
    guard operation.kind == .rollback || operation.kind == .systemRollback,
      status == .successful, let from = operation.versionFrom, from != operation.versionTo
    else { return nil }
    return SimulatedApplication.Returned(from: from, operation: numbers[operation.id] ?? 0)
  }
}
