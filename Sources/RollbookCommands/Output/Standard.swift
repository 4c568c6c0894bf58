#if CommandLine
internal import Glibc
internal import Rollbook
internal import Synchronization

/// Standard output and standard error, unbuffered.
///
/// A stream that is gone (a closed pipe, a lost terminal) ends nothing by itself: a change goes on
/// without its audience.
enum Standard {
  /// Keeps the numbers of closed streams from files that are opened later, which would be written to.
  static func keepNumbers() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
    where fcntl(descriptor, F_GETFD) < 0 {
      // For reading: who writes to a stream that is closed is told so.
      _ = unsafe open("/dev/null", O_RDONLY)
    }
  }

  /// Why an answer could not be written; nil where all were.
  private static let failure = Mutex<Int32?>(nil)

  /// Why an answer did not reach its reader, unless that is because the reader has seen enough.
  static var answerFailure: String? {
    failure.withLock { $0 }.flatMap { $0 == EPIPE ? nil : Files.errorText($0) }
  }

  /// Whether nobody gets to see any more what is answered.
  static var isGone: Bool { failure.withLock { $0 != nil } }

  /// What a change made of an application: what was done is done, whoever hears of it.
  static func tell(_ text: String) {
    _ = write(Array((text.harmless + "\n").utf8), to: STDOUT_FILENO)
  }

  static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
  static func write(_ text: String) { write(text, to: STDOUT_FILENO) }
  static func write(_ bytes: [UInt8]) { answer(bytes) }
  /// Texts of programs and clusters as they are, for files; on a terminal without what would steer it.
  static func writeForeign(_ text: String) {
    write(Terminal.output.width == nil ? text : text.harmless)
  }

  static func note(_ text: String) { write(text.harmless + "\n", to: STDERR_FILENO) }
  static func writeError(_ text: String) { write(text, to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) {
    if descriptor == STDOUT_FILENO { return answer(Array(text.utf8)) }
    _ = write(Array(text.utf8), to: descriptor)
  }

  private static func answer(_ bytes: [UInt8]) {
    guard let code = write(bytes, to: STDOUT_FILENO) else { return }
    failure.withLock { $0 = $0 ?? code }
  }

  /// - Returns: the system's error number where not all could be written.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
        return retrying { unsafe Glibc.write(descriptor, rest.baseAddress, rest.count) }
      }
      if count < 0 && errno == EAGAIN {
        // Whoever made the stream non-blocking, the reader only takes its time.
        waitForRoom(in: descriptor)
        continue
      }
      if count <= 0 { return count < 0 ? errno : EIO }
      written += count
    }
    return nil
  }

  /// Returns when something can be written, or nobody reads any more.
  private static func waitForRoom(in descriptor: Int32) {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    _ = unsafe poll(&request, 1, -1)
  }
}
#endif
