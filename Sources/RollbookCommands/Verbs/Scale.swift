#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Scale: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale",
    abstract: "Change the parallelism; roll back by itself where opted in.")

  @Argument(help: "The application's name.") var name: String

  @Option(
    parsing: .unconditional, help: ArgumentHelp("How many instances are to run.", valueName: "n"))
  var parallelism: Int

  @Flag(help: "Try a parallelism again that failed before.")
  var force = false

  @OptionGroup var versionCheck: VersionCheckOptions
  @OptionGroup var options: ChangeOptions

  func run() async throws {
    try Validation.parallelism(parallelism)
    try await ChangeSession(options, on: .application(name)).run(
      .scale(parallelism: parallelism, ifVersion: versionCheck.ifVersion, force: force), on: name)
  }
}
#endif
