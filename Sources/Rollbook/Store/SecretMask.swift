/// Takes the values of secrets out of texts that others wrote.
package struct SecretMask: Sendable {
  /// What stands in the place of a value.
  package static let replacement = "***"

  /// Shorter ones are found in every text: to replace them would destroy it, and tell what they are.
  private static let shortest = 4

  /// The longest first: one may be a part of another.
  private let values: [[UInt8]]

  package var isEmpty: Bool { values.isEmpty }

  /// - Parameter values: of one with several lines each line is hidden too.
  package init(_ values: some Sequence<String>) {
    var all = Set<[UInt8]>()
    for value in values {
      let bytes = Array(value.utf8)
      // One line of a failure is told without the blanks around it.
      for part in [bytes[...]] + bytes.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let text = part.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
        all.formUnion([Array(part), Array(text)])
      }
    }
    self.values = all.filter { $0.count >= SecretMask.shortest }.sorted { $0.count > $1.count }
  }

  /// By bytes: what follows a value must not make another character of its end.
  package func hide(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let hidden = hide(bytes)
    return hidden.count == bytes.count && hidden == bytes
      ? text : String(decoding: hidden, as: UTF8.self)
  }

  package func hide(_ bytes: [UInt8]) -> [UInt8] {
    values.reduce(bytes) { $0.replacing($1, with: SecretMask.replacement.utf8) }
  }

  /// Of a part that was cut out of something longer the beginning of a value at its end is hidden too, and
  /// the end of one at its beginning.
  package func hide(part bytes: [UInt8]) -> [UInt8] {
    // Whole values first: the edge of one may be within itself.
    var hidden = hide(bytes)
    if let count = longestEdge({ hidden.starts(with: $0.suffix($1)) }) {
      hidden.replaceSubrange(..<count, with: SecretMask.replacement.utf8)
    }
    if let count = longestEdge({ hidden.reversed().starts(with: $0.prefix($1).reversed()) }) {
      hidden.replaceSubrange((hidden.count - count)..., with: SecretMask.replacement.utf8)
    }
    return hidden
  }

  private func longestEdge(_ isThere: ([UInt8], Int) -> Bool) -> Int? {
    values.compactMap { value in
      (SecretMask.shortest..<value.count).last { isThere(value, $0) }
    }.max()
  }
}
