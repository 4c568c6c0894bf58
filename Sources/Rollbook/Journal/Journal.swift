internal import Dispatch
internal import RollbookSQLite
internal import Synchronization

/// A journal file: every application's operations, versions, snapshots and failures.
///
/// Reads and writes are closures over a transaction. A write is durable when it returns. Closures
/// of several callers may share one commit; one that throws is undone alone.
public final class Journal: Sendable {
  /// How a journal is opened.
  public enum Access: Sendable {
    /// Makes the journal and its folder where there are none.
    case create
    case readWrite
    /// Reads only; reads a file that cannot be locked too (`isWALReadable` says so).
    case readOnly
  }

  public let path: String
  public let access: Access
  /// False where only the main file could be read: what is in the WAL is not seen.
  public let isWALReadable: Bool

  private let clock: @Sendable () -> Timestamp
  private let probe: JournalProbe?
  private let sideLock: String
  private let writeQueue = WriteQueue()
  /// Where callers are answered: waking hundreds takes time that the next commit need not wait for.
  private let answers = DispatchQueue(label: "rollbook.journal.answers")
  /// Before the writer, as they are closed in this order: only a connection that may write, and is the
  /// last to be closed, brings the main file up to date and removes the WAL.
  private let readers: [ReaderSlot]
  private let writer: Mutex<WriterSlot>
  private let identity: FileIdentity?
  private let marks: ChangeMarks

  /// Whether the file that was opened is still the one at the path; only then can anything be written.
  package var isInPlace: Bool { FileIdentity(path: path) == identity }

  /// Opens the journal at a path.
  ///
  /// - Throws: `journalMissing`, `notAJournal`, `journalTooNew`, `journalReadOnly`, `journalDamaged`.
  public convenience init(path: String, access: Access) throws(RollbookError) {
    try self.init(path: path, access: access, clock: { Timestamp.now() }, probe: nil)
  }

  package init(
    path: String, access: Access, clock: @escaping @Sendable () -> Timestamp,
    probe: JournalProbe?
  ) throws(RollbookError) {
    self.path = path
    self.access = access
    self.clock = clock
    self.probe = probe
    sideLock = path + ".lock"
    if access == .readOnly {
      let opened = try Journal.naming(path) { () throws(RollbookError) in
        try JournalFile.openReader(path: path, mayBeImmutable: true)
      }
      isWALReadable = opened.isWALReadable
      identity = FileIdentity(path: path)
      writer = Mutex(WriterSlot(writer: nil, identity: nil))
      let reader = ReaderSlot(path: path, opened: opened)
      readers = [reader]
      marks = ChangeMarks(reader)
    } else {
      if access == .create { try JournalFile.create(path: path) }
      let now = clock()
      let connection = try Journal.naming(path) { [sideLock] () throws(RollbookError) in
        try JournalFile.openWriter(
          path: path, sideLock: sideLock, now: now, forgetsSync: probe?.forgetsSync ?? false)
      }
      isWALReadable = true
      identity = FileIdentity(path: path)
      writer = Mutex(
        WriterSlot(
          writer: JournalWriter(reader: JournalReader(connection: connection), now: clock),
          identity: identity))
      let first = ReaderSlot(path: path, identity: identity)
      readers = [first, ReaderSlot(path: path, identity: identity)]
      marks = ChangeMarks(first)
    }
  }

  private static func naming<Value: ~Copyable>(
    _ path: String, _ body: () throws(RollbookError) -> Value
  ) throws(RollbookError) -> Value {
    do throws(RollbookError) {
      return try body()
    } catch {
      throw error.naming(journal: path)
    }
  }

  // MARK: Reading

  /// Reads in one transaction, off the cooperative thread pool: on the thread that an operation of the
  /// engine has for itself, where a connection is free, or on another.
  public func read<Result: Sendable>(
    _ body: @escaping @Sendable (borrowing JournalReader) throws(RollbookError) -> Result
  ) async throws(RollbookError) -> Result {
    if OwnThread.isCurrent {
      for free in readers { if let result = try free.readIfFree(body) { return result } }
    }
    let slot = readers[Int.random(in: readers.indices)]
    return try await offPool(on: slot.queue) { () throws(RollbookError) -> Result in
      try slot.read(body)
    }
  }

