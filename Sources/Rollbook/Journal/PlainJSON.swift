/// Reads the JSON that the journal writes, without the cost of the general decoder.
///
/// It knows objects of ASCII strings without escapes, whole numbers, true, false, arrays of such
/// strings, and such objects.
/// Whatever else a text holds is left to the general decoder: the answer is nil then.
enum PlainJSON {
  typealias Members = [(name: String, value: PlainJSON)]

  case text(String)
  case number(Int64)
  case truth(Bool)
  case texts([String])
  case object(Members)

  /// The members of the object that a text holds, in their order.
  static func members(of text: String) -> Members? {
    var scanner = Scanner(bytes: Array(text.utf8))
    guard let members = scanner.object(), scanner.position == scanner.bytes.count else {
      return nil
    }
    return members
  }

  var asText: String? { if case .text(let text) = self { text } else { nil } }
  var asNumber: Int64? { if case .number(let number) = self { number } else { nil } }
  var asTruth: Bool? { if case .truth(let truth) = self { truth } else { nil } }

  var asArray: [String]? { if case .texts(let texts) = self { texts } else { nil } }

  /// An object whose values are all texts.
  var asTexts: [String: String]? {
    guard case .object(let members) = self else { return nil }
    if members.isEmpty { return [:] }
    var texts: [String: String] = [:]
    texts.reserveCapacity(members.count)
    for (name, value) in members {
      guard let text = value.asText, texts.updateValue(text, forKey: name) == nil else {
        return nil
      }
    }
    return texts
  }
}

/// The journal writes no white space between values; a text with some is left to the decoder.
private struct Scanner {
  let bytes: [UInt8]
  var position = 0
  /// How many objects are begun and not ended: nothing of the journal's has more than two.
  private var depth = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  mutating func object() -> PlainJSON.Members? {
    guard depth < 8, take(UInt8(ascii: "{")) else { return nil }
    depth += 1
    defer { depth -= 1 }
    var members: PlainJSON.Members = []
    if take(UInt8(ascii: "}")) { return members }
    members.reserveCapacity(8)
    repeat {
      guard let name = string(), take(UInt8(ascii: ":")), let value = value() else { return nil }
      members.append((name, value))
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "}")) ? members : nil
  }

  private mutating func value() -> PlainJSON? {
    guard position < bytes.count else { return nil }
    switch bytes[position] {
    case UInt8(ascii: "\""): return string().map { .text($0) }
    case UInt8(ascii: "{"): return object().map { .object($0) }
    case UInt8(ascii: "["): return array().map { .texts($0) }
    case UInt8(ascii: "t"): return word("true") ? .truth(true) : nil
    case UInt8(ascii: "f"): return word("false") ? .truth(false) : nil
    default: return number().map { .number($0) }
    }
  }

  private mutating func array() -> [String]? {
    guard take(UInt8(ascii: "[")) else { return nil }
    var texts: [String] = []
    if take(UInt8(ascii: "]")) { return texts }
    repeat {
      guard let text = string() else { return nil }
      texts.append(text)
    } while take(UInt8(ascii: ","))
    return take(UInt8(ascii: "]")) ? texts : nil
  }

  private mutating func word(_ word: StaticString) -> Bool {
    let text = word.description.utf8
    guard bytes[position...].starts(with: text) else { return false }
    position += text.count
    return true
  }

  private mutating func string() -> String? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return String(decoding: bytes[start..<position - 1], as: UTF8.self)
      }
      if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\\") { return nil }
      position += 1
    }
    return nil
  }

  /// A whole number of at most 18 digits, without a leading zero.
  private mutating func number() -> Int64? {
    let isNegative = take(UInt8(ascii: "-"))
    let start = position
    var number: Int64 = 0
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
    {
      number = number &* 10 &+ Int64(bytes[position] - UInt8(ascii: "0"))
      position += 1
    }
    let digits = position - start
    guard (1...18).contains(digits), digits == 1 || bytes[start] != UInt8(ascii: "0") else {
      return nil
    }
    // What follows is looked at by the caller: a fraction or an exponent is no comma and no brace.
    return isNegative ? -number : number
  }
}
