import Foundation
import Rollbook
import RollbookSQLite
import RollbookTesting
import Testing

/// Journals that were written by earlier versions, kept in `Tests/RollbookTests/Kept`, each with what it says.
///
/// Environment: `ROLLBOOK_KEEP_JOURNAL=VERSION` makes the journal of this version anew, under that name.
@Suite struct UpgradeTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Kept")
  static let made = ProcessInfo.processInfo.environment["ROLLBOOK_KEEP_JOURNAL"]
  static let kept =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?
    .filter { $0.hasSuffix(".db") }.sorted() ?? []

  @Test(.enabled(if: made == nil, "it is being made"), arguments: kept)
  func `a journal of an earlier version is read, continued, and settled`(_ name: String)
    async throws
  {
    let temporary = try TemporaryHome()
    try FileManager.default.copyItem(
      at: Self.folder.appending(path: name), to: URL(filePath: temporary.home.journal))
    do throws(RollbookError) {
      try Journal(path: temporary.home.journal, access: .readWrite).close()
    } catch {
      Issue.record(
        """
        \(name): \(error.message) Before 0.1.0 is released the first migrations may change; then make \
        the file anew: ROLLBOOK_KEEP_JOURNAL=\(name.dropFirst("journal-".count).dropLast(3)) swift test \
        --disable-xctest --filter UpgradeTests. After that a released migration never changes.
        """)
      return
    }
    // Brought up to date by now: it says what it said.
    let text = try String(
      contentsOf: Self.folder.appending(path: "\(name.dropLast(3)).txt"), encoding: .utf8)
    let expected = text.split(separator: "\n").map(String.init)
    let journal = try Journal(path: temporary.home.journal, access: .readOnly)
    let told = try await journal.read { (reader) throws(RollbookError) in
      try JournalText.told(by: reader)
    }
    journal.close()
    #expect(told == expected.filter { line in !JournalText.views.contains(where: line.hasPrefix) })
    // The views may have more columns by now.
    let shown = Set(try JournalText.views(of: temporary.home.journal))
    #expect(expected.filter { !shown.contains($0) && !told.contains($0) } == [])
    try await goOn(temporary)
  }

  /// What is in flight is settled, and more is written.
  private func goOn(_ temporary: TemporaryHome) async throws {
    _ = try ArtifactStore(temporary.home).store(temporary.code())
    let world = try Self.world(of: temporary.home.journal)
    let bench = try Bench(temporary, world: world)
    #expect(try await bench.state("open").inFlight != nil)
    _ = try await bench.engine.settleAll()
    let open = try await bench.state("open")
    #expect(open.status == .running && open.version == 2 && open.outcome?.status == .successful)
    try await bench.run(.rollback(RollbackRequest()), on: "open")
    #expect(try await bench.state("open").version == 1)
    try await bench.create("new")
    try await bench.run(.start(restore: nil, allowNonRestoredState: false), on: "new")
    try await bench.run(.update(Bench.updateRequest()), on: "shop")
    try await checkInvariants(bench, keepsState: false, "a journal of an earlier version")
    let connection = try Connection(path: temporary.home.journal, mode: .readOnly)
    #expect(try connection.text("PRAGMA integrity_check") == "ok")
    bench.engine.journal.close()
  }

  /// A runtime on which what the journal says runs and is kept.
  private static func world(of path: String) throws -> ScriptedWorld {
    let journal = try Journal(path: path, access: .readOnly)
    defer { journal.close() }
    return try journal.blockingRead { (reader) throws(RollbookError) in
      var world = ScriptedWorld()
      for running in try reader.allRunning() {
        world.generations[running.token] = ScriptedWorld.ScriptedGeneration(
          application: running.application, version: running.version,
          parallelism: running.parallelism, state: [])
      }
      for application in try reader.applications(limit: 1000)
        + reader.deletedApplications(limit: 1000)
      {
        for snapshot in try reader.snapshots(of: application.id, limit: 1000)
        where snapshot.status == .ready { world.snapshots[snapshot.id] = [] }
      }
      return world
    }
  }

  @Test func `a journal is kept`() { #expect(Self.made != nil || !Self.kept.isEmpty) }

  /// In what is kept no table is empty, and no kind of operation and no way to end is missing.
  @Test(arguments: kept) func `a kept journal holds something of everything`(_ name: String) throws
  {
    let path = Self.folder.appending(path: name).path
    // Nobody writes it, and nothing is to be made beside it.
    let connection = try Connection(path: path, mode: .immutable)
    let tables = try connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    while try tables.step() {
      let table = tables.string(0)
      #expect(try connection.integer("SELECT count(*) FROM \(table)") ?? 0 > 0, "\(table)")
    }
    for missing in [
      "SELECT name FROM operation_kinds WHERE kind NOT IN (SELECT kind FROM operations)",
      """
      SELECT name FROM operation_statuses
      WHERE status > 1 AND status NOT IN (SELECT status FROM operation_outcomes)
      """,
      "SELECT 'a snapshot that failed' WHERE (SELECT min(ready) FROM snapshot_outcomes) <> 0",
      "SELECT 'a deleted application' WHERE (SELECT max(deleted_at) FROM applications) IS NULL",
      "SELECT 'a change of each kind' WHERE (SELECT count(*) FROM application_changes) < 2",
    ] { #expect(try connection.text(missing) == nil) }
    #expect(try connection.text("PRAGMA integrity_check") == "ok")
  }

  @Test(.enabled(if: made != nil, "ROLLBOOK_KEEP_JOURNAL=VERSION makes one"))
  func `a journal of this version is made`() async throws {
    let bench = try Bench()
    try await KeptLife(bench).live()
    let journal = bench.engine.journal
    var lines = try await journal.read { (reader) throws(RollbookError) in
      try JournalText.told(by: reader)
    }
    lines += try JournalText.views(of: journal.path)
    // The last to close brings everything into the main file.
    journal.close()
    #expect(!FileManager.default.fileExists(atPath: journal.path + "-wal"))
    let name = "journal-\(Self.made ?? "")"
    try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
    try Data(contentsOf: URL(filePath: journal.path)).write(
      to: Self.folder.appending(path: "\(name).db"))
    try (lines.joined(separator: "\n") + "\n").write(
      to: Self.folder.appending(path: "\(name).txt"), atomically: true, encoding: .utf8)
  }
}