  /// Reads in one transaction, on the calling thread; not for code on the cooperative pool.
  public func blockingRead<Result: Sendable>(
    _ body: (borrowing JournalReader) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result {
    try readers[0].read(body)
  }

  /// For a command, which has to start small: it reads most pages once, and comes back to little else than
  /// the top of a tree. At most 64 pages are kept; the system keeps the others.
  package func keepFewPages() throws(RollbookError) {
    for slot in readers {
      try slot.read { (reader) throws(RollbookError) in try reader.execute("PRAGMA cache_size = 64")
      }
    }
  }

  /// What the journal is now, for whoever wants to know later whether anything has changed.
  package func changeMark() async throws(RollbookError) -> ChangeMark { try await marks.mark() }

  // MARK: Writing

  /// Writes in one transaction, off the cooperative thread pool, and returns when it is durable.
  ///
  /// The closure may be run again, after what it wrote was undone: it should change nothing else.
  /// - Throws: what the closure threw; `outcomeUnknown` where the disk failed at the commit: read
  ///   back before you act.
  public func write<Result: Sendable>(
    _ body: @escaping @Sendable (borrowing JournalWriter) throws(RollbookError) -> Result
  ) async throws(RollbookError) -> Result {
    try probe?.before()
    let start = ContinuousClock.now
    let value = try await inLine(body)
    probe?.committed(start.duration(to: .now) / .seconds(1))
    try probe?.after()
    return value
  }

  /// Commits on the caller's own thread where that is possible now; else others do it.
  private func inLine<Result: Sendable>(
    _ body: @escaping @Sendable (borrowing JournalWriter) throws(RollbookError) -> Result
  ) async throws(RollbookError) -> Result {
    if OwnThread.isCurrent && writeQueue.tryLead() { return try leadAlone(body) }
    let answer = Mutex<Result?>(nil)
    let error: RollbookError? = await withCheckedContinuation { continuation in
      let request = WriteQueue.Request(
        body: { (writer) throws(RollbookError) in
          let value = try body(writer)
          answer.withLock { $0 = value }
        },
        answer: { continuation.resume(returning: $0) })
      writeQueue.enqueue(request) { self.commit($0) }
    }
    if let error { throw error }
    guard let value = answer.withLock({ $0 }) else {
      throw RollbookError(.journalFailed, "The write was never carried out.")
    }
    return value
  }

  /// Writes in one transaction and returns when it is durable; not for code on the cooperative pool.
  ///
  /// A lone caller commits on its own thread.
  public func blockingWrite<Result: Sendable>(
    _ body: @escaping @Sendable (borrowing JournalWriter) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result {
    if writeQueue.tryLead() { return try leadAlone(body) }
    let answer = Mutex<Swift.Result<Result, RollbookError>?>(nil)
    let done = DispatchSemaphore(value: 0)
    let request = WriteQueue.Request(
      body: { (writer) throws(RollbookError) in
        let value = try body(writer)
        answer.withLock { $0 = .success(value) }
      },
      answer: { error in
        if let error { answer.withLock { $0 = .failure(error) } }
        done.signal()
      })
    writeQueue.enqueue(request) { self.commit($0) }
    done.wait()
    guard let result = answer.withLock({ $0 }) else {
      throw RollbookError(.journalFailed, "The write was never carried out.")
    }
    return try result.get()
  }

  /// Commits one caller's closure on its own thread; the caller has the lead, and gives it up by this.
  private func leadAlone<Result: Sendable>(
    _ body: @escaping @Sendable (borrowing JournalWriter) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result {
    defer { writeQueue.endLead { self.commit($0) } }
    return try writer.withLock { (slot) throws(RollbookError) in
      try slot.transaction(path: path, sideLock: sideLock, clock: clock, probe: probe, body)
    }
  }

  /// Closes the journal's connections; the next use opens them again.
  ///
  /// Where nobody else has the journal open its main file then holds everything, and there is no WAL.
  public func close() {
    for slot in readers { slot.close() }
    writer.withLock { $0.writer = nil }
  }

  /// The texts of all statements that were used so far, for the test that looks at their plans.
  package func preparedStatements() throws(RollbookError) -> [String] {
    var texts = writer.withLock { $0.writer?.reader.connection.preparedStatements ?? [] }
    for slot in readers {
      texts += try slot.read { (reader) throws(RollbookError) in
        reader.connection.preparedStatements
      }
    }
    return texts
  }

  /// Commits what several callers asked as one transaction, and answers each.
  private func commit(_ batch: [WriteQueue.Request]) {
    var errors: [RollbookError?]
    do throws(RollbookError) {
      errors = try writer.withLock { (slot) throws(RollbookError) in
        if try commitTogether(batch, &slot) { return Array(repeating: nil, count: batch.count) }
        return try slot.transaction(path: path, sideLock: sideLock, clock: clock, probe: probe) {
          (writer) throws(RollbookError) in
          try writer.runEach(batch)
        }
      }
    } catch {
      errors = Array(repeating: error, count: batch.count)
    }
    answers.async { [errors] in
      for (request, error) in zip(batch, errors) { request.answer(error) }
    }
  }

  /// Runs all closures in one transaction without a savepoint: nearly always none fails, and for a
  /// savepoint SQLite copies every page before it is changed.
  ///
  /// - Returns: false where one of several failed; then nothing of them is done.
  private func commitTogether(
    _ batch: [WriteQueue.Request], _ slot: inout WriterSlot
  ) throws(RollbookError) -> Bool {
    var hasFailed = false
    do throws(RollbookError) {
      try slot.transaction(path: path, sideLock: sideLock, clock: clock, probe: probe) {
        (writer) throws(RollbookError) in
        do throws(RollbookError) {
          for request in batch { try request.body(writer) }
        } catch {
          hasFailed = true
          throw error
        }
      }
      return true
    } catch {
      if hasFailed && batch.count > 1 { return false }
      throw error
    }
  }
}

/// What is put around every commit: by a test to die there, by a server to measure.
package struct JournalProbe: Sendable {
  package let before: @Sendable () throws(RollbookError) -> Void
  package let after: @Sendable () throws(RollbookError) -> Void
  /// Whether the disk fails at this commit, which is then undone: nobody who asked for it knows.
  package let failsCommit: @Sendable () -> Bool
  /// The seconds from a write's request to its durable commit.
  package let committed: @Sendable (Double) -> Void
  /// Whether commits are not synced one by one: a test's fault, to see that it is found.
  package let forgetsSync: Bool

  package init(
    before: @escaping @Sendable () throws(RollbookError) -> Void = {},
    after: @escaping @Sendable () throws(RollbookError) -> Void = {},
    failsCommit: @escaping @Sendable () -> Bool = { false },
    committed: @escaping @Sendable (Double) -> Void = { _ in }, forgetsSync: Bool = false
  ) {
    self.forgetsSync = forgetsSync
    self.before = before
    self.after = after
    self.failsCommit = failsCommit
    self.committed = committed
  }
}
