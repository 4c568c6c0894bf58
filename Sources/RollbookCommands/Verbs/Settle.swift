#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Settle: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Carry on or end what interrupted commands left; notice programs that are gone.",
    discussion: """
      What an abandoned operation left running is ended too, where it can be reached.

      Exit status 0 when nothing is left in progress, whatever the outcomes; else 1.
      """)

  @OptionGroup var options: ChangeOptions

  func run() async throws {
    let session = try ChangeSession(options, on: .everything)
    let reports = try await session.watching { (engine, control) async throws(RollbookError) in
      try await engine.settleAll(control: control)
    }
    if reports.isEmpty { Standard.note("There was nothing to settle.") }
    var isDone = true
    for report in reports {
      let state = try await session.engine.state(of: report.application)
      Standard.tell(Settle.line(report, state))
      switch report.finding {
      // Nothing of a suspect is in progress.
      case .settled, .ended, .swept: break
      case .held, .waiting: isDone = false
      }
    }
    if !isDone { throw ExitCode(ExitStatus.other.rawValue) }
  }

  static func line(_ report: SettlingReport, _ state: ApplicationState) -> String {
    let name = report.application.name
    switch report.finding {
    case .settled(let id):
      return "\(name): operation \(id) settled; \(Summary.standing(state))"
    case .ended(let id):
      return "\(name): found ended (operation \(id)); \(Summary.standing(state))"
    case .held:
      let title = state.inFlight.map(\.title) ?? "an operation"
      return "\(name): \(title) is driven by somebody; `rollbook wait \(name)` waits for it"
    case .swept(let swept):
      let what = SuspectFacts.name(swept.version)
      let why = "(operation \(swept.suspect.operation))"
      if let reason = swept.leftBecause {
        return "\(name): \(what) may still run \(why) and could not be ended: \(reason); "
          + "run `rollbook settle` again"
      }
      return swept.resolution == "never appeared"
        ? "\(name): \(what), which might still have started \(why), never did"
        : "\(name): \(what), which might still have run \(why), was ended"
    case .waiting(let error):
      let hint = error.hint.map { "\n  \($0)" } ?? ""
      return "\(name): waiting: \(error.message)\(hint)"
    }
  }
}
#endif
