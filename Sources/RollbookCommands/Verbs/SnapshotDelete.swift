#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct SnapshotDelete: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a snapshot's bytes.")

  @Argument(help: "The application's name.") var name: String
  @Argument(help: "The snapshot's name.") var snapshot: String
  @OptionGroup var options: ChangeOptions

  func run() async throws {
    try await ChangeSession(options, on: .application(name)).run(
      .deleteSnapshot(name: snapshot), on: name)
  }
}
#endif
