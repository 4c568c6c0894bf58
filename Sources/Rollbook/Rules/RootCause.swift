/// Picks the one line of a program's output that says best why it failed.
public enum RootCause {
  /// The longest root cause, in characters.
  public static let limit = 512

  /// The root cause within an output; nil where it holds none.
  ///
  /// In this order, the last of its kind each time: what caused a chain of Java exceptions; the last
  /// line of a Python traceback; an exception that ended a Java thread; a fatal error or panic of
  /// Swift, Rust or Go; any line that speaks of an error; the last line that is not empty.
  ///
  /// - Parameter orLastLine: false to answer nil where no line speaks of an error.
  public static func pick(from text: String, orLastLine: Bool = true) -> String? {
    // Carriage returns end lines too: progress bars write them.
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(trimmed)
    let found =
      lines.last { $0.hasPrefix("Caused by: ") }.map { $0.dropFirst("Caused by: ".count) }
      ?? pythonError(in: text)
      ?? lines.last { $0.hasPrefix("Exception in thread ") }.map(javaException)
      ?? fatal(in: lines)
      ?? lines.last(where: speaksOfError)
      ?? (orLastLine ? lines.last { !$0.isEmpty } : nil)
    return found.map { String(trimmed($0).prefix(limit)) }
  }

  /// The line that names the exception: the first after the frames that is not indented.
  private static func pythonError(in text: String) -> Substring? {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    let header = "Traceback (most recent call last):"
    guard let start = lines.lastIndex(where: { trimmed($0) == header }) else { return nil }
    // A traceback may stand indented, as within a log record.
    let indentation = lines[start].prefix { $0.isWhitespace }.count
    return lines[(start + 1)...].first { line in
      !trimmed(line).isEmpty && line.prefix { $0.isWhitespace }.count <= indentation
    }
  }

  /// `Exception in thread "main" X: message` without the thread.
  private static func javaException(_ line: Substring) -> Substring {
    let parts = line.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count == 3 && !trimmed(parts[2]).isEmpty ? parts[2] : line
  }

  private static func isFatal(_ line: Substring) -> Bool {
    // Swift names the file before it, Rust the thread.
    line.contains("Fatal error: ") || line.hasPrefix("fatal error: ")
      || line.hasPrefix("panic: ") || (line.hasPrefix("thread ") && line.contains(" panicked at "))
  }

  /// Rust tells the message in the line after the one that tells where.
  private static func fatal(in lines: [Substring]) -> Substring? {
    guard let index = lines.lastIndex(where: isFatal) else { return nil }
    let line = lines[index]
    guard line.hasPrefix("thread "), line.hasSuffix(":"), index + 1 < lines.count else {
      return line
    }
    return "\(line) \(lines[index + 1])"
  }

  private static func speaksOfError(_ line: Substring) -> Bool {
    let line = line.lowercased()
    return ["error", "exception", "fatal", "panic"].contains { line.contains($0) }
  }

  private static func trimmed(_ line: Substring) -> Substring {
    let start = line.drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else {
      return start[..<start.startIndex]
    }
    return start[...last]
  }
}
