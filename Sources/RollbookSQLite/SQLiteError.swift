internal import Glibc

/// An error of SQLite: the extended result code, the message, and the statement it came from.
public struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The extended result code (`SQLITE_IOERR_FSYNC`, …); source: sqlite3_extended_errcode.
  public let code: Int32
  public let message: String
  public let sql: String?
  /// The system's error number behind it; 0 where there is none.
  public let systemError: Int32

  package init(code: Int32, message: String, sql: String? = nil, systemError: Int32 = 0) {
    self.code = code
    self.message = message
    self.sql = sql
    self.systemError = systemError
  }

  /// The primary result code, which the extended one refines.
  public var primaryCode: PrimaryCode { PrimaryCode(rawValue: code & 0xFF) }

  public var description: String {
    let statement = sql.map { " in «\($0)»" } ?? ""
    return "SQLite error \(code): \(message)\(statement)"
  }

  /// Whether the disk had no room: SQLITE_FULL, SQLITE_IOERR_SHMSIZE, which is what it is called where
  /// the WAL's index could not be made as long as it has to be, or a write that failed for a quota.
  public var isAboutRoom: Bool {
    primaryCode == .full || code == 4874 || isWriteWithoutRoom
  }

  /// SQLITE_IOERR_WRITE for want of room: SQLite calls it full for ENOSPC only. Other failures leave a
  /// system's number that may be about something else.
  public var isWriteWithoutRoom: Bool {
    code == 778 && [ENOSPC, EDQUOT].contains(systemError)
  }

  /// Whether only what connections share a file by could not be had, the WAL's index or its locks;
  /// nothing is said of the file: SQLITE_IOERR_UNLOCK, _RDLOCK, _CHECKRESERVEDLOCK, _LOCK, _SHMOPEN,
  /// _SHMSIZE, _SHMLOCK, _SHMMAP.
  public var isAboutSharing: Bool {
    [2058, 2314, 3594, 3850, 4618, 4874, 5130, 5386].contains(code)
  }

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
