#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "The applications, by name.")

  @Flag(help: "The deleted ones instead, the newest first.") var deleted = false
  @OptionGroup var options: ReadOptions

  private struct Row: Sendable {
    let state: ApplicationState
    let runtimeEnvironment: String
    let isInterrupted: Bool
    /// Something of it may run although it should not.
    let hasSuspects: Bool
  }

  func run() throws {
    let session = try ReadSession(options.home)
    let rows = try rows(session)
    let summaries = rows.map {
      ApplicationSummary(
        $0.state, runtimeEnvironment: $0.runtimeEnvironment, isInterrupted: $0.isInterrupted)
    }
    try options.answer.list("ApplicationSummaries", summaries) { table(rows) }
    if rows.isEmpty && options.output == .table {
      Standard.note(deleted ? "Nothing was deleted." : "There are no applications.")
    }
  }

  private func rows(_ session: ReadSession) throws -> [Row] {
    let deleted = deleted
    let found = try session.read { (reader) throws(RollbookError) in
      let applications =
        deleted
        ? try reader.deletedApplications(limit: Int.max)
        : try reader.applications(limit: Int.max)
      let suspected = Set(try reader.unresolvedSuspects().map(\.application))
      var found: [(ApplicationState, String, Bool)] = []
      for application in applications {
        let state = try reader.state(of: application)
        let version = try reader.version(state.version, of: application.id)
        found.append(
          (state, version?.runtimeEnvironment ?? "", suspected.contains(application.id)))
      }
      return found
    }
    return try found.map { state, environment, hasSuspects in
      Row(
        state: state, runtimeEnvironment: environment,
        isInterrupted: try session.isInterrupted(state), hasSuspects: hasSuspects)
    }
  }

  private func table(_ rows: [Row]) -> Table {
    var table = Table(
      [
        Table.Column("NAME"), Table.Column("STATUS"), Table.Column("VERSION", isNumber: true),
        Table.Column("PARALLELISM", isNumber: true, isSparable: true),
        Table.Column("RUNTIME", isSparable: true),
        Table.Column(deleted ? "DELETED" : "CHANGED"),
      ], wide: "IN FLIGHT")
    for row in rows {
      let state = row.state
      let changed =
        state.application.deletedAt ?? state.outcome?.endedAt ?? state.newest.startedAt
      table.add([
        Table.Cell(state.application.name), Table.Cell(state.status.name, state.status.style),
        Table.Cell(String(state.version)), Table.Cell(String(state.parallelism)),
        Table.Cell(row.runtimeEnvironment), Table.Cell(changed.short),
        Table.Cell(inFlight(row), .busy),
      ])
    }
    return table
  }

  private func inFlight(_ row: Row) -> String {
    guard let operation = row.state.inFlight else {
      return row.hasSuspects ? "what was abandoned may still run, run `rollbook settle`" : ""
    }
    return row.isInterrupted
      ? "\(operation.title), interrupted, run `rollbook settle`" : operation.title
  }
}
#endif
