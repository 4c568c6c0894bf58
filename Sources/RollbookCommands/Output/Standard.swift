#if CommandLine
internal import Glibc
internal import Rollbook

/// Standard output and standard error, unbuffered.
///
/// A stream that is gone (a closed pipe, a lost terminal) ends nothing by itself: a change goes on
/// without its audience.
enum Standard {
  static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
  static func write(_ text: String) { write(text, to: STDOUT_FILENO) }
  static func write(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }
  static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }
  static func writeError(_ text: String) { write(text, to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) {
    write(Array(text.utf8), to: descriptor)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
        return retrying { unsafe Glibc.write(descriptor, rest.baseAddress, rest.count) }
      }
      if count <= 0 { return }
      written += count
    }
  }
}
#endif
