internal import Glibc
internal import Rollbook

/// Writes what the instances say to the generation's log.
///
/// A log that cannot be written never stops a program: what does not fit is dropped.
final class KeeperLog {
  private let path: String
  private let limit: Int64
  private let source: Descriptor
  private var file: Descriptor?
  private(set) var size: Int64
  private var buffer: [UInt8]
  /// False once no process holds the pipe's other end any more.
  private(set) var isOpen = true

  /// - Parameter source: the end of a pipe that does not block.
  init(path: String, limit: Int64, source: consuming Descriptor) throws(RollbookError) {
    try Files.makeFolder(Files.parent(of: path))
    let file = try KeeperLog.open(path)
    self.path = path
    self.limit = limit
    buffer = [UInt8](repeating: 0, count: Int(max(1, min(limit, 65536))))
    self.source = source
    size = Int64(lseek(file.raw, 0, SEEK_END))
    self.file = consume file
  }

  var descriptor: Int32 { source.raw }

  /// Writes what is there now; at most so much that others get their turn.
  func drain() {
    for _ in 0..<16 {
      let raw = source.raw
      let count = unsafe buffer.withUnsafeMutableBytes { buffer in
        retrying { unsafe read(raw, buffer.baseAddress, buffer.count) }
      }
      if count < 0 { return }
      if count == 0 {
        isOpen = false
        return
      }
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
