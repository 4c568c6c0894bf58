#if Server
@testable import RollbookServer

/// Bytes are refused, or a value; what is written of it is JSON that means the same.
enum JSONFuzzing {
  static func check(_ bytes: [UInt8]) throws(Finding) {
    let value: JSONValue
    do throws(WireError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      return try require(error.code == .serialization, "refused as \(error)")
    }
    try checkWriting(value)
  }

  static func checkWriting(_ value: JSONValue) throws(Finding) {
    let written = JSONWriting(value).bytes
    try require(
      written.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character was written as it is")
    let again: JSONValue
    do throws(WireError) {
      again = try JSONValue(parsing: written)
    } catch {
      throw Finding("what was written is not read: \(error)")
    }
    // Texts of one meaning are the same to Swift whatever their bytes: so the bytes are compared.
    try require(JSONWriting(again).bytes == written, "what was written is read as another value")
  }
}
#endif
