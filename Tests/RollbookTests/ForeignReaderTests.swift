import Foundation
import Glibc
import Rollbook
import RollbookSQLite
import Testing

/// Somebody else's reader that stays open: the `sqlite3` shell, in a transaction.
///
/// Environment: `ROLLBOOK_CROWD_TURNS=N` is the long form: eight processes write with such a reader and
/// without one, in turn, `ROLLBOOK_CROWD_ROUNDS=N` times, and their rates are printed.
@Suite struct ForeignReaderTests {
  /// What a WAL holds between checkpoints, and no more once no reader needs it: 72 MiB.
  private static let limit = 75_497_472

  @Test func `the WAL grows under a reader that stays open, and shrinks once it has ended`()
    async throws
  {
    let place = try CrowdPlace()
    let journal = try Journal(path: place.journal, access: .create)
    try begin(journal)
    let reader = try ForeignReader(place.journal)
    defer { reader.end() }
    #expect(await reader.answer("SELECT count(*) FROM operations;") == "1")
    while Files.size(of: place.journal + "-wal") <= Self.limit { try fail(journal) }
    // It still reads what it began with.
    #expect(await reader.answer("SELECT count(*) FROM operations;") == "1")
    reader.end()
    // The first commit brings the main file up to date; the next begins the WAL anew.
    for _ in 1...2 { try fail(journal) }
    #expect(Files.size(of: place.journal + "-wal") <= Self.limit)
    let connection = try Connection(path: place.journal, mode: .readOnly)
    #expect(try connection.text("PRAGMA integrity_check") == "ok")
    #expect(
      try connection.integer("SELECT count(*) FROM operations WHERE kind = 4")
        == connection.integer("SELECT count(*) FROM failures"))
    journal.close()
  }

  @Test(.enabled(if: CrowdTests.longTurns != nil, "ROLLBOOK_CROWD_TURNS=N says how long"))
  func `writers go on beside a reader that stays open`() async throws {
    for _ in 0..<(SimulationTests.number("ROLLBOOK_CROWD_ROUNDS") ?? 3) {
      for hasReader in [false, true] {
        let place = try CrowdPlace()
        let crowd = try Crowd(place.journal, processes: CrowdTests.processes)
        defer { crowd.kill() }
        await crowd.ready()
        let reader = hasReader ? try ForeignReader(place.journal) : nil
        defer { reader?.end() }
        let count = await reader?.answer("SELECT count(*) FROM operations;")
        crowd.begin()
        let reports = await crowd.reports()
        #expect(await reader?.answer("SELECT count(*) FROM operations;") == count)
        Crowd.tell(reports, hasReader ? "beside a reader: " : "without a reader: ")
        print("the WAL is at \(Files.size(of: place.journal + "-wal") >> 20) MiB")
      }
    }
  }

  private func begin(_ journal: Journal) throws {
    try journal.blockingWrite { (writer) throws(RollbookError) in
      let shop = try writer.insertApplication(name: "shop", runtime: "scripted")
      let create = try writer.begin(
        OperationDraft(application: shop.id, kind: .create, actor: "ada@example"))
      try writer.end(
        create,
        OutcomeDraft(
          status: .successful,
          standing: StandingState(status: .ready, version: 1, parallelism: 1)))
    }
  }

  /// With as much text as a failure may have.
  private static let failure = Failure(
    phase: .deploy, rootCause: "no", text: String(repeating: "x", count: 1 << 20))

  private func fail(_ journal: Journal) throws {
    try journal.blockingWrite { (writer) throws(RollbookError) in
      guard let shop = try writer.reader.application(named: "shop"),
        let standing = try writer.reader.state(of: shop).settled
      else { throw RollbookError(.notFound, "There is no shop.") }
      var outcome = OutcomeDraft(status: .failed, standing: standing)
      outcome.failure = Self.failure
      let draft = OperationDraft(application: shop.id, kind: .scale, actor: "ada@example")
      try writer.end(try writer.begin(draft), outcome)
    }
  }
}

/// The `sqlite3` shell in a transaction.
private final class ForeignReader {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(_ path: String) throws {
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-readonly", path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    input.fileHandleForWriting.write(Data("BEGIN;\n".utf8))
  }

  /// The one line that a statement answers.
  func answer(_ sql: String) async -> String {
    input.fileHandleForWriting.write(Data("\(sql)\n".utf8))
    return await text(from: output) { $0.hasSuffix("\n") }.trimmingCharacters(in: .newlines)
  }

  func end() {
    guard process.isRunning else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
