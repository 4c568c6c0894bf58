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
  /// Where the log ended when that was noted; less than 0 where that is so many bytes before the end
  /// of what was moved away.
  private(set) var mark: Int64?
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

  /// A log's files, the older first.
  static func paths(_ path: String) -> [String] { [path + ".1", path] }

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
      let count = take()
      if count <= 0 { return }
      write(count)
    }
  }

  /// Drops what is there now, at most as much.
  func discard() {
    for _ in 0..<16 where take() <= 0 { return }
  }

  /// Notes where the log ends now.
  func setMark() { mark = size }

  private func take() -> Int {
    let raw = source.raw
    return unsafe buffer.withUnsafeMutableBytes { buffer in
      retrying { unsafe read(raw, buffer.baseAddress, buffer.count) }
    }
  }

  private func write(_ count: Int) {
    if file == nil || size + Int64(count) > limit { renew() }
    guard file != nil, size + Int64(count) <= limit else { return }
    do throws(RollbookError) {
      try file?.write(buffer, count: count, path: path)
      size += Int64(count)
    } catch {
      // A full disk may have taken a part of it. What it has not taken does not count: else what is
      // there would be moved away, and away again, for nothing.
      measure()
    }
  }

  /// Moves the log away, if there is one, and begins a new one.
  ///
  /// Where that fails it is tried again when more is said: a log that cannot be moved stays as it is.
  private func renew() {
    if file != nil {
      guard unsafe rename(path, path + ".1") == 0 || errno == ENOENT else { return }
      mark = mark.map { $0 - size }
      file = nil
      size = 0
    }
    file = try? KeeperLog.open(path)
    measure()
  }

  private func measure() {
    if let raw = file?.raw { size = max(0, Int64(lseek(raw, 0, SEEK_END))) }
  }

  private static func open(_ path: String) throws(RollbookError) -> Descriptor {
    try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW)
  }
}
