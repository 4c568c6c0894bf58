import Foundation
import Rollbook
import RollbookSQLite

/// What a journal says, in lines that do not depend on how today's values are named or built.
enum JournalText {
  /// All that the public reader says.
  static func told(by reader: borrowing JournalReader) throws(RollbookError) -> [String] {
    var lines: [String] = []
    let living = try reader.applications(limit: 1000)
    let all = try living + reader.deletedApplications(limit: 1000)
    for application in all.sorted(by: { $0.id < $1.id }) {
      lines.append(
        "application \(application.id) \(application.name) \(application.runtime) "
          + "\(application.createdAt.rawValue) \(text(application.deletedAt?.rawValue))")
      lines.append("  shows \(standing(try reader.state(of: application).shown))")
      lines.append("  tags \(json(try reader.tags(of: application.id)))")
      lines.append("  window \(text(try reader.maintenanceWindow(of: application.id)))")
      if let running = try reader.running(application.id) {
        lines.append(
          "  runs \(running.token) \(running.operation) \(running.version) \(running.parallelism) "
            + json(running.place))
      }
      for suspect in try reader.unresolvedSuspects(of: application.id) {
        lines.append(
          "  suspect \(suspect.id) \(suspect.operation) \(suspect.token) \(json(suspect.place)) "
            + "\(suspect.since.rawValue)")
      }
      for version in try reader.versions(of: application.id, limit: 1000) {
        lines.append(
          "  version \(version.version) \(version.operation) \(version.createdAt.rawValue) "
            + "\(version.artifact) \(version.runtimeEnvironment) \(json(version.configuration))")
      }
      lines += try reader.snapshots(of: application.id, limit: 1000).map(snapshot)
      for record in try reader.operations(
        of: application.id, filter: OperationFilter(), limit: 1000
      ).records { lines += try operation(record, reader) }
    }
    lines += try reader.openOperations().map { "open \($0.id) \($0.application)" }
    return lines.map(oneLine)
  }

  private static func operation(
    _ record: OperationRecord, _ reader: borrowing JournalReader
  ) throws(RollbookError) -> [String] {
    let operation = record.operation
    var lines = [
      "  operation \(operation.id) \(operation.name) \(record.status.name) "
        + "\(operation.startedAt.rawValue) \(operation.actor) \(text(operation.reason)) "
        + "\(text(operation.versionFrom))>\(text(operation.versionTo)) "
        + "\(text(operation.parallelismFrom))>\(text(operation.parallelismTo)) "
        + "by \(text(operation.causedBy)) \(json(operation.parameters))"
    ]
    if let outcome = record.outcome {
      lines.append(
        "    outcome \(outcome.endedAt.rawValue) \(standing(outcome.standing)) "
          + "\(outcome.pushedGoodState) \(text(outcome.goodStateBelow)) "
          + "\(text(outcome.decision?.code.rawValue)) \(text(outcome.decision?.reason)) "
          + text(outcome.rollbackOperation))
    }
    for step in try reader.steps(of: operation.id) {
      lines.append(
        "    step \(step.sequence) \(step.at.rawValue) \(step.name.rawValue) \(json(step.detail))")
    }
    for cancellation in try reader.cancellations(of: operation.id) {
      lines.append(
        "    cancellation \(cancellation.actor) \(text(cancellation.reason)) "
          + json(cancellation.follows))
    }
    if let failure = try reader.failure(of: operation.id) {
      lines.append("    failure \(json(failure))")
    }
    return lines
  }

  private static func snapshot(_ snapshot: Snapshot) -> String {
    "  snapshot \(snapshot.id) \(snapshot.name) \(snapshot.operation) \(snapshot.version) "
      + "\(snapshot.runtimeEnvironment) \(snapshot.generation) \(snapshot.startedAt.rawValue) "
      + "\(snapshot.status) \(text(snapshot.outcome?.endedAt.rawValue)) "
      + "\(text(snapshot.outcome?.facts?.location)) \(text(snapshot.deletedAt?.rawValue))"
  }

  private static func standing(_ standing: StandingState) -> String {
    "\(standing.status.name) \(standing.version) \(standing.parallelism) "
      + "\(text(standing.updatedFrom)) \(text(standing.rolledBackFrom)) "
      + "\(text(standing.rolledBackTo)) \(text(standing.goodState))"
  }

  private static func text(_ value: (some CustomStringConvertible)?) -> String {
    value.map { "\($0)" } ?? "-"
  }

  private static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
  }

  static let views = [
    "application_status", "operation_history", "version_history", "snapshot_history",
    "rollback_history",
  ]

  /// What the views say, the public contract of every client: a line for each column of each row.
  static func views(of path: String) throws -> [String] {
    let connection = try Connection(path: path, mode: .readOnly)
    var lines: [String] = []
    for view in views {
      var columns: [String] = []
      let names = try connection.prepare("SELECT name FROM pragma_table_info('\(view)')")
      while try names.step() { columns.append(names.string(0)) }
      let quoted = columns.map { "quote(\"\($0)\")" }.joined(separator: ", ")
      var rows: [[String]] = []
      let statement = try connection.prepare("SELECT \(quoted) FROM \(view)")
      while try statement.step() {
        rows.append(columns.indices.map { "\(columns[$0]) \(statement.string(Int32($0)))" })
      }
      // Numbered by what is in them, since a view promises no order.
      for (number, row) in rows.sorted(by: { $0.lexicographicallyPrecedes($1) }).enumerated() {
        lines += row.map { "\(view) \(number) \($0)" }
      }
    }
    return lines.map(oneLine)
  }

  private static func oneLine(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
  }
}
