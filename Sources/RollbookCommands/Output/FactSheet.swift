#if CommandLine
/// One thing's facts, a name and a value on each line; values wrap under themselves.
struct FactSheet: Sendable {
  private var facts: [(name: String, value: String, style: Style)] = []

  /// Adds a fact; nothing where the value is nil or empty.
  mutating func add(_ name: String, _ value: String?, _ style: Style = .plain) {
    guard let value, !value.isEmpty else { return }
    facts.append((name, value.singleLine, style))
  }

  func render(for terminal: Terminal) -> String {
    let indent = (facts.map(\.name.count).max() ?? 0) + 2
    var text = ""
    for fact in facts {
      let name = Style.heading.apply(to: fact.name, on: terminal)
      let padding = String(repeating: " ", count: indent - fact.name.count)
      let lines = wrapped(fact.value, to: terminal.width.map { max(20, $0 - indent) })
        .map { fact.style.apply(to: $0, on: terminal) }
      text += name + padding
      text += lines.joined(separator: "\n" + String(repeating: " ", count: indent)) + "\n"
    }
    return text
  }
}

/// The lines of a text broken at spaces; a word that is too long is broken anywhere.
func wrapped(_ text: String, to width: Int?) -> [String] {
  guard let width, text.count > width else { return [text] }
  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ", omittingEmptySubsequences: false) {
    var rest = word
    if !line.isEmpty && line.count + 1 + rest.count > width {
      lines.append(line)
      line = ""
    }
    while rest.count > width {
      lines.append(String(rest.prefix(width)))
      rest = rest.dropFirst(width)
    }
    line += (line.isEmpty ? "" : " ") + rest
  }
  lines.append(line)
  return lines
}
#endif
