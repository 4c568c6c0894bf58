#if Server
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Reads bodies, within limits of size and time.
///
/// Of large ones, which carry code, there is one at a time: the others wait unread.
struct BodyReading: Sendable {
  /// Calls without code; the largest that the published model allows is half of it.
  static let plainLimit = 256 << 10
  /// 50 MiB of code in base64, and what is around it; source: the published model.
  static let codeLimit = 72 << 20

  let seconds: Double
  let deadlines = Deadlines()
  private let large = Turns()

  /// - Parameter seconds: how long a body may take, and the wait for a turn.
  init(seconds: Double) { self.seconds = seconds }

  /// Waits until a request may take the room that it will need.
  ///
  /// - Throws: `RequestEntityTooLargeException`; `ServiceUnavailableException` where others take too long.
  func turn(for request: Request, limit: Int) async throws(WireError) -> Turns.Turn {
    let announced = request.headers[.contentLength].flatMap { Int($0) }
    if let announced, announced > limit { throw tooLarge(limit) }
    guard (announced ?? limit) > Self.plainLimit else { return Turns.Turn(of: nil) }
    guard let turn = await large.take(within: seconds, deadlines) else {
      throw WireError(.serviceUnavailable, "Others are sending code: try again.")
    }
    return turn
  }

  /// - Throws: `RequestEntityTooLargeException`, `RequestTimeoutException`.
  func read(_ request: Request, limit: Int) async throws(WireError) -> [UInt8] {
    let body = request.body
    let reading = Task { Array(buffer: try await body.collect(upTo: limit)) }
    let place = deadlines.add(seconds: seconds) { reading.cancel() }
    defer { deadlines.remove(place) }
    switch await reading.result {
    case .success(let bytes) where !reading.isCancelled: return bytes
    case .failure(is NIOTooManyBytesError): throw tooLarge(limit)
    case .failure where !reading.isCancelled:
      throw WireError(.serialization, "The request's body could not be read.")
    case .success, .failure:
      throw WireError(.requestTimeout, "The request's body did not come within \(Int(seconds)) s.")
    }
  }

  private func tooLarge(_ limit: Int) -> WireError {
    WireError(.tooLarge, "The request's body is larger than \(limit) bytes.")
  }
}
#endif
