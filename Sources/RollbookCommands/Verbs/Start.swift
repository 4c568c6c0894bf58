#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Start: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Start an application that is READY.",
    discussion: """
      --interrupted settles all, starts every application that ran when the machine went down, and \
      ends as the worst of them; with 1 where one could not be settled or was not begun.
      """)

  @Argument(help: "Its name.") var name: String?

  @Flag(help: "Start what a reboot ended, with its newest state.")
  var interrupted = false

  @OptionGroup var restore: RestoreOptions
  @OptionGroup var options: ChangeOptions

  func validate() throws {
    if interrupted == (name != nil) {
      throw ValidationError("Name an application, or say --interrupted.")
    }
    if interrupted && (restore.from != nil || restore.allowNonRestoredState) {
      throw ValidationError("--interrupted always begins with the newest state.")
    }
  }

  func run() async throws {
    let session = try ChangeSession(options, on: name.map { .application($0) } ?? .everything)
    if let name {
      return try await session.run(
        .start(restore: restore.source, allowNonRestoredState: restore.allowNonRestoredState),
        on: name)
    }
    try await startInterrupted(session)
  }

  /// Settles everything, starts what a reboot ended, and ends as the worst of them.
  private func startInterrupted(_ session: ChangeSession) async throws {
    let (reports, applications) = try await session.watching {
      (engine, control) async throws(RollbookError) in
      let reports = try await engine.settleAll(control: control)
      return (reports, try await engine.interruptedByReboot())
    }
    if applications.isEmpty { Standard.note("Nothing was ended by a reboot.") }
    let results = try await several(applications) { (application) async throws(RollbookError) in
      await Result { () async throws(RollbookError) in
        try await session.execute(
          .start(restore: nil, allowNonRestoredState: false), on: application.name)
      }
    }
    var worst = ExitStatus.done
    var isInterrupted = false
    for result in results {
      do throws(RollbookError) {
        worst = worst.worse(try await session.say(try result.get()))
      } catch {
        Standard.writeError(CommandLineTool.describe(error))
        worst = worst.worse(ExitStatus(error.code))
        isInterrupted = isInterrupted || error.code == .interrupted
      }
    }
    for report in reports {
      guard case .waiting = report.finding else { continue }
      Standard.note(try await Settle.line(report, session))
      worst = worst.worse(.other)
    }
    if isInterrupted {
      Standard.note("`rollbook start --interrupted` goes on with what was not begun.")
    }
    if worst != .done { throw ExitCode(worst.rawValue) }
  }
}

extension Result where Failure == RollbookError {
  fileprivate init(_ work: () async throws(RollbookError) -> Success) async {
    do throws(RollbookError) {
      self = .success(try await work())
    } catch {
      self = .failure(error)
    }
  }
}
#endif
