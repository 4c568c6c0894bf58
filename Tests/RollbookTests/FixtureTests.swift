import Rollbook
import RollbookSQLite
import Synchronization
import Testing

@Suite struct FixtureTests {
  @Test func `a home is copied whole while its journal is written and checkpointed`() async throws {
    let temporary = try TemporaryHome()
    let bench = try Bench(temporary)
    try await bench.create()
    let path = temporary.home.journal
    do {
      let connection = try Connection(path: path, mode: .readWrite)
      try connection.execute("CREATE TABLE scratch (x INTEGER, filler TEXT)")
      try connection.execute(
        """
        WITH RECURSIVE i (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM i WHERE n < 1000)
        INSERT INTO scratch SELECT 0, hex(zeroblob(1900)) FROM i
        """)
    }
    let writing = Writing()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { @concurrent in
        defer { writing.isOver.store(true, ordering: .releasing) }
        let connection = try Connection(path: path, mode: .readWrite)
        try connection.execute("PRAGMA busy_timeout = 60000")
        while !writing.isOver.load(ordering: .acquiring) {
          try connection.execute("UPDATE scratch SET x = x + 1")
          writing.written.add(1, ordering: .acquiringAndReleasing)
          try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        }
      }
      defer { writing.isOver.store(true, ordering: .releasing) }
      while case let before = writing.written.load(ordering: .acquiring), before < 60,
        !writing.isOver.load(ordering: .acquiring)
      {
        let copy = try TemporaryHome(copying: temporary.home)
        let connection = try Connection(path: copy.home.journal, mode: .readWrite)
        let check = try connection.prepare("PRAGMA integrity_check")
        #expect(try check.step() && check.string(0) == "ok")
        // Each commit changes every page of it.
        #expect(try connection.integer("SELECT count(DISTINCT x) FROM scratch") == 1)
        #expect(try connection.integer("SELECT min(x) FROM scratch") ?? 0 >= before)
      }
    }
  }
}

private final class Writing: Sendable {
  /// The commits that are durable.
  let written = Atomic<Int64>(0)
  let isOver = Atomic(false)
}
