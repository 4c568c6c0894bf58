#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct SnapshotShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One snapshot.")

  @Argument(help: "The application's name.") var name: String
  @Argument(help: "The snapshot's name.") var snapshot: String
  @OptionGroup var options: ReadOptions

  func run() throws {
    let session = try ReadSession(options.home)
    let state = try session.state(of: name)
    let wanted = snapshot
    let found = try session.read { (reader) throws(RollbookError) in
      try reader.snapshot(named: wanted, of: state.application.id)
    }
    guard let found else {
      throw RollbookError(
        .notFound, "\(name) has no snapshot named \(snapshot).",
        hint: "`rollbook snapshot list \(name)` lists them.")
    }
    try options.answer.one("SnapshotDetails", SnapshotDetails(found)) {
      SnapshotShow.factSheet(found).render(for: .output)
    }
  }

  private static func factSheet(_ snapshot: Snapshot) -> FactSheet {
    var sheet = FactSheet()
    sheet.add("NAME", snapshot.name)
    sheet.add("STATUS", snapshot.status.rawValue, snapshot.status.style)
    sheet.add("VERSION", "\(snapshot.version) (\(snapshot.runtimeEnvironment))")
    sheet.add("OPERATION", snapshot.operation.description)
    sheet.add("BEGUN", snapshot.startedAt.short)
    sheet.add("ENDED", snapshot.outcome?.endedAt.short)
    sheet.add("DELETED", snapshot.deletedAt?.short)
    sheet.add("SIZE", snapshot.outcome?.facts?.size.map(bytesText))
    sheet.add("SHA-256", snapshot.outcome?.facts?.digest)
    sheet.add("LOCATION", snapshot.outcome?.facts?.location)
    sheet.add("FAILURE", snapshot.outcome?.failure, .bad)
    return sheet
  }
}
#endif
