#if CommandLine && Server
import Foundation
import Glibc
import Testing

/// What a server answered.
struct WireAnswer: Sendable {
  let status: Int
  let headers: [String: String]
  let body: String

  func json() throws -> JSON { try JSON(parsing: body) }

  /// The error's name; empty for none.
  var error: String { (try? json()["__type"].text) ?? "" }

  /// The error's text, under whichever name it comes.
  var message: String {
    guard let json = try? json() else { return body }
    return json["Message"].text.isEmpty ? json["message"].text : json["Message"].text
  }
}

/// Speaks HTTP by hand, so that a test can send what no client would.
struct WireClient: Sendable {
  let port: UInt16

  /// Sends bytes as they are, and reads one answer; nil where the server closed without one.
  func send(_ bytes: [UInt8], seconds: Int = 60) async throws -> WireAnswer? {
    let port = port
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result { try Connection(port: port, seconds: seconds).ask(bytes) })
      }
    }
  }

  /// Sends bytes, keeps the connection open, and reads until the server closes it.
  func sendAndStay(_ bytes: [UInt8], seconds: Int = 60) async throws -> WireAnswer? {
    let port = port
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result { try Connection(port: port, seconds: seconds).ask(bytes, stays: true) })
      }
    }
  }

  /// A connection on which nothing is sent; it is closed when it is let go.
  func connect() throws -> AnyObject { try Connection(port: port, seconds: 60) }

  func send(
    _ method: String = "POST", _ path: String = "/", headers: [(String, String)],
    body: [UInt8] = []
  ) async throws -> WireAnswer {
    let all =
      [("Host", "127.0.0.1:\(port)"), ("Content-Length", String(body.count))] + headers
      + [("Connection", "close")]
    let head =
      "\(method) \(path) HTTP/1.1\r\n" + all.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
    return try #require(try await send(Array(head.utf8) + body))
  }

  /// Calls an operation, unsigned.
  func call(_ operation: String, _ body: String = "{}") async throws -> WireAnswer {
    try await send(
      headers: [
        ("X-Amz-Target", "KinesisAnalytics_20180523.\(operation)"),
        ("Content-Type", "application/x-amz-json-1.1"),
      ], body: Array(body.utf8))
  }

  func get(_ path: String) async throws -> WireAnswer {
    try await send("GET", path, headers: [])
  }
}

private struct Lost: Error {
  let what: String
}

/// One connection, for one answer.
private final class Connection {
  private let descriptor: Int32

  init(port: UInt16, seconds: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Lost(what: "no socket") }
    var timeout = timeval(tv_sec: seconds, tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Lost(what: "no connection (\(errno))") }
  }

  deinit { close(descriptor) }

  /// - Parameter stays: whether the connection is kept open until the server closes it.
  func ask(_ bytes: [UInt8], stays: Bool = false) throws -> WireAnswer? {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          descriptor, buffer.baseAddress?.advanced(by: sent), bytes.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      // A server that refuses does not read to the end: its answer is there all the same.
      if count <= 0 { break }
      sent += count
    }
    if !stays { shutdown(descriptor, Int32(SHUT_WR)) }
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      let isOverdue = stays && count < 0 && errno == EAGAIN
      if isOverdue || count < 0 && received.isEmpty { throw Lost(what: "no answer (\(errno))") }
      if count <= 0 { break }
      received += buffer[0..<count]
      if !stays, let answer = Connection.parse(received, isWhole: false) { return answer }
    }
    return Connection.parse(received, isWhole: true)
  }

  private static func parse(_ bytes: [UInt8], isWhole: Bool) -> WireAnswer? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 {
        headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
      }
    }
    let body = String(text[end.upperBound...])
    let length = headers["content-length"].flatMap { Int($0) } ?? 0
    guard isWhole || body.utf8.count >= length else { return nil }
    return WireAnswer(status: status, headers: headers, body: body)
  }
}
#endif
