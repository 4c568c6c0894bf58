#if Server
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization

/// Reads bodies, within limits of size and time.
///
/// Large ones, which carry code, are read one after the other: the others wait unread, and the
/// memory that they take together is bounded.
struct BodyReading: Sendable {
  /// Calls without code; the largest known is a tenth of it.
  static let plainLimit = 1 << 20
  /// 50 MiB of code in base64, and what is around it; source: the published model.
  static let codeLimit = 72 << 20
  /// Before anybody has said who asks.
  static let unsignedLimit = 64 << 10

  var seconds: Double = 30
  private let large = Turns()

  /// - Throws: `RequestEntityTooLargeException`, `RequestTimeoutException`.
  func read(
    _ request: Request, operation: String, isTrusted: Bool
  ) async throws(WireError) -> [UInt8] {
    let mayHoldCode = operation == "CreateApplication" || operation == "UpdateApplication"
    var limit = mayHoldCode ? Self.codeLimit : Self.plainLimit
    if !isTrusted && request.headers[.authorization] == nil { limit = Self.unsignedLimit }
    let announced = request.headers[.contentLength].flatMap { Int($0) }
    if let announced, announced > limit { throw tooLarge(limit) }
    let isLarge = (announced ?? limit) > Self.plainLimit
    if isLarge { await large.take() }
    defer { if isLarge { large.give() } }
    return try await collect(request.body, limit)
  }

  private func collect(_ body: RequestBody, _ limit: Int) async throws(WireError) -> [UInt8] {
    let seconds = seconds
    do {
      return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
        group.addTask { Array(buffer: try await body.collect(upTo: limit)) }
        group.addTask {
          try await Task.sleep(for: .seconds(seconds))
          return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let bytes = first else {
          throw WireError(
            .requestTimeout, "The request's body did not come within \(Int(seconds)) s.")
        }
        return bytes
      }
    } catch let error as WireError {
      throw error
    } catch is NIOTooManyBytesError {
      throw tooLarge(limit)
    } catch {
      throw WireError(.serialization, "The request's body could not be read.")
    }
  }

  private func tooLarge(_ limit: Int) -> WireError {
    WireError(.tooLarge, "The request's body is larger than \(limit) bytes.")
  }
}

/// One at a time, in the order in which they came.
private final class Turns: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func take() async {
    await withCheckedContinuation { continuation in
      let isNow = state.withLock { state in
        if state.isTaken {
          state.waiting.append(continuation)
          return false
        }
        state.isTaken = true
        return true
      }
      if isNow { continuation.resume() }
    }
  }

  func give() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      if state.waiting.isEmpty {
        state.isTaken = false
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
#endif
