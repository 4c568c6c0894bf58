#if CommandLine
internal import ArgumentParser
internal import Glibc
internal import Rollbook

/// The command line as a whole: parses it, runs a verb, ends the process.
public enum CommandLineTool {
  /// - Parameters:
  ///   - more: the runtimes that the executable brings besides processes; nil for one that becomes the
  ///     executable beside it where an application needs another.
  ///   - server: what serves the AWS API; nil likewise.
  public static func main(
    bringing more: Runtimes.More? = nil, serving server: Serving.Server? = nil
  ) async -> Never {
    Runtimes.bring(more)
    Serving.bring(server)
    Standard.keepNumbers()
    do {
      try checkText()
      let arguments = try HomeOptions.takeLeading(from: Array(CommandLine.arguments.dropFirst()))
      if arguments == ["--version"] {
        Standard.print(RollbookCommand.version)
        end(with: ExitStatus.done.rawValue)
      }
      try Verbs.check(arguments)
      var verb = try RollbookCommand.parseAsRoot(arguments)
      if var verb = verb as? any AsyncParsableCommand {
        try await verb.run()
      } else {
        try verb.run()
      }
    } catch {
      end(with: report(error))
    }
    end(with: ExitStatus.done.rawValue)
  }

  /// What is not text would be kept, and looked for, as another text.
  private static func checkText() throws(RollbookError) {
    for index in CommandLine.arguments.indices.dropFirst() {
      let word = CommandLine.arguments[index]
      // Only where something was replaced can it be another text than what was given.
      guard word.unicodeScalars.contains("\u{FFFD}"),
        let raw = unsafe CommandLine.unsafeArgv[index],
        unsafe String(validatingCString: raw) == nil
      else { continue }
      let before = CommandLine.arguments[index - 1]
      let place = before.hasPrefix("-") ? ", after \(before)" : ""
      throw RollbookError(
        .invalidArgument, "Argument \(index) (\"\(word)\"\(place)) is not text in UTF-8.",
        hint: "The journal holds text: give files and folders a path that is UTF-8.")
    }
  }

  private static func end(with status: Int32) -> Never {
    if let reason = Standard.answerFailure {
      Standard.note("rollbook: The answer could not be written: \(reason).")
      exit(status == ExitStatus.done.rawValue ? ExitStatus.other.rawValue : status)
    }
    #if DEBUG
    DeathProbe.writeCount()
    #endif
    exit(status)
  }

  /// Says what went wrong, and answers with which status the process ends.
  private static func report(_ error: any Error) -> Int32 {
    if let error = error as? RollbookError {
      Standard.writeError(describe(error))
      return ExitStatus(error.code).rawValue
    }
    let status = RollbookCommand.exitCode(for: error).rawValue
    var message = RollbookCommand.fullMessage(for: error)
    if message.isEmpty { return status }
    if status == 0 {
      Standard.print(message)
      return status
    }
    if message.hasPrefix("Error: ") { message = "rollbook: " + message.dropFirst(7) }
    Standard.note(message)
    return status
  }

  /// The message, and the hint on a line of its own.
  static func describe(_ error: RollbookError) -> String {
    var lines = error.message.split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
    lines[0] = "rollbook: " + lines[0]
    if let hint = error.hint { lines.append("  " + hint) }
    return lines.joined(separator: "\n").harmless + "\n"
  }
}
#endif
