internal import Dispatch
internal import RollbookSQLite
internal import Synchronization

/// One question in SQL, asked of a journal by somebody who may only read.
public enum SQLQuery {
  /// The rows that a question was answered with.
  public struct Answer: Sendable, Equatable {
    public let columns: [String]
    public let rows: [[Value]]
  }

  /// A value of a column.
  public enum Value: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
  }

  /// Asks the journal at a path one question.
  ///
  /// All rows are taken before anything is answered, so that a slow reader of the answer keeps no
  /// transaction open.
  /// - Throws: `invalidArgument` where it is not one statement that only reads, or is no SQL;
  ///   `interrupted` where it took too long.
  public static func ask(
    _ sql: String, of path: String, timeoutSeconds: Double
  ) throws(RollbookError) -> Answer {
    let connection = try reader(of: path)
    try Query(connection, "PRAGMA query_only = ON").run()
    let deadline = Deadline(connection.interruptHandle, seconds: timeoutSeconds)
    // The handle is of no use once the connection is closed.
    defer { deadline.cancel() }
    do {
      return try answer(sql, connection)
    } catch let error as SQLiteError {
      if error.primaryCode == .interrupted && deadline.hasPassed {
        throw RollbookError(
          .interrupted, "The query took longer than \(timeoutSeconds.formatted) s.",
          hint: "--timeout SECONDS allows more.")
      }
      throw isAboutTheQuestion(error)
        ? RollbookError(
          .invalidArgument, "The query is not understood: \(error.message).",
          hint: "`rollbook sql \"SELECT name, sql FROM sqlite_schema\"` shows what can be asked.")
        : RollbookError(error).naming(journal: path)
    } catch let error as RollbookError {
      throw error
    } catch {
      throw RollbookError(.system, "\(error)")
    }
  }

  private static func reader(of path: String) throws(RollbookError) -> Connection {
    do throws(RollbookError) {
      return try JournalFile.openReader(path: path, mayBeImmutable: true).takeConnection()
    } catch {
      throw error.naming(journal: path)
    }
  }

  private static func isAboutTheQuestion(_ error: SQLiteError) -> Bool {
    // The journal itself was opened: what cannot be opened is what an ATTACH names.
    [.error, .readOnly, .cannotOpen].contains(error.primaryCode)
  }

  private static func answer(
    _ sql: String, _ connection: borrowing Connection
  ) throws -> Answer {
    let statement = try connection.prepare(sql)
    guard statement.isReadOnly else {
      throw RollbookError(
        .invalidArgument, "The query would write; the journal is opened for reading only.",
        hint: "The journal is changed by Rollbook's own verbs.")
    }
    let rest = sql.utf8.dropFirst(statement.sql.utf8.count)
    try refuseMore(String(decoding: rest, as: UTF8.self), connection)
    let count = statement.columnCount
    var rows: [[Value]] = []
    while try statement.step() {
      rows.append((0..<count).map { value(statement.value(Int32($0))) })
    }
    return Answer(columns: (0..<count).map { statement.columnName($0) }, rows: rows)
  }

  /// Nothing but white space and comments may follow the one statement.
  private static func refuseMore(_ rest: String, _ connection: borrowing Connection) throws {
    let isNothing: Bool
    do throws(SQLiteError) {
      _ = try connection.prepare(rest)
      isNothing = false
    } catch {
      isNothing = error.message == Connection.emptyStatement
    }
    guard isNothing else {
      throw RollbookError(.invalidArgument, "A query is one statement; something follows it.")
    }
  }

  private static func value(_ value: SQLiteValue) -> Value {
    switch value {
    case .null: .null
    case .integer(let value): .integer(value)
    case .real(let value): .real(value)
    case .text(let value): .text(value)
    case .blob(let value): .blob(value)
    }
  }
}

/// Interrupts a connection's statement once its time is over.
private final class Deadline: Sendable {
  private enum Phase { case running, passed, cancelled }
  private let phase = Mutex(Phase.running)

  init(_ handle: InterruptHandle, seconds: Double) {
    DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [self] in
      phase.withLock { phase in
        guard phase == .running else { return }
        phase = .passed
        handle.interrupt()
      }
    }
  }

  var hasPassed: Bool { phase.withLock { $0 == .passed } }

  func cancel() {
    phase.withLock { if $0 == .running { $0 = .cancelled } }
  }
}
