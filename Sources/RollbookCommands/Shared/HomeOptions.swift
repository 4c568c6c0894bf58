#if CommandLine
internal import ArgumentParser
internal import Glibc
internal import Rollbook

/// Where everything is kept.
struct HomeOptions: ParsableArguments, Sendable {
  @Option(
    name: .customLong("home"), parsing: .unconditional,
    help: ArgumentHelp("The folder that holds everything.", valueName: "dir"))
  var path: String?

  var home: Home {
    get throws {
      if let path { return Home(path: try HomeOptions.absolute(path)) }
      if let path = try Environment.text("ROLLBOOK_HOME") {
        return Home(path: try HomeOptions.absolute(path))
      }
      // Relative paths are ignored; source: XDG Base Directory Specification.
      if let state = try Environment.text("XDG_STATE_HOME"), state.hasPrefix("/") {
        return Home(path: state + "/rollbook")
      }
      guard let user = try Environment.text("HOME") else {
        throw RollbookError(
          .invalidArgument, "There is no HOME to keep the journal under.",
          hint: "Name a folder with --home DIR or ROLLBOOK_HOME.")
      }
      return Home(path: user + "/.local/state/rollbook")
    }
  }

  /// Takes `--home DIR` from in front of the verb: it means the same as ROLLBOOK_HOME.
  ///
  /// The parser would look for an option of the whole command among the values of a verb's options
  /// too (`--arg --home`).
  static func takeLeading(from arguments: [String]) throws -> [String] {
    guard let first = arguments.first else { return arguments }
    if first == "--home" {
      guard arguments.count > 1 else {
        throw RollbookError(.invalidArgument, "--home wants the path of a folder.")
      }
      return try takeLeading(arguments[1], rest: Array(arguments.dropFirst(2)))
    }
    if first.hasPrefix("--home=") {
      return try takeLeading(String(first.dropFirst(7)), rest: Array(arguments.dropFirst()))
    }
    return arguments
  }

  private static func takeLeading(_ path: String, rest: [String]) throws -> [String] {
    let absolute = try absolute(path)
    guard unsafe setenv("ROLLBOOK_HOME", absolute, 1) == 0 else {
      throw RollbookError(.system, "The environment cannot be set.")
    }
    return rest
  }

  static func absolute(_ path: String) throws(RollbookError) -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw RollbookError(.invalidArgument, "An empty path names no file and no folder.")
    }
    if path.hasPrefix("/") { return path }
    guard let folder = unsafe getcwd(nil, 0) else {
      throw RollbookError(.system, "The working folder cannot be found.")
    }
    defer { unsafe free(folder) }
    return unsafe String(cString: folder) + "/" + path
  }
}
#endif
