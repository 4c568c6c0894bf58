import Foundation
import Rollbook
import RollbookSQLite
import RollbookTesting
import Testing

@Suite struct JournalFileTests {
  private func code(_ body: () throws -> Void) -> RollbookError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? RollbookError)?.code
    }
  }

  @Test func `a journal is durable by its pragmas, read back`() async throws {
    let bench = try Bench()
    let pragmas = try await bench.engine.journal.write { (writer) throws(RollbookError) in
      writer.reader.pragmas
    }
    #expect(pragmas == ["journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"])
  }

  @Test func `a journal of a newer Rollbook is refused and unchanged`() throws {
    let temporary = try TemporaryHome()
    _ = try Journal(path: temporary.home.journal, access: .create)
    let connection = try Connection(path: temporary.home.journal, mode: .readWrite)
    try connection.execute("PRAGMA user_version = 999")
    let before = try Data(contentsOf: URL(filePath: temporary.home.journal))
    for access in [Journal.Access.create, .readWrite, .readOnly] {
      #expect(
        code { _ = try Journal(path: temporary.home.journal, access: access) } == .journalTooNew)
    }
    #expect(try Data(contentsOf: URL(filePath: temporary.home.journal)) == before)
  }

  @Test(arguments: ["no database at all, and long enough to be read as a header: ", ""])
  func `a file that is no journal is refused and unchanged`(_ text: String) throws {
    let temporary = try TemporaryHome()
    let path = temporary.home.journal
    let bytes = Data(String(repeating: text, count: 40).utf8)
    try bytes.write(to: URL(filePath: path))
    #expect(code { _ = try Journal(path: path, access: .readOnly) } == .notAJournal)
    #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
  }

  @Test func `another database is refused and unchanged`() throws {
    let temporary = try TemporaryHome()
    let path = temporary.home.journal
    do {
      let other = try Connection(path: path, mode: .create)
      try other.execute("CREATE TABLE t (x)")
    }
    let before = try Data(contentsOf: URL(filePath: path))
    for access in [Journal.Access.create, .readWrite, .readOnly] {
      #expect(code { _ = try Journal(path: path, access: access) } == .notAJournal)
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  @Test func `a truncated journal is an error, never a crash`() async throws {
    let origin = try Bench()
    try await origin.create()
    _ = try await origin.engine.journal.write { (writer) throws(RollbookError) in 0 }
    let full = try TemporaryHome(copying: origin.temporary.home)
    // Everything into the main file.
    do {
      let connection = try Connection(path: full.home.journal, mode: .readWrite)
      try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }
    let bytes = try Data(contentsOf: URL(filePath: full.home.journal))
    for count in [1, 50, 100, 4096, 20_000, bytes.count - 1] where count < bytes.count {
      let cut = try TemporaryHome()
      try bytes.prefix(count).write(to: URL(filePath: cut.home.journal))
      let failed = code {
        let journal = try Journal(path: cut.home.journal, access: .readOnly)
        _ = try journal.blockingRead { (reader) throws(RollbookError) in
          try reader.state(
            of: Application(
              id: ApplicationID(1), name: "shop", runtime: "scripted",
              createdAt: .now(), deletedAt: nil))
        }
      }
      #expect(
        failed == .notAJournal || failed == .journalDamaged, "\(count) bytes: \(failed as Any)")
    }
  }

  @Test func `a missing journal is said to be missing`() throws {
    let temporary = try TemporaryHome()
    #expect(
      code { _ = try Journal(path: temporary.home.journal, access: .readOnly) } == .journalMissing)
    #expect(
      code { _ = try Journal(path: temporary.home.journal, access: .readWrite) } == .journalMissing)
    #expect(!FileManager.default.fileExists(atPath: temporary.home.journal))
  }

  @Test func `a migration that was tampered with is noticed`() throws {
    let temporary = try TemporaryHome()
    _ = try Journal(path: temporary.home.journal, access: .create)
    let connection = try Connection(path: temporary.home.journal, mode: .readWrite)
    try connection.execute("DROP TRIGGER schema_migrations_no_update")
    try connection.execute("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1")
    #expect(
      code { _ = try Journal(path: temporary.home.journal, access: .readWrite) } == .notAJournal)
  }
}

