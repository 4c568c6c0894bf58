#if CommandLine
internal import Rollbook

extension Timestamp {
  /// For tables, in UTC: `2026-11-23 03:14:15Z`.
  var short: String {
    var text = String(description.prefix(19)) + "Z"
    if let index = text.firstIndex(of: "T") { text.replaceSubrange(index...index, with: " ") }
    return text
  }

  /// In UTC with milliseconds: `03:14:15.926Z`.
  var timeOfDay: String { String(description.dropFirst(11).prefix(12)) + "Z" }
}

/// How long something took or takes: `8 ms`, `0.3 s`, `41 s`, `12 min 5 s`, `3 h 4 min`, `2 d 5 h`.
func durationText(_ seconds: Double) -> String {
  let seconds = max(0, seconds)
  if seconds < 0.0995 { return "\(Int64((seconds * 1000).rounded())) ms" }
  if seconds < 9.95 { return "\(tenths(seconds)) s" }
  let whole = Int64(min(seconds.rounded(), 1e15))
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return pair(whole / 60, "min", whole % 60, "s") }
  if whole < 86400 { return pair(whole / 3600, "h", whole % 3600 / 60, "min") }
  return pair(whole / 86400, "d", whole % 86400 / 3600, "h")
}

private func pair(_ a: Int64, _ unitA: String, _ b: Int64, _ unitB: String) -> String {
  b == 0 ? "\(a) \(unitA)" : "\(a) \(unitA) \(b) \(unitB)"
}

/// An amount of bytes: `512 B`, `1.5 KiB`, `20 MiB`.
func bytesText(_ bytes: Int64) -> String {
  if bytes < 1024 { return "\(bytes) B" }
  var amount = Double(bytes)
  var unit = ""
  for next in ["KiB", "MiB", "GiB", "TiB", "PiB"] where amount >= 1024 {
    amount /= 1024
    unit = next
  }
  return "\(amount < 9.95 ? tenths(amount) : String(Int64(amount.rounded()))) \(unit)"
}

private func tenths(_ value: Double) -> String {
  let tenths = Int64((value * 10).rounded())
  return "\(tenths / 10).\(tenths % 10)"
}

extension String {
  /// The text as one harmless line: what came from programs must not steer a terminal.
  var singleLine: String {
    var line = ""
    var wasSpace = false
    for scalar in unicodeScalars {
      let isSpace = scalar == "\n" || scalar == "\r" || scalar == "\t" || scalar == " "
      if isSpace {
        if !wasSpace { line.append(" ") }
      } else if !scalar.isControl {
        line.unicodeScalars.append(scalar)
      }
      wasSpace = isSpace
    }
    return line
  }

  /// The text with its lines, without what would steer a terminal.
  var harmless: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.filter { !$0.isControl || $0 == "\n" || $0 == "\t" }))
  }

  /// At most `width` characters; a cut is marked by `…`.
  func cut(to width: Int) -> String {
    guard count > width else { return self }
    return width <= 1 ? "…" : String(prefix(width - 1)) + "…"
  }

  func padded(to width: Int, onLeft: Bool = false) -> String {
    let padding = String(repeating: " ", count: max(0, width - count))
    return onLeft ? padding + self : self + padding
  }
}

extension Unicode.Scalar {
  /// Whether it steers a terminal: controls, ends of lines, and what turns the direction of writing.
  var isControl: Bool {
    value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
      || (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
  }
}
#endif
