#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Versions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "versions",
    abstract: "The versions of an application, the newest first.")

  @Argument(help: "The application's name.") var name: String
  @OptionGroup var options: ReadOptions

  func run() throws {
    let session = try ReadSession(options.home)
    let state = try session.state(of: name)
    let id = state.application.id
    let found = try session.read { (reader) throws(RollbookError) in
      var found: [VersionSummary] = []
      for version in try reader.versions(of: id, limit: Int.max) {
        found.append(
          VersionSummary(
            version, of: state, status: try reader.status(of: version, in: state),
            operation: try reader.operation(version.operation),
            reachedRunning: try reader.newestGoodState(of: id, version: version.version) != nil))
      }
      return found
    }
    try options.answer.list("ApplicationVersionSummaries", found) {
      Versions.table(found, state)
    }
  }

  static func table(_ versions: [VersionSummary], _ state: ApplicationState) -> Table {
    var table = Table(
      [
        Table.Column("VERSION", isNumber: true), Table.Column("STATUS"),
        Table.Column("RAN"), Table.Column("CREATED"), Table.Column("CODE", isSparable: true),
        Table.Column("ARTIFACT", isSparable: true), Table.Column("BY", isSparable: true),
      ], wide: "REASON")
    for version in versions {
      table.add([
        Table.Cell(String(version.applicationVersionId)),
        version.isCurrent ? Table.Cell(state.status.name, state.status.style) : "",
        version.reachedRunning ? Table.Cell("yes", .good) : Table.Cell("no"),
        Table.Cell(String(version.createTimestamp.prefix(19)).replacingT),
        Table.Cell(version.codeName), Table.Cell(String(version.codeSHA256.prefix(12))),
        Table.Cell(version.actor ?? ""), Table.Cell(version.reason ?? "", .faint),
      ])
    }
    return table
  }
}

extension String {
  /// An ISO time's date and time apart, as in all tables.
  fileprivate var replacingT: String {
    split(separator: "T", maxSplits: 1).joined(separator: " ")
  }
}
#endif