@Suite struct CoalescingTests {
  @Test func `a closure that fails is undone alone`() async throws {
    let bench = try Bench()
    let journal = bench.engine.journal
    let outcomes = await withTaskGroup(of: (Int, Bool).self) { group in
      for number in 0..<64 {
        group.addTask {
          let written = try? await journal.write { (writer) throws(RollbookError) in
            _ = try writer.insertApplication(name: "a\(number)", runtime: "scripted")
            if number % 3 == 0 { throw RollbookError(.invalidArgument, "on purpose") }
            return number
          }
          return (number, written != nil)
        }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    let names = try await journal.read { (reader) throws(RollbookError) in
      Set(try reader.applications(limit: 100).map(\.name))
    }
    for number in 0..<64 {
      #expect(outcomes[number] == (number % 3 != 0))
      #expect(names.contains("a\(number)") == (number % 3 != 0))
    }
  }

  @Test func `callers on threads and in tasks share one journal`() async throws {
    let bench = try Bench()
    let journal = bench.engine.journal
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        group.addTask {
          if number % 2 == 0 {
            _ = try await journal.write { (writer) throws(RollbookError) in
              try writer.insertApplication(name: "task\(number)", runtime: "scripted")
            }
          } else {
            try await onThread {
              _ = try journal.blockingWrite { (writer) throws(RollbookError) in
                try writer.insertApplication(name: "thread\(number)", runtime: "scripted")
              }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    let count = try await journal.read { (reader) throws(RollbookError) in
      try reader.applications(limit: 100).count
    }
    #expect(count == 40)
  }
}

/// Runs blocking work on a thread of its own.
func onThread(_ work: @escaping @Sendable () throws -> Void) async throws {
  try await withCheckedThrowingContinuation {
    (continuation: CheckedContinuation<Void, any Error>) in
    Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
  }
}

@Suite struct PagingTests {
  @Test func `pages survive inserts and filters follow their chains`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    for _ in 0..<5 {
      try await bench.start()
      try await bench.run(.stop(force: true))
    }
    let journal = bench.engine.journal
    let first = try await journal.read { (reader) throws(RollbookError) in
      try reader.operations(of: shop.id, limit: 4)
    }
    try await bench.start()
    let second = try await journal.read { (reader) throws(RollbookError) in
      try reader.operations(of: shop.id, before: first.next, limit: 4)
    }
    let ids = (first.records + second.records).map(\.operation.id.rawValue)
    #expect(ids == Array((4...11).reversed()).map(Int64.init))
    for kind in [OperationKind.start, .stop, .create] {
      let page = try await journal.read { (reader) throws(RollbookError) in
        try reader.operations(of: shop.id, filter: OperationFilter(kind: kind), limit: 100)
      }
      #expect(page.records.count == [.start: 6, .stop: 5, .create: 1][kind])
      #expect(page.records.allSatisfy { $0.operation.kind == kind })
      #expect(page.next == nil)
    }
  }

  /// Fifteen operations: a creation, and seven starts that are each stopped by force.
  private func stopped() async throws -> (Bench, Application) {
    let bench = try Bench()
    let shop = try await bench.create()
    for _ in 0..<7 {
      try await bench.start()
      try await bench.run(.stop(force: true))
    }
    return (bench, shop)
  }

  @Test func `a page that finds little ends after a bounded look, and says where to go on`()
    async throws
  {
    let (bench, shop) = try await stopped()
    bench.runtime.change { $0.behaviours[1] = .isRefused("broken") }
    for _ in 0..<5 { try await bench.start() }
    func page(
      _ filter: OperationFilter, before: OperationID? = nil, lookingAtMost limit: Int
    ) async throws -> OperationPage {
      try await bench.engine.journal.read { (reader) throws(RollbookError) in
        try reader.operations(
          of: shop.id, filter: filter, before: before, limit: 2, lookingAtMost: limit)
      }
    }
    // Seven starts were successful, before the five that were not.
    let filter = OperationFilter(kind: .start, status: .successful)
    var found: [Int64] = []
    var pages = 0
    var before: OperationID?
    repeat {
      let next = try await page(filter, before: before, lookingAtMost: 3)
      #expect(next.records.count <= 2)
      found += next.records.map(\.operation.id.rawValue)
      pages += 1
      before = next.next
    } while before != nil
    #expect(found == [14, 12, 10, 8, 6, 4, 2])
    #expect(pages > 4)
    let empty = try await page(filter, lookingAtMost: 3)
    #expect(empty.records.isEmpty && empty.next != nil)
  }

  @Test func `what can only be among the failed is looked for among them`() async throws {
    let (bench, shop) = try await stopped()
    bench.runtime.change { $0.behaviours[1] = .isRefused("broken") }
    try await bench.start()
    bench.runtime.change { $0.behaviours = [:] }
    for _ in 0..<5 {
      try await bench.start()
      try await bench.run(.stop(force: true))
    }
    for (kind, status, count) in [
      (.start, .failed, 1), (.start, .cancelled, 0), (.rollback, .failed, 0),
      (.start, .inProgress, 0), (.rollback, .inProgress, 0), (nil, .cancelled, 0),
    ] as [(OperationKind?, OperationStatus, Int)] {
      let page = try await bench.engine.journal.read { (reader) throws(RollbookError) in
        // The newest, the one that failed, and nothing else.
        try reader.operations(
          of: shop.id, filter: OperationFilter(kind: kind, status: status), limit: 10,
          lookingAtMost: 2)
      }
      #expect(page.records.count == count, "\(kind as Any) \(status)")
      #expect(page.next == nil, "\(kind as Any) \(status)")
    }
  }

  @Test func `a page of another application is refused`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    let other = try await bench.create("other")
    let foreign = try await bench.state("other").newest.id
    #expect(other.id != shop.id)
    await #expect {
      try await bench.engine.journal.read { (reader) throws(RollbookError) in
        try reader.operations(of: shop.id, before: foreign, limit: 4)
      }
    } throws: {
      ($0 as? RollbookError)?.code == .invalidArgument
    }
  }
}
