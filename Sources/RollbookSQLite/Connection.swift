internal import CRollbookSQLite

/// One connection to one SQLite file.
///
/// A connection is used by one thread at a time: it is opened without SQLite's own mutex
/// (`SQLITE_OPEN_NOMUTEX`), and its owner, a lock or a queue, is what serializes its use.
///
/// `@unchecked Sendable`: it cannot be copied, so its one owner hands it from thread to thread, which
/// SQLite's multi-thread mode allows (sqlite.org/threadsafe.html).
@safe public struct Connection: ~Copyable, @unchecked Sendable {
  /// How a file is opened.
  public enum Mode: Sendable {
    /// Reads and writes, and makes the file where there is none.
    case create
    /// Reads and writes an existing file.
    case readWrite
    /// Reads an existing file.
    case readOnly
    /// Reads a file of which nobody writes: no lock, no WAL is looked at.
    case immutable
  }

  let handle: OpaquePointer
  private let cache = StatementCache()

  /// Opens a file.
  ///
  /// - Throws: `SQLiteError` with `.cannotOpen` where there is none or it may not be opened.
  public init(path: String, mode: Mode) throws(SQLiteError) {
    var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI
    switch mode {
    case .create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    case .readWrite: flags |= SQLITE_OPEN_READWRITE
    case .readOnly, .immutable: flags |= SQLITE_OPEN_READONLY
    }
    var opened: OpaquePointer?
    let name = "file:" + Connection.uriEscaped(path) + (mode == .immutable ? "?immutable=1" : "")
    let code = unsafe sqlite3_open_v2(name, &opened, flags, nil)
    guard let opened = unsafe opened else {
      throw SQLiteError(code: code, message: "out of memory")
    }
    guard code == SQLITE_OK else {
      let message = unsafe String(cString: sqlite3_errmsg(opened))
      let systemError = unsafe sqlite3_system_errno(opened)
      unsafe sqlite3_close_v2(opened)
      throw SQLiteError(code: code, message: message, systemError: systemError)
    }
    unsafe handle = opened
    unsafe rollbook_refuse_double_quoted_strings(handle)
    unsafe rollbook_defensive(handle)
  }

  deinit {
    cache.close()
    unsafe sqlite3_close_v2(handle)
  }

  /// Takes the statement with this text from the cache, or prepares it.
  public borrowing func prepare(_ sql: String) throws(SQLiteError) -> Statement {
    if let cached = cache.take(sql) { return Statement(cached, cache: cache) }
    var prepared: OpaquePointer?
    let code = unsafe sqlite3_prepare_v3(
      handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK, let prepared = unsafe prepared else {
      throw code == SQLITE_OK
        ? SQLiteError(code: SQLITE_ERROR, message: Connection.emptyStatement, sql: sql)
        : failure(sql: sql)
    }
    return Statement(unsafe cache.add(prepared, sql), cache: cache)
  }

  /// The message of the error for a text without a statement.
  public static let emptyStatement = "the statement is empty"

  /// Runs one statement that takes no parameters and answers no rows.
  public borrowing func execute(_ sql: String) throws(SQLiteError) {
    try prepare(sql).run()
  }

  /// Runs a script of several statements; nothing of it is cached.
  public borrowing func executeScript(_ sql: String) throws(SQLiteError) {
    let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    if code != SQLITE_OK { throw failure(sql: nil) }
  }

  /// The one integer that a statement answers; nil where it answers no row.
  public borrowing func integer(_ sql: String) throws(SQLiteError) -> Int64? {
    let statement = try prepare(sql)
    return try statement.step() ? statement.int64(0) : nil
  }

  /// The one text that a statement answers; nil where it answers no row.
  public borrowing func text(_ sql: String) throws(SQLiteError) -> String? {
    let statement = try prepare(sql)
    return try statement.step() ? statement.string(0) : nil
  }

  /// The texts of the statements that are prepared and idle, for tests that look at their plans.
  package var preparedStatements: [String] { cache.texts }

  public var lastInsertedRowID: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

  /// True between BEGIN and COMMIT or ROLLBACK.
  public var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

  /// How long a statement waits for another connection's lock.
  public borrowing func setBusyTimeout(milliseconds: Int32) {
    unsafe sqlite3_busy_timeout(handle, milliseconds)
  }

  /// What can end this connection's running statement from another thread.
  public var interruptHandle: InterruptHandle { unsafe InterruptHandle(database: handle) }

  borrowing func failure(sql: String?) -> SQLiteError {
    SQLiteError(
      code: unsafe sqlite3_extended_errcode(handle),
      message: unsafe String(cString: sqlite3_errmsg(handle)), sql: sql,
      systemError: unsafe sqlite3_system_errno(handle))
  }

  /// A path as the path part of a `file:` URI; source: sqlite.org/uri.html.
  private static func uriEscaped(_ path: String) -> String {
    var escaped = ""
    for character in path {
      switch character {
      case "%": escaped += "%25"
      case "?": escaped += "%3f"
      case "#": escaped += "%23"
      default: escaped.append(character)
      }
    }
    return escaped
  }
}

/// Ends a running statement of a connection; valid only while the connection lives.
///
/// `@unchecked Sendable`: sqlite3_interrupt is documented to be safe from any thread.
@safe public struct InterruptHandle: @unchecked Sendable {
  private let database: OpaquePointer

  init(database: OpaquePointer) { unsafe self.database = database }

  public func interrupt() { unsafe sqlite3_interrupt(database) }
}
