#if Server
/// A pattern of the published model, matched as a whole.
///
/// Nearly all are `[…]+` or `arn:.*`, and names are matched with every request: those are matched
/// without a regular expression.
struct TextPattern {
  private enum Form {
    case characters(Set<UInt8>)
    case prefix(String)
    case expression(String)
  }

  private let form: Form

  init(_ pattern: String) {
    if pattern.hasPrefix("["), pattern.hasSuffix("]+"), !pattern.dropFirst().contains("["),
      !pattern.contains("^"), !pattern.contains("\\")
    {
      form = .characters(Self.characters(Array(pattern.dropFirst().dropLast(2).utf8)))
    } else if pattern.hasSuffix(".*"), !pattern.contains("^") {
      form = .prefix(String(pattern.dropLast(2)))
    } else {
      form = .expression(pattern)
    }
  }

  func matches(_ text: String) -> Bool {
    switch form {
    case .characters(let allowed):
      !text.isEmpty && text.utf8.allSatisfy(allowed.contains)
    // A dot stands for anything but the end of a line.
    case .prefix(let prefix):
      text.utf8.starts(with: prefix.utf8)
        && !text.unicodeScalars.contains { Character($0).isNewline }
    case .expression(let pattern):
      // What cannot be compiled lets everything through, and the test of the table says so. A mark that
      // combines with what is before it is a character of its own, as it is to the service.
      (try? Regex(pattern).matchingSemantics(.unicodeScalar))
        .map { text.wholeMatch(of: $0) != nil } ?? true
    }
  }

  /// The bytes that a class of characters names; a dash after a range stands for itself.
  private static func characters(_ text: [UInt8]) -> Set<UInt8> {
    var found: Set<UInt8> = []
    var index = 0
    while index < text.count {
      if index + 2 < text.count, text[index + 1] == UInt8(ascii: "-"), text[index] < text[index + 2]
      {
        found.formUnion(text[index]...text[index + 2])
        index += 3
        continue
      }
      found.insert(text[index])
      index += 1
    }
    return found
  }
}
#endif
