#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Wait: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait for what is in flight, and end as it does; settle it where its holder died.")

  @Argument(help: "The application's name.") var name: String
  @OptionGroup var options: ChangeOptions

  func run() async throws {
    let session: ChangeSession
    do {
      session = try ChangeSession(options, on: .application(name))
    } catch let error as RollbookError where error.code == .journalReadOnly {
      return try await watch(refusal: error)
    }
    let name = name
    let report = try await session.watching { (engine, control) async throws(RollbookError) in
      try await engine.waitForOperation(of: name, control: control)
    }
    if let report { return try await session.conclude(report) }
    let engine = session.engine
    let state = try await engine.state(of: try await engine.application(named: name))
    Standard.note("Nothing is in flight.")
    Standard.tell("\(name): \(Summary.standing(state))")
  }

  /// Waits without the right to settle anything.
  private func watch(refusal: RollbookError) async throws {
    let session = try ReadSession(options.home)
    var state = try session.state(of: name)
    guard let operation = state.inFlight else {
      Standard.note("Nothing is in flight.")
      return Standard.tell("\(name): \(Summary.standing(state))")
    }
    while state.inFlight != nil {
      if try session.isInterrupted(state) { throw refusal }
      try await Task.sleep(for: .milliseconds(200))
      state = try session.state(of: name)
    }
    let engine = try Engine(
      home: session.home, journal: session.journal, runtimes: Runtimes.all(in: session.home))
    let report = try await engine.report(on: operation.id)
    Standard.tell(Summary.standing(report))
    for line in Summary.causes(report) { Standard.note("  " + line) }
    let status = ExitStatus(report)
    if status != .done { throw ExitCode(status.rawValue) }
  }
}
#endif
