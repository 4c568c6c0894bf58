internal import Dispatch
internal import Synchronization

/// A connection for reading, opened when it is first wanted, and the queue of its callers.
final class ReaderSlot: Sendable {
  let queue = DispatchQueue(label: "rollbook.journal.reader")
  private let path: String
  private let mayBeImmutable: Bool
  /// The one file that is read, whatever the path names later; nil where any will do.
  private let identity: FileIdentity?
  private let slot: Mutex<LazyReader>

  /// Reads beside a writer of this file.
  init(path: String, identity: FileIdentity?) {
    self.path = path
    self.identity = identity
    mayBeImmutable = false
    slot = Mutex(LazyReader(reader: nil, isImmutable: false))
  }

  /// With a connection that is open already, of a journal that is only read.
  init(path: String, opened: consuming OpenedReader) {
    self.path = path
    identity = nil
    mayBeImmutable = true
    let isImmutable = opened.isImmutable
    slot = Mutex(
      LazyReader(
        reader: JournalReader(connection: opened.takeConnection()), isImmutable: isImmutable))
  }

  func read<Result: Sendable>(
    _ body: (borrowing JournalReader) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result {
    try use { (reader) throws(RollbookError) in try reader.transaction(body) }
  }

  /// Reads where nobody else reads by this connection now; nil where somebody does.
  func readIfFree<Result: Sendable>(
    _ body: (borrowing JournalReader) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result? {
    try slot.withLockIfAvailable { (slot) throws(RollbookError) in
      try use(&slot) { (reader) throws(RollbookError) in try reader.transaction(body) }
    }
  }

  func changeMark() throws(RollbookError) -> ChangeMark {
    try use { (reader) throws(RollbookError) in try reader.changeMark() }
  }

  private func use<Result: Sendable>(
    _ body: (borrowing JournalReader) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result {
    try slot.withLock { (slot) throws(RollbookError) in try use(&slot, body) }
  }

  private func use<Result: Sendable>(
    _ slot: inout LazyReader, _ body: (borrowing JournalReader) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result {
    do throws(RollbookError) {
      if slot.reader == nil {
        let opened = try JournalFile.openReader(path: path, mayBeImmutable: mayBeImmutable)
        // One that took its place would be read for as long as this connection is open.
        if let identity, FileIdentity(path: path) != identity {
          throw RollbookError.journalReplaced(lastSeen: nil)
        }
        slot.isImmutable = opened.isImmutable
        slot.reader = JournalReader(connection: opened.takeConnection())
      }
      // An immutable connection never looks at the file again: each read opens its own.
      defer { if slot.isImmutable { slot.reader = nil } }
      return try slot.use(body)
    } catch {
      throw error.naming(journal: path)
    }
  }

  func close() { slot.withLock { $0.reader = nil } }
}

/// A reader that is made when it is first wanted.
private struct LazyReader: ~Copyable, Sendable {
  var reader: JournalReader?
  var isImmutable: Bool

  mutating func use<Result>(
    _ body: (borrowing JournalReader) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result {
    guard let reader = reader.take() else {
      throw RollbookError(.journalFailed, "The journal's reader is gone.")
    }
    let result = Swift.Result { () throws(RollbookError) in try body(reader) }
    self.reader = consume reader
    return try result.get()
  }
}
