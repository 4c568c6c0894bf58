internal import Synchronization

extension Journal {
  /// Begins an operation; where the disk failed at the commit, looks whether it was begun.
  ///
  /// - Throws: what the closure threw; `outcomeUnknown` where the operation is not there: nothing
  ///   may be done for it then.
  func writeOperation(
    _ body: @escaping @Sendable (borrowing JournalWriter) throws(RollbookError) -> Operation
  ) async throws(RollbookError) -> Operation {
    let begun = BegunOperation()
    do throws(RollbookError) {
      return try await write { (writer) throws(RollbookError) in
        let operation = try body(writer)
        begun.set(operation)
        return operation
      }
    } catch {
      guard error.code == .outcomeUnknown, let operation = begun.value else { throw error }
      let found = try await read { (reader) throws(RollbookError) in
        try reader.operation(operation.id)
      }
      // Another one may have taken the number of one that was not committed.
      guard found == operation else { throw error }
      return operation
    }
  }
}

/// The operation that a closure began when it was run last.
private final class BegunOperation: Sendable {
  private let operation = Mutex<Operation?>(nil)
  var value: Operation? { operation.withLock { $0 } }
  func set(_ value: Operation) { operation.withLock { $0 = value } }
}
