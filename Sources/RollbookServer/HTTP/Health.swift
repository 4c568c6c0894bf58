#if Server
internal import Rollbook

/// What machines that look after the server ask.
struct Health: Sendable {
  let journal: Journal
  let runner: OperationRunner
  let metrics: Metrics

  /// - Throws: `ServiceUnavailableException` where requests had better go elsewhere.
  func checkReady() async throws(WireError) {
    try runner.checkAccepts()
    guard journal.isInPlace else {
      throw WireError(
        .serviceUnavailable, "The journal's file was replaced or deleted: nothing can be written.")
    }
    _ = try await reading { (reader) throws(RollbookError) in try reader.applications(limit: 1) }
  }

  func metricsText() async throws(WireError) -> String {
    let inFlight = try await reading { (reader) throws(RollbookError) in
      var counts: [String: Int] = [:]
      for operation in try reader.openOperations() { counts[operation.name, default: 0] += 1 }
      return counts
    }
    let folder = Files.parent(of: journal.path)
    let files = ["journal.db", "journal.db-wal"].map { name in
      (file: name, size: Files.size(of: folder + "/" + name))
    }
    return metrics.text(inFlight: inFlight, journalBytes: files)
  }

  private func reading<Value: Sendable>(
    _ body: @escaping @Sendable (borrowing JournalReader) throws(RollbookError) -> Value
  ) async throws(WireError) -> Value {
    do throws(RollbookError) {
      return try await journal.read(body)
    } catch {
      throw WireError(.serviceUnavailable, "The journal cannot be read: \(error.message)")
    }
  }
}
#endif
