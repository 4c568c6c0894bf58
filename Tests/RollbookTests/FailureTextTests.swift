import Rollbook
import Testing

/// Texts that are cut to what is kept for good.
@Suite struct FailureTextTests {
  /// The text after the mark of a cut, which stands there once and says how much was cut.
  private func kept(_ text: String, of size: Int) throws -> Substring {
    #expect(text.utf8.count <= Failure.textLimit)
    let end = try #require(text.utf8.prefix(100).firstIndex(of: UInt8(ascii: "\n")))
    let kept = text[text.utf8.index(after: end)...]
    #expect(text[..<end] == "[… \(size - kept.utf8.count) bytes cut by Rollbook …]")
    let start = String(decoding: kept.utf8.prefix(100), as: UTF8.self)
    #expect(!start.contains("bytes cut by Rollbook"))
    return kept
  }

  /// The last bytes of a text.
  private func end(_ text: Substring, _ count: Int) -> String {
    String(decoding: text.utf8.suffix(count), as: UTF8.self)
  }

  @Test func `bytes that are no UTF-8 are repaired, and the text is cut once`() throws {
    // One byte in 32 becomes a character of three.
    let bad = [UInt8](repeating: 0x78, count: 31) + [0xff]
    let bytes = Array(repeatElement(bad, count: 50_000).joined()) + Array("the end".utf8)
    let read = bytes.suffix(Failure.textLimit)
    let text = Failure.tail(read, of: Int64(bytes.count))
    let rest = try kept(text, of: bytes.count + 2 * read.count { $0 == 0xff })
    #expect(end(rest, 10) == "\u{fffd}the end")
    #expect(Failure(phase: .start, rootCause: "", text: text).text == text)

    // All of it fitted as bytes.
    let short = Array(repeatElement(bad, count: 32_000).joined())
    let grown = Failure.tail(short, of: Int64(short.count))
    _ = try kept(grown, of: short.count + 2 * 32_000)
    #expect(Failure(phase: .start, rootCause: "", text: grown).text == grown)
  }

  @Test(arguments: ["é", "👩‍👩‍👧", "e\u{301}"], 0..<4)
  func `a cut goes between characters`(_ character: String, shift: Int) throws {
    let last = String(repeating: ".", count: shift)
    let text = String(repeating: character, count: Failure.textLimit) + last
    let failure = Failure(phase: .start, rootCause: "", text: text)
    let rest = try kept(failure.text, of: text.utf8.count).dropLast(shift)
    #expect(rest.utf8.count.isMultiple(of: character.utf8.count))
    #expect(rest.first == character.first)

    let bytes = Array(text.utf8)
    let read = Failure.tail(bytes.suffix(1001 + shift), of: Int64(bytes.count))
    let tail = try kept(read, of: bytes.count)
    #expect(!tail.unicodeScalars.contains("\u{fffd}"))
    #expect(tail.hasSuffix(character + last))
  }

  @Test func `what is said after a long text does not have it cut again`() throws {
    let bytes = [UInt8](repeating: 0x78, count: Failure.textLimit)
    let text = Failure.tail(
      bytes, of: Int64(bytes.count), followedBy: String(repeating: "y", count: 200))
    let rest = try kept(text, of: bytes.count + 200)
    #expect(end(rest, 201) == "x" + String(repeating: "y", count: 200))
    #expect(Failure(phase: .start, rootCause: "", text: text).text == text)
  }
}
