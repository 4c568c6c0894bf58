internal import CRollbookProcess
internal import Glibc
package import Rollbook

/// One end of a connection on which lines are sent; it blocks, within limits, and is used by one
/// thread at a time.
package final class LineSocket: Sendable {
  /// What came of waiting for a line.
  package enum Reply: Equatable {
    case line(String)
    /// The other end is gone.
    case closed
    case timedOut
    case cancelled
  }

  private let socket: Descriptor

  init(adopting raw: Int32) { socket = Descriptor(adopting: raw) }

  /// Connects to the keeper of a generation; nil where none listens.
  package static func connect(to folder: GenerationFolder) throws(RollbookError) -> LineSocket? {
    let open = try Descriptor.open(folder.path, O_RDONLY | O_DIRECTORY)
    let raw = unsafe rollbook_connect("/proc/self/fd/\(open.raw)/\(GenerationFolder.controlName)")
    if raw >= 0 { return LineSocket(adopting: raw) }
    if errno == ECONNREFUSED || errno == ENOENT { return nil }
    throw Files.failure("connect to the keeper of", folder.path)
  }

  /// Two ends of a new connection; the second is to be handed on, and closed by the caller.
  static func pair() throws(RollbookError) -> (LineSocket, Int32) {
    var ends: (Int32, Int32) = (-1, -1)
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let code = unsafe withUnsafeMutableBytes(of: &ends) { buffer in
      unsafe socketpair(AF_UNIX, kind, 0, buffer.baseAddress?.assumingMemoryBound(to: Int32.self))
    }
    guard code == 0 else { throw Files.failure("make", "a socket") }
    return (LineSocket(adopting: ends.0), ends.1)
  }

  /// Sends a line; false where the other end is gone.
  func send(_ line: [UInt8]) -> Bool {
    let bytes = line + [0x0a]
    var sent = 0
    while sent < bytes.count {
      let raw = socket.raw
      let count = unsafe bytes[sent...].withUnsafeBytes { rest in
        retrying { unsafe Glibc.send(raw, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL)) }
      }
      if count < 0 { return false }
      sent += count
    }
    return true
  }

  package func send(_ line: String) -> Bool { send(Array(line.utf8)) }

  /// Waits for a line until a deadline of the monotonic clock.
  package func receive(until deadline: Double, isCancelled: () -> Bool = { false }) -> Reply {
    var line: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      if isCancelled() { return .cancelled }
      let left = deadline - Monotonic.now()
      if left <= 0 { return .timedOut }
      // Short enough to notice a cancellation.
      guard isReadable(milliseconds: Int32(min(left, 0.05) * 1000) + 1) else { continue }
      // What follows the line is left for the next call.
      let raw = socket.raw
      let seen = retrying { unsafe recv(raw, &buffer, buffer.count, Int32(MSG_PEEK)) }
      if seen <= 0 { return .closed }
      let end = buffer[..<seen].firstIndex(of: 0x0a)
      let count = retrying { unsafe recv(raw, &buffer, end.map { $0 + 1 } ?? seen, 0) }
      if count <= 0 { return .closed }
      line += buffer[..<(end ?? count)]
      if end != nil { return .line(String(decoding: line, as: UTF8.self)) }
    }
  }

  /// Tells the other end that nobody is here any more.
  package func close() { shutdown(socket.raw, Int32(SHUT_RDWR)) }

  private func isReadable(milliseconds: Int32) -> Bool {
    var wanted = pollfd(fd: socket.raw, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&wanted, 1, milliseconds) > 0
  }
}
