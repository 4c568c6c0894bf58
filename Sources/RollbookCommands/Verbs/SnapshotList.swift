#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct SnapshotList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "The snapshots of an application, the newest first.")

  @Argument(help: "The application's name.") var name: String
  @Flag(help: "Deleted ones too.") var deleted = false
  @OptionGroup var options: ReadOptions

  func run() throws {
    let session = try ReadSession(options.home)
    let state = try session.state(of: name)
    let deleted = deleted
    let snapshots = try session.read { (reader) throws(RollbookError) in
      try reader.snapshots(of: state.application.id, includingDeleted: deleted, limit: Int.max)
    }
    try options.answer.list("SnapshotSummaries", snapshots.map(SnapshotDetails.init)) {
      SnapshotList.table(snapshots)
    }
    if snapshots.isEmpty && options.output == .table {
      Standard.note("\(name) has no snapshots.")
    }
  }

  static func table(_ snapshots: [Snapshot]) -> Table {
    var table = Table([
      Table.Column("NAME"), Table.Column("STATUS"), Table.Column("VERSION", isNumber: true),
      Table.Column("TAKEN"), Table.Column("SIZE", isNumber: true, isSparable: true),
      Table.Column("OPERATION", isNumber: true, isSparable: true),
    ])
    for snapshot in snapshots {
      table.add([
        Table.Cell(snapshot.name), Table.Cell(snapshot.status.rawValue, snapshot.status.style),
        Table.Cell(String(snapshot.version)), Table.Cell(snapshot.startedAt.short),
        Table.Cell(snapshot.outcome?.facts?.size.map(bytesText) ?? "–"),
        Table.Cell(snapshot.operation.description),
      ])
    }
    return table
  }
}
#endif
