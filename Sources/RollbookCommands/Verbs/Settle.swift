#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Settle: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settle",
    abstract: "Carry on or end what interrupted commands left; notice programs that are gone.",
    discussion: """
      What an abandoned operation left running is ended too, where it can be reached.

      Exit status 0 when nothing is left to be settled, whatever the outcomes; 1 when something is in \
      progress still, may run although it should not, or cannot be looked at.
      """)

  @OptionGroup var options: ChangeOptions

  func run() async throws {
    let session = try ChangeSession(options, on: .everything)
    let reports = try await session.watching { (engine, control) async throws(RollbookError) in
      try await engine.settleAll(control: control)
    }
    if reports.isEmpty { Standard.note("There was nothing to settle.") }
    for report in reports { Standard.tell(try await Settle.line(report, session)) }
    if !reports.allSatisfy(\.isDone) { throw ExitCode(ExitStatus.other.rawValue) }
  }

  static func line(
    _ report: SettlingReport, _ session: ChangeSession
  ) async throws(RollbookError) -> String {
    let name = report.application.name
    let state = try await session.engine.state(of: report.application)
    switch report.finding {
    case .settled(let id):
      return "\(name): operation \(id) settled; \(Summary.standing(state))"
    case .ended(let id):
      return "\(name): found ended (operation \(id)); \(Summary.standing(state))"
    case .held:
      let title = state.inFlight.map(\.title) ?? "an operation"
      return "\(name): \(title) is driven by somebody; `rollbook wait \(name)` waits for it"
    case .swept(let swept): return "\(name): \(line(swept))"
    case .waiting(let reason):
      let error = Runtimes.absence(of: report.application.runtime, in: session.home) ?? reason
      let hint = error.hint.map { "\n  \($0)" } ?? ""
      return "\(name): waiting: \(error.message)\(hint)"
    }
  }

  private static func line(_ swept: SweptSuspect) -> String {
    let what = SuspectFacts.name(swept.version)
    let why = "(operation \(swept.suspect.operation))"
    if swept.isUnseen {
      return "\(what) may still start \(why): it has not been seen; "
        + "a later `rollbook settle` makes sure"
    }
    if let reason = swept.leftBecause {
      return "\(what) may still run \(why) and could not be ended: \(reason); "
        + "run `rollbook settle` again"
    }
    switch swept.resolution {
    case "never appeared", "never started":
      return "\(what), which might still have started \(why), never did"
    case "gone": return "\(what), which might still have run \(why), is gone"
    default: return "\(what), which might still have run \(why), was ended"
    }
  }
}

extension SettlingReport {
  /// Whether nothing is left to be settled here.
  fileprivate var isDone: Bool {
    switch finding {
    case .settled, .ended: true
    // Of what nobody has ever seen, nothing runs as far as is known.
    case .swept(let swept): swept.leftBecause == nil || swept.isUnseen
    case .held, .waiting: false
    }
  }
}
#endif
