internal import CRollbookProcess
internal import Glibc
internal import Rollbook

/// The keeper's end of the control channel: one command per line, one answer per line.
final class KeeperControl {
  enum Command: Equatable {
    case pause(seconds: Double)
    case resume
    case stop(graceSeconds: Double)
    case unknown

    /// `pause SECONDS`, `continue`, `stop SECONDS`.
    init(_ line: String) {
      let words = line.split(separator: " ")
      let seconds = words.count == 2 ? Double(words[1]).flatMap { $0 >= 0 ? $0 : nil } : nil
      switch (words.first, seconds) {
      case ("pause", .some(let seconds)): self = .pause(seconds: seconds)
      case ("continue", nil): self = .resume
      case ("stop", .some(let seconds)): self = .stop(graceSeconds: seconds)
      default: self = .unknown
      }
    }
  }

  enum Event {
    case command(Command, from: Int32)
    /// The requester is gone.
    case gone(Int32)
  }

  private let listener: Descriptor
  /// By their descriptors, which are unique among the open ones.
  private var lines: [Int32: [UInt8]] = [:]

  /// Listens in the working folder of this process.
  init() throws(RollbookError) {
    try Files.removeFile(GenerationFolder.controlName)
    let raw = unsafe rollbook_listen(GenerationFolder.controlName)
    guard raw >= 0 else { throw Files.failure("listen on", GenerationFolder.controlName) }
    listener = Descriptor(adopting: raw)
  }

  var descriptors: [Int32] { [listener.raw] + lines.keys }

  /// Takes what a readable descriptor brings.
  func events(on descriptor: Int32) -> [Event] {
    if descriptor == listener.raw {
      let connection = rollbook_accept(listener.raw)
      if connection >= 0 { lines[connection] = [] }
      return []
    }
    guard var line = lines[descriptor] else { return [] }
    var events: [Event] = []
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = retrying { unsafe recv(descriptor, &buffer, 256, 0) }
    if count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) { return [] }
    for byte in buffer.prefix(max(0, count)) {
      if byte == 0x0a {
        let text = String(decoding: line, as: UTF8.self)
        events.append(.command(Command(text), from: descriptor))
        line = []
      } else {
        line.append(byte)
      }
    }
    // No command is that long.
    if count <= 0 || line.count > 256 {
      events.append(.gone(descriptor))
      lines[descriptor] = nil
      close(descriptor)
    } else {
      lines[descriptor] = line
    }
    return events
  }

  /// Whether a requester still waits for an answer.
  func isThere(_ descriptor: Int32) -> Bool {
    var wanted = pollfd(fd: descriptor, events: 0, revents: 0)
    return unsafe poll(&wanted, 1, 0) == 0
  }

  /// Answers a requester, if it is still there.
  func answer(_ text: String, to descriptor: Int32) {
    guard lines[descriptor] != nil else { return }
    let bytes = Array((text + "\n").utf8)
    _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }
}
