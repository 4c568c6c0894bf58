#if Server
internal import Rollbook
internal import Synchronization

/// Answers that are given again as long as nothing has changed: those who wait for something ask the
/// same again and again.
///
/// An answer holds as long as the journal is the one that it was read from: any commit of anybody makes
/// it another.
final class AnswerMemory: Sendable {
  struct Request: Hashable, Sendable {
    let operation: String
    let body: [UInt8]
  }

  private struct Key: Hashable {
    let request: Request
    /// Marks of different connections cannot be compared.
    let connection: Int
  }

  private struct State {
    var answers: [Key: (mark: ChangeMark, bytes: [UInt8])] = [:]
    var size = 0
  }

  private let state = Mutex(State())

  /// Together, in bytes; then all are forgotten.
  private static let sizeLimit = 8 << 20
  private static let bodyLimit = 4096

  /// Whether an answer of this kind is kept: it tells what is, and nothing else.
  static func keeps(_ operation: String, _ body: [UInt8]) -> Bool {
    body.count <= bodyLimit && (operation.hasPrefix("Describe") || operation.hasPrefix("List"))
  }

  func answer(to request: Request, at mark: ChangeMark) -> [UInt8]? {
    let key = Key(request: request, connection: mark.connection)
    return state.withLock { state in
      guard let known = state.answers[key], known.mark == mark else { return nil }
      return known.bytes
    }
  }

  /// - Parameter mark: taken before the answer was looked up.
  func keep(_ bytes: [UInt8], for request: Request, at mark: ChangeMark) {
    let key = Key(request: request, connection: mark.connection)
    let size = bytes.count + request.body.count + 256
    guard size <= AnswerMemory.sizeLimit / 64 else { return }
    state.withLock { state in
      if state.size + size > AnswerMemory.sizeLimit { state = State() }
      if let old = state.answers.updateValue((mark, bytes), forKey: key) {
        state.size -= old.bytes.count + request.body.count + 256
      }
      state.size += size
    }
  }
}
#endif
