#if Server
internal import CRollbookZlib
internal import Rollbook

/// Unpacks a zip archive, as programs come in them.
///
/// Stored and deflated entries, files and folders; links, encryption, archives in parts and above
/// 4 GiB are refused. Source: APPNOTE.TXT of PKWARE, 4.3 and 4.4.
struct ZipArchive {
  /// What a program may take once it is unpacked.
  static let sizeLimit = 512 << 20
  static let entryLimit = 20_000

  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func isArchive(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x50, 0x4b, 3, 4]) || bytes.starts(with: [0x50, 0x4b, 5, 6])
  }

  struct Entry {
    var name: String
    var method: Int
    var checksum: UInt32
    var compressedSize: Int
    var size: Int
    var offset: Int
    var mode: UInt32

    var isFolder: Bool { name.utf8.last == UInt8(ascii: "/") }
    /// What stands between the slashes, without the one at a folder's end.
    var parts: [String] { Files.parts(of: name).dropLast(isFolder ? 1 : 0) }
  }

  /// Unpacks into a folder, which is made.
  ///
  /// - Throws: `invalidArgument` for what is no archive, or none that can be trusted.
  func unpack(into folder: String) throws(RollbookError) {
    let entries = try self.entries()
    try Files.makeFolderUnsynced(folder)
    var total = 0
    for entry in entries {
      try check(entry)
      total += entry.size
      guard total <= Self.sizeLimit else {
        throw damaged("it would take more than \(Self.sizeLimit) bytes")
      }
    }
    for entry in entries {
      let parts = entry.parts
      var place = folder
      for part in parts.dropLast(entry.isFolder ? 0 : 1) {
        place += "/" + part
        if Files.isFolder(place) { continue }
        guard !Files.exists(place) else { throw damaged("\(entry.name) is below a file") }
        try Files.makeFolderUnsynced(place)
      }
      guard !entry.isFolder, let last = parts.last else { continue }
      let path = place + "/" + last
      guard !Files.exists(path) else { throw damaged("it holds \(entry.name) twice") }
      try Files.writeUnsynced(try content(of: entry), to: path)
      // Archives made elsewhere know no modes: what starts the program is run in any case.
      if entry.mode & 0o111 != 0 || entry.name == "run" { try Files.makeExecutable(path) }
    }
  }

  private func check(_ entry: Entry) throws(RollbookError) {
    let parts = entry.parts
    let isPlain = parts.allSatisfy {
      !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0)
    }
    guard parts.allSatisfy({ $0.utf8.count <= 255 }), entry.name.utf8.count <= 1024 else {
      throw damaged("a name in it is too long")
    }
    guard isPlain, !parts.isEmpty, !entry.name.utf8.contains(UInt8(ascii: "\\")) else {
      throw damaged("the name \"\(entry.name.prefix(256))\" leads out of it")
    }
    let kind = entry.mode & 0o170000
    guard kind == 0 || kind == 0o100000 || kind == 0o040000 else {
      throw damaged("\(entry.name) is a link or a device")
    }
  }

  // MARK: The directory

  func entries() throws(RollbookError) -> [Entry] {
    // The end of the directory is followed by a comment of at most 64 KiB.
    let earliest = max(0, bytes.count - 22 - 65535)
    let candidates = stride(from: bytes.count - 22, through: earliest, by: -1)
    guard bytes.count >= 22,
      let end = candidates.first(where: { self.number($0, 4) == 0x0605_4b50 })
    else { throw damaged("it has no directory") }
    let count = number(end + 10, 2)
    guard number(end + 4, 2) == 0, number(end + 8, 2) == count, count < 0xffff else {
      throw damaged("it comes in parts, or is larger than 4 GiB")
    }
    guard count <= Self.entryLimit else {
      throw damaged("it holds more than \(Self.entryLimit) files")
    }
    var at = number(end + 16, 4)
    var entries: [Entry] = []
    for _ in 0..<count {
      guard at + 46 <= bytes.count, number(at, 4) == 0x0201_4b50 else {
        throw damaged("its directory ends too early")
      }
      entries.append(try entry(at))
      at += 46 + number(at + 28, 2) + number(at + 30, 2) + number(at + 32, 2)
    }
    return entries
  }

  private func entry(_ at: Int) throws(RollbookError) -> Entry {
    let nameEnd = at + 46 + number(at + 28, 2)
    guard nameEnd <= bytes.count,
      let name = String(validating: bytes[at + 46..<nameEnd], as: UTF8.self)
    else { throw damaged("a name in it is not UTF-8") }
    guard number(at + 8, 2) & 1 == 0 else { throw damaged("\(name) is encrypted") }
    let isFromUnix = number(at + 4, 2) >> 8 == 3
    return Entry(
      name: name, method: number(at + 10, 2), checksum: UInt32(number(at + 16, 4)),
      compressedSize: number(at + 20, 4), size: number(at + 24, 4), offset: number(at + 42, 4),
      mode: isFromUnix ? UInt32(number(at + 38, 4) >> 16) : 0)
  }

  // MARK: The content

  private func content(of entry: Entry) throws(RollbookError) -> [UInt8] {
    let at = entry.offset
    guard at + 30 <= bytes.count, number(at, 4) == 0x0403_4b50 else {
      throw damaged("\(entry.name) is not where its directory says")
    }
    let start = at + 30 + number(at + 26, 2) + number(at + 28, 2)
    guard start + entry.compressedSize <= bytes.count else {
      throw damaged("\(entry.name) ends too early")
    }
    // Nothing deflates to less than a thousandth: such a size is not believed, nor is room made for it.
    guard entry.size <= entry.compressedSize * 1032 + 64 else {
      throw damaged("\(entry.name) is not as large as its directory says")
    }
    let packed = bytes[start..<start + entry.compressedSize]
    let content: [UInt8]
    switch entry.method {
    case 0: content = Array(packed)
    case 8: content = try inflated(packed, entry)
    default: throw damaged("\(entry.name) is packed in a way that is not known")
    }
    guard content.count == entry.size, Self.checksum(content) == entry.checksum else {
      throw damaged("\(entry.name) is not what its checksum says")
    }
    return content
  }

  private func inflated(
    _ packed: ArraySlice<UInt8>, _ entry: Entry
  ) throws(RollbookError) -> [UInt8] {
    var content = [UInt8](repeating: 0, count: entry.size)
    var packed = Array(packed)
    var stream = unsafe z_stream()
    // 15 bits of window, negative: no header before the data.
    guard
      unsafe inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw damaged("\(entry.name) cannot be unpacked") }
    defer { unsafe inflateEnd(&stream) }
    let status = unsafe packed.withUnsafeMutableBufferPointer { input in
      unsafe content.withUnsafeMutableBufferPointer { output in
        unsafe stream.next_in = input.baseAddress
        unsafe stream.avail_in = UInt32(input.count)
        unsafe stream.next_out = output.baseAddress
        unsafe stream.avail_out = UInt32(output.count)
        return unsafe inflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END, unsafe stream.avail_out == 0 else {
      throw damaged("\(entry.name) cannot be unpacked")
    }
    return content
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      UInt32(unsafe crc32(0, buffer.baseAddress, UInt32(buffer.count)))
    }
  }

  /// A number of the format: little end first. Past the end it reads as zeros.
  private func number(_ at: Int, _ count: Int) -> Int {
    guard at >= 0, at + count <= bytes.count else { return 0 }
    return bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private func damaged(_ what: String) -> RollbookError {
    RollbookError(
      .invalidArgument, "The code is no zip archive that can be unpacked: \(what).",
      hint: "Give an executable file, or a zip archive with an executable named run.")
  }
}
#endif
