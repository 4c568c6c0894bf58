import Glibc
import RollbookSQLite
import Testing

@testable import Rollbook

/// What is made of an error of SQLite.
@Suite struct SQLiteErrorTests {
  private static let readFailed: Int32 = 266
  private static let writeFailed: Int32 = 778
  private static let indexNotMapped: Int32 = 5386

  @Test func `the system's own number comes with the error`() throws {
    let folder = try TemporaryHome().home.path
    #expect {
      _ = try Connection(path: folder + "/none/journal.db", mode: .readWrite)
    } throws: {
      let error = $0 as? SQLiteError
      return error?.primaryCode == .cannotOpen && error?.systemError == ENOENT
    }
  }

  @Test(arguments: [ENOSPC, EDQUOT]) func `a quota that is used up is a full disk`(
    _ reason: Int32
  ) {
    let error = SQLiteError(
      code: Self.writeFailed, message: "disk I/O error", systemError: reason)
    #expect(error.isAboutRoom)
    #expect(RollbookError(error).code == .diskFull)
    #expect(RollbookError(error).message.contains("quota") == (reason == EDQUOT))
  }

  @Test(arguments: [0, EIO]) func `a disk that fails is not full`(_ reason: Int32) {
    let error = SQLiteError(
      code: Self.writeFailed, message: "disk I/O error", systemError: reason)
    #expect(!error.isAboutRoom)
    #expect(RollbookError(error).code == .diskFailed)
  }

  /// The system's number is what the last call left, which may be about something else.
  @Test func `a read that fails is not about room`() {
    let error = SQLiteError(
      code: Self.readFailed, message: "disk I/O error", systemError: EDQUOT)
    #expect(!error.isAboutRoom)
  }
}
