internal import Glibc
internal import Rollbook

/// Writes what the instances say to the generation's log: their keeper does, or whoever ends what a
/// killed keeper left.
///
/// A log that cannot be written never stops a program: what does not fit is dropped.
final class KeeperLog {
  private let path: String
  private let limit: Int64
  private let source: Descriptor
  private var file: Descriptor?
  private(set) var size: Int64
  private var buffer: [UInt8]

  /// - Parameter pipe: the path of the pipe to which the instances write.
  init(path: String, limit: Int64, pipe: String) throws(RollbookError) {
    try Files.makeFolder(Files.parent(of: path))
    let file = try KeeperLog.open(path)
    self.path = path
    self.limit = limit
    buffer = [UInt8](repeating: 0, count: Int(max(1, min(limit, 65536))))
    // Both ends: else one that nobody writes to any more would look readable for ever.
    source = try Descriptor.open(pipe, O_RDWR | O_NONBLOCK | O_NOFOLLOW)
    size = Int64(lseek(file.raw, 0, SEEK_END))
    self.file = consume file
  }

  var descriptor: Int32 { source.raw }

  /// Makes a pipe, and opens it for programs: both ends, so that writing never fails because
  /// nobody reads.
  static func makePipe(_ path: String) throws(RollbookError) -> Descriptor {
    try Files.removeFile(path)
    guard unsafe mkfifo(path, 0o600) == 0 else { throw Files.failure("make the pipe", path) }
    return try Descriptor.open(path, O_RDWR | O_NOFOLLOW)
  }

  /// Writes what is there now; at most so much that others get their turn.
  func drain() {
    for _ in 0..<16 {
      let raw = source.raw
      let count = unsafe buffer.withUnsafeMutableBytes { buffer in
        retrying { unsafe read(raw, buffer.baseAddress, buffer.count) }
      }
      if count <= 0 { return }
      if size + Int64(count) > limit { rotate() }
      size += Int64(count)
      try? file?.write(buffer, count: count, path: path)
    }
  }

  private func rotate() {
    _ = unsafe rename(path, path + ".1")
    file = try? KeeperLog.open(path)
    size = 0
  }

  private static func open(_ path: String) throws(RollbookError) -> Descriptor {
    try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW)
  }
}
