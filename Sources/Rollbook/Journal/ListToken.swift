/// The text by which the next page of a list is asked for.
///
/// It names the last row that was shown, by its number, and carries a digest of the list that it came
/// from, so that it is of no use for another. Rows that are added meanwhile change nothing.
package enum ListToken {
  package static func text(after number: Int64, of list: String) -> String {
    Hex.encode(UInt64(bitPattern: number)) + digest(number, list)
  }

  /// The last row that was shown; nil for a text that is none of this list.
  package static func place(in text: String, of list: String) -> Int64? {
    guard let bits = UInt64(text.prefix(16), radix: 16) else { return nil }
    let number = Int64(bitPattern: bits)
    return self.text(after: number, of: list) == text ? number : nil
  }

  private static func digest(_ number: Int64, _ list: String) -> String {
    String(SHA256.hexDigest(of: Array("\(list) \(number)".utf8)).prefix(16))
  }
}
