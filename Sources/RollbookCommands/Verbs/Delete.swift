#if CommandLine
internal import ArgumentParser
internal import Glibc
internal import Rollbook

struct Delete: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Delete an application; its history stays, its name is free again.")

  @Argument(help: "The application's name.") var name: String

  @Flag(name: [.customShort("y"), .long], help: "Do not ask.")
  var yes = false

  @OptionGroup var options: ChangeOptions

  func run() async throws {
    if !yes { try ask(try ReadSession(options.home)) }
    try await ChangeSession(options, on: .application(name)).run(.delete, on: name)
  }

  private func ask(_ session: ReadSession) throws {
    let state = try session.state(of: name)
    guard state.application.deletedAt == nil else { return }
    guard isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 else {
      throw RollbookError(
        .invalidArgument, "Nobody can be asked here whether \(name) is to be deleted.",
        hint: "--yes deletes it without asking.")
    }
    Standard.writeError(
      "Delete \(name) (\(Summary.standing(state)))? Its history stays. [y/N] ")
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
      Standard.note("Nothing was deleted.")
      throw ExitCode(ExitStatus.refused.rawValue)
    }
  }
}
#endif
