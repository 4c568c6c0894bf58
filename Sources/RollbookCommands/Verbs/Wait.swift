#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Wait: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Wait for what is in flight, and end as it does; settle it where its holder died.")

  @Argument(help: "The application's name.") var name: String
  @OptionGroup var options: ChangeOptions

  func run() async throws {
    let session = try ChangeSession(options, on: .application(name))
    let name = name
    let report = try await session.watching { (engine, control) async throws(RollbookError) in
      try await engine.waitForOperation(of: name, control: control)
    }
    if let report { return try await session.conclude(report) }
    let engine = session.engine
    let state = try await engine.state(of: try await engine.application(named: name))
    Standard.note("Nothing is in flight.")
    Standard.print("\(name): \(Summary.standing(state))")
  }
}
#endif
