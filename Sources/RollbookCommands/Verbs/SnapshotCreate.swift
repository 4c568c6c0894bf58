#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct SnapshotCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Take a snapshot of an application that runs.")

  @Argument(help: "The application's name.") var name: String
  @Argument(help: "The snapshot's name (default: made from version and operation).")
  var snapshot: String?
  @OptionGroup var options: ChangeOptions

  func run() async throws {
    if let snapshot { try Validation.snapshotName(snapshot) }
    try await ChangeSession(options, on: .application(name)).run(
      .createSnapshot(name: snapshot), on: name)
  }
}
#endif
