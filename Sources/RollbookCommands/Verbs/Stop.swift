#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Stop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Stop an application; its state is kept in a snapshot.",
    discussion: """
      --force gives up what is in flight and takes no snapshot. --force --abandon also records as \
      stopped what cannot be reached.
      """)

  @Argument(help: "The application's name.") var name: String

  @Flag(help: "Give up what is in flight; take no snapshot.")
  var force = false

  @Flag(help: "Do not wait for a runtime that cannot be reached (with --force).")
  var abandon = false

  @Flag(help: "End the process that holds the application and does not answer.")
  var killHolder = false

  @OptionGroup var options: ChangeOptions

  func validate() throws {
    if abandon && !force { throw ValidationError("--abandon goes with --force.") }
  }

  func run() async throws {
    let session = try ChangeSession(options, on: .application(name))
    if killHolder {
      let wasHeld = try await session.engine.killHolder(of: name)
      Standard.note(wasHeld ? "The holder of \(name) was ended." : "Nobody holds \(name).")
    }
    try await session.run(abandon ? .abandon : .stop(force: force), on: name)
  }
}
#endif
