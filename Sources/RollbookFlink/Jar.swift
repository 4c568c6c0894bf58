#if Flink
internal import Glibc
internal import Rollbook

/// Looks at a jar before it is deployed. Flink takes any bytes as a jar, and says only when they are
/// to run that they are none.
enum Jar {
  /// - Throws: `invalidArgument` where the code is no jar, or nothing says which class to run.
  static func check(_ path: String, hasEntryClass: Bool) throws(RollbookError) {
    guard let names = try names(in: path) else {
      throw RollbookError(
        .invalidArgument, "\(path) is not a jar.",
        hint: "Flink runs jars: build one, with your program and all it needs but Flink itself.")
    }
    if !hasEntryClass && !names.contains("META-INF/MANIFEST.MF") {
      throw RollbookError(
        .invalidArgument, "The jar \(path) has no manifest that names its main class.",
        hint: "Name the class to run with --entry-class CLASS.")
    }
  }

  /// The names in a zip archive's directory; nil where it is none. Source: APPNOTE.TXT of PKWARE, 4.3.
  private static func names(in path: String) throws(RollbookError) -> Set<String>? {
    guard !Files.isFolder(path), let file = try Files.openIfThere(path) else { return nil }
    let size = Int64(lseek(file.raw, 0, SEEK_END))
    // The end of the directory is followed by a comment of at most 64 KiB.
    let tailSize = min(size, 22 + 65535)
    let tail = try bytes(of: file, path, from: size - tailSize, count: Int(tailSize))
    guard
      let end = (0...max(0, tail.count - 22)).reversed().first(where: {
        tail.count >= 22 && tail[$0..<$0 + 4].elementsEqual([0x50, 0x4b, 5, 6])
      })
    else { return nil }
    let count = Int(number(tail, end + 12, 4))
    let start = Int64(number(tail, end + 16, 4))
    guard start + Int64(count) <= size else { return nil }
    let directory = try bytes(of: file, path, from: start, count: count)
    var names = Set<String>()
    var at = 0
    while at + 46 <= directory.count, directory[at..<at + 4].elementsEqual([0x50, 0x4b, 1, 2]) {
      let nameSize = Int(number(directory, at + 28, 2))
      let rest = Int(number(directory, at + 30, 2)) + Int(number(directory, at + 32, 2))
      guard at + 46 + nameSize <= directory.count else { return nil }
      names.insert(String(decoding: directory[at + 46..<at + 46 + nameSize], as: UTF8.self))
      at += 46 + nameSize + rest
    }
    return names
  }

  private static func number(_ bytes: [UInt8], _ at: Int, _ count: Int) -> UInt32 {
    bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func bytes(
    of file: borrowing Descriptor, _ path: String, from start: Int64, count: Int
  ) throws(RollbookError) -> [UInt8] {
    lseek(file.raw, off_t(start), SEEK_SET)
    var bytes: [UInt8] = []
    while bytes.count < count {
      var buffer = [UInt8](repeating: 0, count: count - bytes.count)
      let got = try file.read(into: &buffer, path: path)
      if got == 0 { break }
      bytes += buffer[..<got]
    }
    return bytes
  }
}
#endif
