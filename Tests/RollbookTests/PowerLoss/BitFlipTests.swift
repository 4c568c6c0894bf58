import Foundation
import Rollbook
import RollbookSQLite
import RollbookTesting
import Testing

/// Bits of the journal's file are flipped: whoever reads it gets an error or the right answer; a wrong
/// one only where no check can see anything, or where `verify` says so.
///
/// `ROLLBOOK_FLIPS` says how many; a failure names the seed that brings it back.
@Suite struct BitFlipTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let flips = environment["ROLLBOOK_FLIPS"].flatMap { Int($0) } ?? 400
  private static let seed =
    environment["ROLLBOOK_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...1_000_000)

  enum Finding: String {
    case rightAnswer = "right answers"
    case error = "errors"
    case seenByVerify = "wrong answers that verify sees"
    case seenByDigest = "wrong answers that verify sees with a digest"
    case invisible = "wrong answers that nothing sees"
  }

  @Test("A flipped bit is an error or a right answer, and never ends the process")
  func flips() async throws {
    let bench = try Bench(TemporaryHome())
    try await live(bench)
    let path = bench.engine.journal.path
    let digest = try bench.engine.journal.historyDigest()
    bench.engine.journal.close()
    let sound = try Data(contentsOf: URL(filePath: path))
    let expected = try answers(path)
    var random = SeededGenerator(seed: Self.seed)
    var found: [Finding: Int] = [:]
    for _ in 0..<Self.flips {
      let bit = Int.random(in: 0..<sound.count * 8, using: &random)
      let finding = try look(at: sound, flipping: bit, expected, digest, in: bench.temporary.home)
      found[finding, default: 0] += 1
    }
    print(
      "flipped \(Self.flips) bits of \(sound.count) bytes, ROLLBOOK_SEED=\(Self.seed): "
        + found.sorted { $0.key.rawValue < $1.key.rawValue }
        .map { "\($0.value) \($0.key.rawValue)" }.joined(separator: ", "))
    // A test in which every flip is harmless would look at nothing.
    #expect(found[.error, default: 0] > 0)
    #expect(found[.rightAnswer, default: 0] > 0)
    // All that these answers tell is history, but for `running`.
    #expect(found[.invisible, default: 0] <= found[.seenByDigest, default: 0] / 10)
  }

  private func look(
    at sound: Data, flipping bit: Int, _ expected: [String], _ digest: HistoryDigest, in home: Home
  ) throws -> Finding {
    let flipped = Home(path: home.path + "/flipped")
    try FileManager.default.createDirectory(
      atPath: flipped.path, withIntermediateDirectories: true)
    let copy = flipped.journal
    defer {
      for rest in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: copy + rest) }
    }
    var damaged = sound
    damaged[bit / 8] ^= 1 << (bit % 8)
    try damaged.write(to: URL(filePath: copy))
    do throws(RollbookError) {
      let found = try answers(copy)
      if found == expected { return .rightAnswer }
    } catch {
      #expect(
        [
          .journalDamaged, .notAJournal, .journalTooNew, .journalFailed, .journalMissing,
          .diskFailed,
        ].contains(error.code), "bit \(bit): \(error)")
      return .error
    }
    let connection = try Connection(path: copy, mode: .readOnly)
    let isSeenBySQLite = (try? connection.text("PRAGMA integrity_check")) != "ok"
    var verification = Verification(of: flipped)
    verification.isJournalOnly = true
    let isSeen = try !verification.run().isSound
    // Never a silent wrong answer where SQLite's checks can see it.
    #expect(isSeen || !isSeenBySQLite, "bit \(bit)")
    if isSeen { return .seenByVerify }
    verification.digest = digest
    return try verification.run().isSound ? .invisible : .seenByDigest
  }

  /// Everything that the verbs which read can be asked.
  private func answers(_ path: String) throws(RollbookError) -> [String] {
    let journal = try Journal(path: path, access: .readOnly)
    defer { journal.close() }
    return try journal.blockingRead { (reader) throws(RollbookError) in
      var told: [String] = []
      let living = try reader.applications(limit: 100)
      for application in try living + reader.deletedApplications(limit: 100) {
        told.append("\(try reader.state(of: application))")
        told += try reader.versions(of: application.id, limit: 1000).map { "\($0)" }
        told += try reader.snapshots(of: application.id, limit: 1000).map { "\($0)" }
        told += try reader.unresolvedSuspects(of: application.id).map { "\($0)" }
        told.append("\(String(describing: try reader.running(application.id)))")
        for status in [nil, OperationStatus.failed] {
          let filter = OperationFilter(status: status)
          for record in try reader.operations(
            of: application.id, filter: filter, limit: 1000
          ).records {
            told.append(
              "\(record) \(String(describing: try reader.failure(of: record.operation.id)))")
            told += try reader.steps(of: record.operation.id).map { "\($0)" }
          }
        }
      }
      return told
    }
  }

  /// A journal in which all tables hold something.
  private func live(_ bench: Bench) async throws {
    for name in ["shop", "till"] {
      try await bench.create(name)
      try await bench.run(.start(restore: nil, allowNonRestoredState: false), on: name)
      for number in 2...9 {
        bench.runtime.change {
          $0.behaviours[Int64(number)] = number % 3 == 0 ? .isRefused("no") : .runs
        }
        try await bench.run(.update(Bench.updateRequest()), on: name)
      }
      try await bench.run(.createSnapshot(name: "kept"), on: name)
    }
    try await bench.run(.stop(force: false), on: "till")
    try await bench.run(.delete, on: "till")
  }
}
