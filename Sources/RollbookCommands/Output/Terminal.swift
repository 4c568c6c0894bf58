#if CommandLine
internal import Glibc
internal import Rollbook

/// What is known of the terminal behind a stream.
struct Terminal: Sendable, Equatable {
  /// Nil where the stream is no terminal: nothing is cut then.
  let width: Int?
  /// Whether escape sequences may be written.
  let hasColour: Bool

  static let plain = Terminal(width: nil, hasColour: false)

  static var output: Terminal { of(STDOUT_FILENO) }
  static var error: Terminal { of(STDERR_FILENO) }

  private static func of(_ descriptor: Int32) -> Terminal {
    guard isatty(descriptor) == 1 else { return plain }
    return Terminal(
      width: width(of: descriptor) ?? Environment["COLUMNS"].flatMap(Int.init) ?? 80,
      hasColour: Environment["NO_COLOR"] == nil && Environment["TERM"] != "dumb")
  }

  private static func width(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }
}

/// The environment's variables; an empty one counts as missing.
enum Environment {
  static subscript(name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// A variable that is kept, or names a place.
  ///
  /// - Throws: `invalidArgument` where it is not UTF-8: it would be another text.
  static func text(_ name: String) throws(RollbookError) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    guard let text = unsafe String(validatingCString: value) else {
      throw RollbookError(
        .invalidArgument, "The environment's \(name) is not text in UTF-8.",
        hint: "Set it to text, or unset it.")
    }
    return text.isEmpty ? nil : text
  }
}
#endif
