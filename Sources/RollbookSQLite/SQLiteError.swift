/// An error of SQLite: the extended result code, the message, and the statement it came from.
public struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The extended result code (`SQLITE_IOERR_FSYNC`, …); source: sqlite3_extended_errcode.
  public let code: Int32
  public let message: String
  public let sql: String?

  package init(code: Int32, message: String, sql: String? = nil) {
    self.code = code
    self.message = message
    self.sql = sql
  }

  /// The primary result code, which the extended one refines.
  public var primaryCode: PrimaryCode { PrimaryCode(rawValue: code & 0xFF) }

  public var description: String {
    let statement = sql.map { " in «\($0)»" } ?? ""
    return "SQLite error \(code): \(message)\(statement)"
  }

  /// Whether the disk had no room: SQLITE_FULL, or SQLITE_IOERR_SHMSIZE, which is what it is called
  /// where the WAL's index could not be made as long as it has to be.
  public var isAboutRoom: Bool { primaryCode == .full || code == 4874 }

  /// The result codes that Rollbook tells apart.
  public struct PrimaryCode: RawRepresentable, Sendable, Hashable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let error = PrimaryCode(rawValue: 1)
    public static let busy = PrimaryCode(rawValue: 5)
    public static let readOnly = PrimaryCode(rawValue: 8)
    public static let interrupted = PrimaryCode(rawValue: 9)
    public static let ioError = PrimaryCode(rawValue: 10)
    public static let corrupt = PrimaryCode(rawValue: 11)
    public static let full = PrimaryCode(rawValue: 13)
    public static let cannotOpen = PrimaryCode(rawValue: 14)
    public static let constraint = PrimaryCode(rawValue: 19)
    public static let notADatabase = PrimaryCode(rawValue: 26)
  }
}
