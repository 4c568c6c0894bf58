#if CommandLine
internal import ArgumentParser
internal import Glibc
internal import Rollbook

/// The command line as a whole: parses it, runs a verb, ends the process.
public enum CommandLineTool {
  /// - Parameter more: the runtimes that the executable brings besides processes; nil for one that
  ///   becomes the executable beside it where an application needs another.
  public static func main(bringing more: Runtimes.More? = nil) async -> Never {
    Runtimes.bring(more)
    do {
      let arguments = try HomeOptions.takeLeading(from: Array(CommandLine.arguments.dropFirst()))
      if arguments == ["--version"] {
        Standard.print(RollbookCommand.version)
        end(with: ExitStatus.done.rawValue)
      }
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

  private static func end(with status: Int32) -> Never {
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
