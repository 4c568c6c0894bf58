internal import CRollbookSQLite

/// A prepared statement, borrowed from its connection's cache for as long as this value lives.
///
/// Indices of parameters count from 1 and those of columns from 0, as in SQLite's own interface.
@safe public struct Statement: ~Copyable {
  private let handle: OpaquePointer
  private let cache: StatementCache
  private let slot: StatementCache.Slot?

  init(_ taken: StatementCache.Taken, cache: StatementCache) {
    unsafe handle = taken.handle
    slot = taken.slot
    self.cache = cache
  }

  deinit {
    unsafe sqlite3_reset(handle)
    unsafe sqlite3_clear_bindings(handle)
    unsafe cache.giveBack(handle, slot)
  }

  // MARK: Binding

  public borrowing func bind(_ index: Int32, _ value: Int64) throws(SQLiteError) {
    try check(unsafe sqlite3_bind_int64(handle, index, value))
  }

  public borrowing func bind(_ index: Int32, _ value: Int64?) throws(SQLiteError) {
    guard let value else { return try bindNull(index) }
    try bind(index, value)
  }

  public borrowing func bind(_ index: Int32, _ value: Double) throws(SQLiteError) {
    try check(unsafe sqlite3_bind_double(handle, index, value))
  }

  public borrowing func bind(_ index: Int32, _ value: String) throws(SQLiteError) {
    var text = value
    let code = text.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
        // An empty string's base address may be nil, which SQLite would take for NULL.
        let start = characters.baseAddress
        if unsafe start == nil { return unsafe rollbook_bind_text(handle, index, "", 0) }
        return unsafe rollbook_bind_text(handle, index, start, Int32(characters.count))
      }
    }
    try check(code)
  }

  public borrowing func bind(_ index: Int32, _ value: String?) throws(SQLiteError) {
    guard let value else { return try bindNull(index) }
    try bind(index, value)
  }

  public borrowing func bindNull(_ index: Int32) throws(SQLiteError) {
    try check(unsafe sqlite3_bind_null(handle, index))
  }

  // MARK: Stepping

  /// Goes to the next row; false where there is none.
  public borrowing func step() throws(SQLiteError) -> Bool {
    switch unsafe sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw failure()
    }
  }

  /// Runs a statement that answers no rows.
  public borrowing func run() throws(SQLiteError) {
    while try step() {}
  }

  /// Makes the statement ready for other parameters and another run.
  public borrowing func reset() {
    unsafe sqlite3_reset(handle)
  }

  // MARK: Columns of the current row

  public var columnCount: Int { Int(unsafe sqlite3_column_count(handle)) }

  public borrowing func columnName(_ index: Int) -> String {
    guard let name = unsafe sqlite3_column_name(handle, Int32(index)) else { return "" }
    return unsafe String(cString: name)
  }

  public borrowing func isNull(_ index: Int32) -> Bool {
    unsafe sqlite3_column_type(handle, index) == SQLITE_NULL
  }

  public borrowing func int64(_ index: Int32) -> Int64 {
    unsafe sqlite3_column_int64(handle, index)
  }

  public borrowing func optionalInt64(_ index: Int32) -> Int64? {
    isNull(index) ? nil : int64(index)
  }

  public borrowing func string(_ index: Int32) -> String { optionalString(index) ?? "" }

  public borrowing func optionalString(_ index: Int32) -> String? {
    guard let bytes = unsafe sqlite3_column_text(handle, index) else { return nil }
    let count = Int(unsafe sqlite3_column_bytes(handle, index))
    return unsafe String(
      decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }

  /// The value as SQLite holds it, for readers that do not know the columns.
  public borrowing func value(_ index: Int32) -> SQLiteValue {
    switch unsafe sqlite3_column_type(handle, index) {
    case SQLITE_INTEGER: return .integer(int64(index))
    case SQLITE_FLOAT: return .real(unsafe sqlite3_column_double(handle, index))
    case SQLITE_TEXT: return .text(string(index))
    case SQLITE_BLOB:
      let count = Int(unsafe sqlite3_column_bytes(handle, index))
      guard let bytes = unsafe sqlite3_column_blob(handle, index) else { return .blob([]) }
      return .blob(unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: count)))
    default: return .null
    }
  }

  /// True where the statement cannot change the database; source: sqlite3_stmt_readonly.
  public var isReadOnly: Bool { unsafe sqlite3_stmt_readonly(handle) != 0 }

  /// The text of this one statement, without what followed it; source: sqlite3_sql.
  public var sql: String {
    guard let text = unsafe sqlite3_sql(handle) else { return "" }
    return unsafe String(cString: text)
  }

  private borrowing func check(_ code: Int32) throws(SQLiteError) {
    if code != SQLITE_OK { throw failure() }
  }

  private borrowing func failure() -> SQLiteError {
    let database = unsafe sqlite3_db_handle(handle)
    return SQLiteError(
      code: unsafe sqlite3_extended_errcode(database),
      message: unsafe String(cString: sqlite3_errmsg(database)), sql: sql,
      systemError: unsafe sqlite3_system_errno(database))
  }
}

/// A value of a column whose type only the row knows.
public enum SQLiteValue: Sendable, Equatable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])
}
