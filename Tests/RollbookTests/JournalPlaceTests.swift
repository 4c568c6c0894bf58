import Foundation
import Rollbook
import RollbookTesting
import Testing

/// A journal is the file that was opened, whatever its path names later.
@Suite struct JournalPlaceTests {
  @Test func `a journal replaced under a running process refuses every write`() async throws {
    let bench = try Bench()
    try await bench.create()
    let path = bench.engine.journal.path
    try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
    await #expect {
      try await bench.engine.journal.write { (writer) throws(RollbookError) in
        _ = try writer.insertApplication(name: "other", runtime: "scripted")
      }
    } throws: {
      ($0 as? RollbookError)?.code == .journalReplaced
    }
    try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
    #expect(try await bench.start().record.status == .successful)
  }

  @Test func `a file that takes the journal's place is never read`() throws {
    let temporary = try TemporaryHome()
    let path = temporary.home.journal
    let journal = try Journal(path: path, access: .create)
    _ = try journal.blockingWrite { (writer) throws(RollbookError) in
      try writer.insertApplication(name: "shop", runtime: "scripted")
    }
    // Its connections are opened again when they are wanted.
    journal.close()
    try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
    try Journal(path: path, access: .create).close()
    let names = { () throws(RollbookError) in
      try journal.blockingRead { (reader) throws(RollbookError) in
        try reader.applications(limit: 9).map(\.name)
      }
    }
    #expect { try names() } throws: { ($0 as? RollbookError)?.code == .journalReplaced }
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
    #expect(try names() == ["shop"])
  }
}
