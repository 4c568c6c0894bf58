internal import Glibc
internal import RollbookSQLite

/// How journal files are made, opened and checked.
enum JournalFile {
  /// Makes the folder (0700) and an empty file (0600) where there are none.
  static func create(path: String) throws(RollbookError) {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false)
      .dropLast().joined(separator: "/")
    do throws(RollbookError) {
      try Files.makeFolder(folder)
    } catch {
      throw RollbookError(
        .journalMissing, error.message, hint: "Name another home with --home or ROLLBOOK_HOME.")
    }
    // Only a file that is new is opened and closed here: closing one that SQLite has open in this
    // process would drop its locks.
    let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor < 0 && errno == EEXIST { return }
    guard descriptor >= 0 else {
      throw RollbookError(
        errno == EROFS || errno == EACCES ? .journalReadOnly : .journalMissing,
        "The journal \(path) cannot be made (\(Files.errorText(errno))).",
        hint: "Name another home with --home or ROLLBOOK_HOME.")
    }
    close(descriptor)
  }

  /// Opens for writing: pragmas set and read back, schema brought up to date.
  ///
  /// - Parameter forgetsSync: a test's fault (`JournalProbe`).
  static func openWriter(
    path: String, sideLock: String, now: Timestamp, forgetsSync: Bool
  ) throws(RollbookError) -> Connection {
    try checkWritable(path)
    let connection = try open(path: path, mode: .readWrite)
    connection.setBusyTimeout(milliseconds: 5000)
    // Before anything is changed: is this a journal, and one that we know?
    let state = try Migrator.state(of: connection)
    try checkWhole(path)
    try set(connection, "journal_mode", "WAL", reads: "wal")
    try set(
      connection, "synchronous", forgetsSync ? "NORMAL" : "FULL", reads: forgetsSync ? "1" : "2")
    try set(connection, "foreign_keys", "ON", reads: "1")
    try set(connection, "wal_autocheckpoint", "16000", reads: "16000")
    // A WAL that grew under a long reader shrinks once it is done with, but not below the size that
    // it has between checkpoints: written over, it costs less than made longer again.
    try set(connection, "journal_size_limit", "75497472", reads: "75497472")
    // What a savepoint needs to be undone is kept in memory, not in a file for each batch.
    try set(connection, "temp_store", "MEMORY", reads: "2")
    // At most 32 MiB: what many applications come back to again and again stays in memory.
    try set(connection, "cache_size", "-32768", reads: "-32768")
    if state == .journal(version: Migrator.newestVersion) {
      try Migrator.checkApplied(connection, upTo: Migrator.newestVersion)
    } else {
      let lock = try FileLock.acquire(sideLock)
      try Migrator.migrate(connection, now: now)
      _ = consume lock
    }
    return connection
  }

  /// Whoever may not write is told so, and not what SQLite makes of it.
  private static func checkWritable(_ path: String) throws(RollbookError) {
    for place in [path, Files.parent(of: path)] {
      if unsafe access(place, W_OK) == 0 { continue }
      let reason = errno
      guard reason == EACCES || reason == EROFS, unsafe access(path, F_OK) == 0 else { return }
      let isReadable = unsafe access(path, R_OK) == 0
      throw RollbookError(
        .journalReadOnly,
        "The journal \(path) cannot be written (\(Files.errorText(reason))).",
        hint: isReadable
          ? "It can be read: verbs that only look work. Check the permissions of the home and its "
            + "file system."
          : "Check the permissions of the home and its file system.")
    }
  }

  /// Opens for reading.
  ///
  /// - Parameter mayBeImmutable: where the WAL's index cannot be made or locked, the main file alone
  ///   is read. Never beside a writer of our own: it would be blind to what is written.
  static func openReader(
    path: String, mayBeImmutable: Bool
  ) throws(RollbookError) -> OpenedReader {
    var isShareable = true
    do throws(RollbookError) {
      let connection = try open(path: path, mode: .readOnly)
      connection.setBusyTimeout(milliseconds: 5000)
      // The first look, for which the WAL's index is mapped and locked.
      do throws(SQLiteError) {
        _ = try connection.integer("PRAGMA schema_version")
      } catch {
        isShareable = !error.isAboutSharing
        throw RollbookError(error)
      }
      if try Migrator.state(of: connection) == .empty { throw empty(path) }
      try checkWhole(path)
      return OpenedReader(connection: connection, isImmutable: false, isWALReadable: true)
    } catch  where !isShareable || Self.leavesMainFile(error.code) {
      guard mayBeImmutable else { throw error }
      guard unsafe access(path, R_OK) == 0 else { throw missing(path) }
      let connection = try open(path: path, mode: .immutable)
      if try Migrator.state(of: connection) == .empty {
        // Everything may be in the WAL.
        throw fileSize(path + "-wal") == 0 ? empty(path) : error
      }
      // Whoever wrote last has brought the main file up to date where there is no WAL.
      return OpenedReader(
        connection: connection, isImmutable: true, isWALReadable: fileSize(path + "-wal") == 0)
    }
  }

  /// Whether the main file may be readable all the same: the WAL's index could not be made. Of a disk
  /// that fails nobody knows what the WAL would have said.
  private static func leavesMainFile(_ code: RollbookError.Code) -> Bool {
    switch code {
    case .journalMissing, .journalReadOnly, .diskFull: true
    default: false
    }
  }

  private static func open(
    path: String, mode: Connection.Mode
  ) throws(RollbookError) -> Connection {
    if Files.isFolder(path) {
      throw RollbookError(
        .notAJournal, "\(path) is a folder: it is not a Rollbook journal.",
        hint: "Name another home with --home, or move the folder away.")
    }
    do {
      return try Connection(path: path, mode: mode)
    } catch {
      if unsafe access(path, F_OK) != 0 { throw missing(path) }
      throw RollbookError(error)
    }
  }

  /// A file cut off in the middle of a page, with nothing in the WAL to complete it.
  ///
  /// By its size alone: opening and closing the file beside SQLite would drop SQLite's locks.
  private static func checkWhole(_ path: String) throws(RollbookError) {
    let pageSize: off_t = 4096
    guard fileSize(path) % pageSize != 0, fileSize(path + "-wal") == 0 else { return }
    throw RollbookError(
      .journalDamaged, "The journal \(path) is cut off.",
      hint: "Restore it from a backup; nothing was changed.")
  }

  private static func fileSize(_ path: String) -> off_t {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status.st_size : 0
  }

  private static func missing(_ path: String) -> RollbookError {
    let code = errno
    return RollbookError(
      .journalMissing,
      "There is no journal that can be read at \(path) (\(Files.errorText(code))).",
      hint: code == ENOENT || code == ENOTDIR
        ? "`rollbook create` makes one; --home or ROLLBOOK_HOME names another place."
        : "Check that you may read the home; --home or ROLLBOOK_HOME names another place.")
  }

  private static func empty(_ path: String) -> RollbookError {
    RollbookError(
      .notAJournal, "The file \(path) is empty: it is not a Rollbook journal.",
      hint: "`rollbook create` makes one; --home or ROLLBOOK_HOME names another place.")
  }

  private static func set(
    _ connection: borrowing Connection, _ pragma: String, _ value: String, reads expected: String
  ) throws(RollbookError) {
    try Query(connection, "PRAGMA \(pragma) = \(value)").run()
    let readBack = try Query(connection, "PRAGMA \(pragma)")
    let found = try readBack.next() ? readBack.text(0) : ""
    guard found == expected else {
      throw RollbookError(
        .journalFailed, "The journal could not be opened safely: \(pragma) is \(found).",
        hint: "The home must be on a local file system that supports shared memory.")
    }
  }
}

struct OpenedReader: ~Copyable {
  let connection: Connection
  let isImmutable: Bool
  let isWALReadable: Bool

  consuming func takeConnection() -> Connection { connection }
}

/// Which file a path names: a journal replaced under a running process is another one.
struct FileIdentity: Equatable {
  let device: UInt64
  let inode: UInt64

  init?(path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}
