import Rollbook
import RollbookTesting
import Testing

/// Questions that change nothing: each answer is the model's.
extension Simulation {
  func read(_ index: Int) async throws {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: try await readOperations(index)
    case 1: try await readPlan(index)
    case 2: try await readVersions(index)
    default: try await readState(index)
    }
  }

  /// The newest operations of a kind, of a status, or both.
  private func readOperations(_ index: Int) async throws {
    let model = applications[index]
    let kind =
      Bool.random(using: &random) ? nil : OperationKind.allCases.randomElement(using: &random)
    let statuses: [OperationStatus?] = [nil, .successful, .failed]
    let status = statuses.randomElement(using: &random) ?? nil
    let limit = Int.random(in: 1...5, using: &random)
    let filter = OperationFilter(kind: kind, status: status)
    let found = try await anEngine().journal.read { (reader) throws(RollbookError) -> [String] in
      guard let application = try reader.livingApplication(named: model.name) else { return [] }
      return try reader.operations(of: application.id, filter: filter, limit: limit).records.map {
        "\($0.operation.kind.name) \($0.status.name)"
      }
    }
    let expected = model.operations.reversed().filter { text in
      (kind.map { text.hasPrefix($0.name + " ") } ?? true)
        && (status.map { text.hasSuffix(" " + $0.name) } ?? true)
    }.prefix(limit)
    try expect(
      found == Array(expected), "list \(filter) of \(model.name): \(found), expected \(expected)")
    happened("read")
  }

  /// What a rollback would do.
  private func readPlan(_ index: Int) async throws {
    let model = applications[index]
    if model.hasEnded { return }
    let answer: Result<RollbackPlan, RollbookError>
    do throws(RollbookError) {
      answer = .success(try await anEngine().planRollback(RollbackRequest(), on: model.name))
    } catch {
      answer = .failure(error)
    }
    switch (answer, model.rollbackTarget()) {
    case (.success(let plan), .success(let target)):
      let found = SimulatedApplication.Good(
        version: plan.target.version, parallelism: plan.target.parallelism)
      try expect(found == target, "plan for \(model): \(found), expected \(target)")
    case (.failure(let error), .failure(.code(let code))):
      try expect(error.code == code, "plan for \(model): \(error), expected \(code)")
    default: throw Surprise("plan for \(model): \(answer)")
    }
    happened("read")
  }

  private func readVersions(_ index: Int) async throws {
    let model = applications[index]
    let before = Int64.random(in: 1...model.newestVersion + 1, using: &random)
    let found = try await anEngine().journal.read { (reader) throws(RollbookError) -> [Int64] in
      guard let application = try reader.livingApplication(named: model.name) else { return [] }
      return try reader.versions(of: application.id, before: before, limit: 3).map(\.version)
    }
    let expected = model.versions.keys.filter { $0 < before }.sorted(by: >).prefix(3)
    try expect(found == Array(expected), "versions of \(model.name) below \(before): \(found)")
    happened("read")
  }

  private func readState(_ index: Int) async throws {
    let model = applications[index]
    let engine = anEngine()
    let state = try await engine.state(of: try await engine.application(named: model.name))
    try expect(
      (state.status == .running) == model.isRunning && state.version == model.version
        && state.parallelism == model.parallelism && state.inFlight == nil,
      "\(model.name) is \(state.status.name) \(state.version), expected \(model)")
    happened("read")
  }
}
