internal import FoundationEssentials
internal import Glibc
internal import RollbookSQLite

/// A statement of the journal whose errors are the journal's.
struct Query: ~Copyable {
  private let statement: Statement

  init(_ connection: borrowing Connection, _ sql: String) throws(RollbookError) {
    do { statement = try connection.prepare(sql) } catch { throw RollbookError(error) }
  }

  borrowing func bind(_ index: Int32, _ value: Int64?) throws(RollbookError) {
    do { try statement.bind(index, value) } catch { throw RollbookError(error) }
  }

  borrowing func bind(_ index: Int32, _ value: String?) throws(RollbookError) {
    do { try statement.bind(index, value) } catch { throw RollbookError(error) }
  }

  borrowing func bind(_ index: Int32, _ value: Int?) throws(RollbookError) {
    try bind(index, value.map(Int64.init))
  }

  borrowing func bind<ID: RawRepresentable<Int64>>(
    _ index: Int32, _ value: ID?
  ) throws(RollbookError) {
    try bind(index, value?.rawValue)
  }

  borrowing func next() throws(RollbookError) -> Bool {
    do { return try statement.step() } catch { throw RollbookError(error) }
  }

  borrowing func run() throws(RollbookError) {
    do { try statement.run() } catch { throw RollbookError(error) }
  }

  borrowing func reset() { statement.reset() }

  borrowing func int(_ column: Int32) -> Int64 { statement.int64(column) }
  borrowing func optionalInt(_ column: Int32) -> Int64? { statement.optionalInt64(column) }
  borrowing func text(_ column: Int32) -> String { statement.string(column) }
  borrowing func optionalText(_ column: Int32) -> String? { statement.optionalString(column) }
  borrowing func time(_ column: Int32) -> Timestamp { Timestamp(rawValue: int(column)) }

  borrowing func optionalTime(_ column: Int32) -> Timestamp? {
    optionalInt(column).map(Timestamp.init(rawValue:))
  }

  /// A column of operations: no operation has the number 0, as which NULL is read.
  borrowing func optionalOperation(_ column: Int32) -> OperationID? {
    let id = int(column)
    return id == 0 ? nil : OperationID(id)
  }

  /// A column of what is counted from 1, such as versions: none is 0, as which NULL is read.
  borrowing func optionalCount(_ column: Int32) -> Int64? {
    let count = int(column)
    return count == 0 ? nil : count
  }

  /// A column of numbers that stand for the cases of an enumeration.
  borrowing func value<Value: RawRepresentable<Int64>>(
    _ column: Int32, of type: Value.Type
  ) throws(RollbookError) -> Value {
    guard let value = Value(rawValue: int(column)) else {
      throw .damaged("\(int(column)) is no \(type)")
    }
    return value
  }

  /// A column of JSON.
  borrowing func json<Value: Decodable>(
    _ column: Int32, as type: Value.Type
  ) throws(RollbookError) -> Value {
    try decodedJSON(text(column), as: type)
  }
}

func decodedJSON<Value: Decodable>(
  _ text: String, as type: Value.Type
) throws(RollbookError) -> Value {
  do {
    return try JSONDecoder().decode(type, from: Data(text.utf8))
  } catch {
    throw .damaged("a column that should hold \(type) does not: \(error)")
  }
}

extension RollbookError {
  static func damaged(_ what: String) -> RollbookError {
    RollbookError(
      .journalDamaged, "The journal holds what Rollbook did not write: \(what).",
      hint: "Restore journal.db from a backup, or look at it with the sqlite3 shell.")
  }

  /// An error of SQLite as one of the journal.
  init(_ error: SQLiteError) {
    if error.isAboutRoom {
      let isQuota = error.systemError == EDQUOT
      let what = isQuota ? "the quota on its disk is used up" : "its disk is full"
      self.init(
        .diskFull, "The journal cannot be written: \(what) (\(error.message)).",
        hint: RollbookError.freeSpace)
      return
    }
    switch error.primaryCode {
    case .ioError:
      self.init(
        .diskFailed,
        "The disk of the journal cannot be read or written (\(error.message), \(error.code)).",
        hint: "Look at that disk and its file system; then `rollbook settle` carries on what was "
          + "in progress.")
    case .notADatabase:
      self.init(
        .notAJournal, "The file is not a Rollbook journal (\(error.message)).",
        hint: "Name another home with --home, or move the file away.")
    case .corrupt:
      self.init(
        .journalDamaged, "The journal is damaged (\(error.message)).",
        hint: "Restore journal.db from a backup; nothing was changed.")
    case .cannotOpen:
      self.init(
        .journalMissing, "The journal cannot be opened (\(error.message)).",
        hint: "Check that the home exists and that you may read it.")
    case .readOnly:
      self.init(
        .journalReadOnly, "The journal is read-only (\(error.message)).",
        hint: "Check the permissions of the home and its file system.")
    default:
      self.init(.journalFailed, "The journal answered: \(error.description).")
    }
  }
}

extension RollbookError {
  /// The same error; one that says what is wrong with a journal says of which too.
  func naming(journal path: String) -> RollbookError {
    switch code {
    case .notAJournal, .journalTooNew, .journalDamaged, .journalMissing, .journalReadOnly,
      .journalFailed, .diskFull, .diskFailed, .outcomeUnknown:
      break
    default: return self
    }
    if message.contains(path) { return self }
    let sentence = message.hasSuffix(".") ? String(message.dropLast()) : message
    return RollbookError(code, "\(sentence): \(path).", hint: hint)
  }
}

/// JSON for the journal: members sorted, so that the same value is the same text.
func journalJSON(_ value: some Encodable) throws(RollbookError) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  do {
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  } catch {
    throw RollbookError(.invalidArgument, "A value cannot be written as JSON: \(error).")
  }
}
