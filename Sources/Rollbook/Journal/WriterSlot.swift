internal import RollbookSQLite

/// The writing connection of a journal, and which file it was opened on.
struct WriterSlot: ~Copyable, Sendable {
  var writer: JournalWriter?
  let identity: FileIdentity?
  /// When the file was last seen to be where it should be; nil before the first commit.
  private var seenInPlace: Timestamp?

  init(writer: consuming JournalWriter?, identity: FileIdentity?) {
    self.writer = writer
    self.identity = identity
  }

  /// Runs a closure in one durable transaction, in turn with other processes.
  mutating func transaction<Result>(
    path: String, sideLock: String, clock: @escaping @Sendable () -> Timestamp,
    probe: JournalProbe?, _ body: (borrowing JournalWriter) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result {
    guard identity != nil else {
      throw RollbookError(
        .journalReadOnly, "The journal \(path) was opened for reading only.",
        hint: "Check the permissions of the home.")
    }
    if writer == nil {
      // The last commit's result was unknown: begin afresh with what the disk holds.
      let connection = try JournalFile.openWriter(
        path: path, sideLock: sideLock, now: clock(), forgetsSync: probe?.forgetsSync ?? false)
      writer = JournalWriter(reader: JournalReader(connection: connection), now: clock)
    }
    guard let writer = writer.take() else {
      throw RollbookError(.journalFailed, "The journal's writer is gone.")
    }
    let turn: FileLock
    do throws(RollbookError) {
      turn = try FileLock.acquire(sideLock)
    } catch {
      throw error.ofHome()
    }
    let result: Result
    do throws(RollbookError) {
      let (identity, lastSeen) = (identity, seenInPlace)
      result = try writer.transaction(
        body,
        checkFile: { () throws(RollbookError) in
          if FileIdentity(path: path) != identity {
            throw RollbookError.journalReplaced(lastSeen: lastSeen)
          }
        }, failsCommit: { probe?.failsCommit() ?? false })
      seenInPlace = .now()
      _ = consume turn
    } catch {
      // A connection whose commit failed is not used again.
      if error.code != .outcomeUnknown { self.writer = consume writer }
      throw error.naming(journal: path)
    }
    self.writer = consume writer
    return result
  }
}

extension RollbookError {
  /// - Parameter lastSeen: when the last commit found the file where it should be.
  static func journalReplaced(lastSeen: Timestamp?) -> RollbookError {
    let since = lastSeen.map { " The last commit that found it in place was at \($0)." } ?? ""
    return RollbookError(
      .journalReplaced,
      "The journal's file was replaced or deleted while it was in use.\(since) What was recorded "
        + "in the file that is gone is in no other.",
      hint: "Nothing more is written. Put the file back, or restart what uses it.")
  }
}

/// A transaction that writes.
public struct JournalWriter: ~Copyable, Sendable {
  /// Reads what the transaction has written too.
  public let reader: JournalReader
  package let now: @Sendable () -> Timestamp

  package init(reader: consuming JournalReader, now: @escaping @Sendable () -> Timestamp) {
    self.reader = reader
    self.now = now
  }

  borrowing func query(_ sql: String) throws(RollbookError) -> Query {
    try Query(reader.connection, sql)
  }

  borrowing func transaction<Result>(
    _ body: (borrowing JournalWriter) throws(RollbookError) -> Result,
    checkFile: () throws(RollbookError) -> Void, failsCommit: () -> Bool
  ) throws(RollbookError) -> Result {
    try begin()
    let result: Result
    do throws(RollbookError) {
      result = try body(self)
      try checkFile()
    } catch {
      rollBack()
      throw error
    }
    do throws(SQLiteError) {
      if failsCommit() {
        throw SQLiteError(code: SQLiteError.PrimaryCode.ioError.rawValue, message: "a test's fault")
      }
      try reader.connection.execute("COMMIT")
    } catch {
      rollBack()
      // What was not written for want of room does not count.
      if error.primaryCode == .ioError && !error.isWriteWithoutRoom {
        throw RollbookError(
          .outcomeUnknown, "The disk failed while the journal was committing (\(error.message)).",
          hint: "What was asked may have been recorded or not: look before you repeat it.")
      }
      throw RollbookError(error)
    }
    return result
  }

  /// Waits up to a minute for another program that holds the file: nothing has been written yet.
  private borrowing func begin() throws(RollbookError) {
    for _ in 0..<11 {
      do throws(SQLiteError) {
        return try reader.connection.execute("BEGIN IMMEDIATE")
      } catch {
        if error.primaryCode != .busy { throw RollbookError(error) }
      }
    }
    try reader.execute("BEGIN IMMEDIATE")
  }

  private borrowing func rollBack() {
    if reader.connection.isInTransaction { try? reader.connection.execute("ROLLBACK") }
  }

  /// Runs each caller's closure in a savepoint of its own, so that one that fails is undone alone.
  borrowing func runEach(
    _ batch: [WriteQueue.Request]
  ) throws(RollbookError) -> [RollbookError?] {
    var errors: [RollbookError?] = []
    for request in batch {
      try reader.execute("SAVEPOINT caller")
      do throws(RollbookError) {
        try request.body(self)
        errors.append(nil)
      } catch {
        guard reader.connection.isInTransaction else { throw error }
        try reader.execute("ROLLBACK TO caller")
        errors.append(error)
      }
      try reader.execute("RELEASE caller")
    }
    return errors
  }
}
