package import Dispatch

/// Runs blocking work on a queue of its own and waits for it without blocking a thread of the pool.
package func offPool<Value: Sendable>(
  on queue: DispatchQueue,
  _ work: @escaping @Sendable () throws(RollbookError) -> Value
) async throws(RollbookError) -> Value {
  try await offPool(by: { queue.async(execute: $0) }, work)
}

/// Runs work on files and waits for it without blocking a thread of the pool.
package func offPool<Value: Sendable>(
  on files: FileWork,
  _ work: @escaping @Sendable () throws(RollbookError) -> Value
) async throws(RollbookError) -> Value {
  if OwnThread.isCurrent, let value = try files.doHere(work) { return value }
  return try await offPool(by: files.begin, work)
}

private func offPool<Value: Sendable>(
  by begin: (@escaping @Sendable () -> Void) -> Void,
  _ work: @escaping @Sendable () throws(RollbookError) -> Value
) async throws(RollbookError) -> Value {
  let result: Result<Value, RollbookError> = await withCheckedContinuation { continuation in
    begin {
      do throws(RollbookError) {
        continuation.resume(returning: .success(try work()))
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
  }
  return try result.get()
}
