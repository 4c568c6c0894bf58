// Columns that are written often: their JSON is plain nearly always.

/// Writes an object as the general encoder does, with its members in the order of their names.
///
/// What holds a character that JSON escapes is left to the general encoder: the text is nil then.
struct PlainJSONText {
  private var bytes: [UInt8] = [UInt8(ascii: "{")]
  private var isPlain = true

  /// The text of what was added; nil where something was not plain.
  var text: String? {
    isPlain ? String(decoding: bytes + [UInt8(ascii: "}")], as: UTF8.self) : nil
  }

  mutating func add(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    addName(name)
    addString(value)
  }

  mutating func add(_ name: StaticString, _ value: Int64?) {
    guard let value else { return }
    addName(name)
    bytes += String(value).utf8
  }

  mutating func add(_ name: StaticString, _ values: [String: String]?) {
    guard let values else { return }
    addName(name)
    var object = PlainJSONText()
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      object.addComma()
      object.addString(name)
      object.bytes.append(UInt8(ascii: ":"))
      object.addString(value)
    }
    isPlain = isPlain && object.isPlain
    bytes += object.bytes
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func addName(_ name: StaticString) {
    addComma()
    addString(name.description)
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func addComma() {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func addString(_ string: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      if byte < 0x20 || byte > 0x7E || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        isPlain = false
      }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension StepDetail {
  /// What its column holds; nil for NULL.
  func columnText() throws(RollbookError) -> String? {
    if isEmpty { return nil }
    if failure == nil, let plain = plainText { return plain }
    return try journalJSON(self)
  }

  private var plainText: String? {
    var object = PlainJSONText()
    object.add("generation", generation?.rawValue)
    object.add("holder", holder)
    object.add("message", message)
    object.add("observed", observed)
    object.add("parallelism", parallelism.map(Int64.init))
    object.add("place", place)
    object.add("secretDigests", secretDigests)
    object.add("snapshot", snapshot)
    object.add("snapshotID", snapshotID?.rawValue)
    object.add("snapshotReason", snapshotReason)
    object.add("verdict", verdict)
    object.add("version", version)
    return object.text
  }
}
