import Foundation
import Rollbook
import RollbookSQLite
import RollbookTesting
import Testing

/// `verify`: what is sound is said to be, and what is not is found.
@Suite struct VerificationTests {
  @Test("What every scenario leaves is sound", arguments: Scenario.all)
  func sound(_ scenario: Scenario) async throws {
    let bench = try Bench()
    try await scenario.prepare(bench)
    do {
      try await scenario.act(bench)
    } catch let error as RollbookError where error.code == .settledFirst {}
    #expect(try journalFindings(bench.temporary.home) == [])
  }

  @Test("A journal in which something is in flight is sound")
  func inFlight() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    try await bench.engine.journal.write { (writer) throws(RollbookError) in
      _ = try writer.begin(
        OperationDraft(application: shop.id, kind: .stop, actor: "ada@example"))
    }
    #expect(try journalFindings(bench.temporary.home) == [])
  }

  /// What somebody did who could write the file, and a word of what is found.
  static let forgeries: [(sql: String, words: String)] = [
    ("DELETE FROM heads", "application 1: it has no operation"),
    ("UPDATE heads SET operation_id = 2", "newest operation is not the one"),
    (
      "INSERT INTO open_operations (application_id, operation_id) VALUES (1, 2)",
      "operation 2: it has an outcome"
    ),
    ("DELETE FROM operation_outcomes WHERE operation_id = 3", "began while 3 was in flight"),
    (
      "DELETE FROM operation_outcomes WHERE operation_id = (SELECT max(id) FROM operations)",
      "or none and is not"
    ),
    ("DELETE FROM failures", "it failed, and no cause is kept"),
    ("UPDATE operation_outcomes SET application_id = 2", "of another application"),
    ("UPDATE operation_outcomes SET rollback_operation_id = 99 WHERE status = 3", "the rollback"),
    ("UPDATE operation_outcomes SET good_state = 1 WHERE good_state = 3", "is none"),
    (
      "UPDATE operation_outcomes SET good_state_below = NULL WHERE operation_id = 3",
      "does not stand on the one before it"
    ),
    ("UPDATE operation_outcomes SET ended_at = 5 WHERE operation_id = 2", "ended before it began"),
    ("DELETE FROM versions WHERE version = 2", "the version that it made is not there"),
    ("UPDATE versions SET version = 7 WHERE version = 2", "that operation made another one"),
    ("DELETE FROM snapshot_outcomes", "nothing says what came of it"),
    (
      """
      INSERT INTO suspects (application_id, operation_id, generation, since)
      VALUES (1, 2, 'token', 0)
      """, "without a resolution"
    ),
    ("UPDATE operations SET previous_failed_id = 2 WHERE id = 3", "does not point back"),
    ("UPDATE operations SET previous_id = 2 WHERE id = 1", "is its application's first"),
    ("DELETE FROM operations WHERE id = 2", "it refers to a row of operations"),
    ("DELETE FROM running", "no generation is recorded"),
    (
      "INSERT INTO operations (id, application_id, kind, started_at, actor) VALUES (-5, 1, 2, 0, 'x')",
      "operation -5: the journal gives no such number"
    ),
    (
      "UPDATE operation_outcomes SET good_state = NULL WHERE operation_id = 5",
      "operation 5: the good state that it leaves on top was not among"
    ),
    ("UPDATE running SET version = 1", "another version or parallelism"),
    ("UPDATE applications SET deleted_at = 5", "differ about whether it is deleted"),
    ("UPDATE operation_steps SET step = 'stepping'", "stepping is no step"),
    ("UPDATE failures SET phase = 'phase'", "phase is no phase"),
    (
      "UPDATE operation_outcomes SET status = 1 WHERE operation_id = 2", "is that it is in progress"
    ),
    ("UPDATE operation_outcomes SET pushed_again = NULL", "which version it pushed again"),
    ("DROP TRIGGER operations_no_update", "the trigger operations_no_update is not there"),
    ("DROP VIEW rollback_history", "the view rollback_history is not there"),
    ("DROP INDEX operations_rare", "the index operations_rare is not there"),
    ("CREATE TABLE mine (x)", "the table mine is not Rollbook's"),
    (
      "CREATE TRIGGER t AFTER INSERT ON operations BEGIN DELETE FROM failures; END",
      "the trigger t is not Rollbook's"
    ),
  ]

  @Test("What was forged is found", arguments: forgeries)
  func forged(sql: String, words: String) async throws {
    let bench = try Bench()
    try await live(bench)
    bench.engine.journal.close()
    let home = bench.temporary.home
    try forge(sql, in: home.journal)
    let found = try journalFindings(home)
    #expect(found.contains { $0.contains(words) }, "\(found)")
  }

  /// It may be in the middle of anything: that nothing is known of it is no reason to pass it over.
  @Test("Settling says that an application's newest operation is lost")
  func lostHead() async throws {
    let bench = try Bench()
    let application = try await bench.create()
    bench.engine.journal.close()
    try forge("DELETE FROM heads", in: bench.temporary.home.journal)
    await #expect { try await bench.engine.settle(application) } throws: {
      ($0 as? RollbookError)?.code == .journalDamaged
    }
  }

  /// A row of each table with a CHECK, and what breaks it.
  static let forbidden = [
    "UPDATE operations SET parameters = '{' WHERE id = 2",
    "UPDATE running SET place = '{'", "UPDATE operation_steps SET detail = '{'",
    "UPDATE operation_outcomes SET status = 1 WHERE operation_id = 2",
    "UPDATE operation_outcomes SET pushed_again = 2 WHERE operation_id = 2",
    "UPDATE failures SET evidence = '{'",
    "INSERT INTO cancellations VALUES (2, 1, 0, 'eve', NULL, '{')",
    "INSERT INTO suspects VALUES (1, 1, 2, 'token', '{', NULL, 0)",
    "UPDATE application_changes SET kind = 'name'", "UPDATE application_changes SET value = '{'",
    "UPDATE versions SET version = 0 WHERE version = 2", "UPDATE versions SET configuration = '{'",
    "UPDATE snapshot_outcomes SET ready = 2",
    "INSERT INTO prunings VALUES (1, 0, 'eve', NULL, 'rows', NULL, 'x', 0, 1)",
  ]

  @Test("What a CHECK constraint forbids is found, although the file is only read")
  func constraints() async throws {
    let bench = try Bench()
    try await live(bench)
    bench.engine.journal.close()
    let sound = try Data(contentsOf: URL(filePath: bench.engine.journal.path))
    let home = Home(path: bench.temporary.home.path + "/forged")
    try FileManager.default.createDirectory(atPath: home.path, withIntermediateDirectories: true)
    for sql in Self.forbidden {
      try sound.write(to: URL(filePath: home.journal))
      try forge(sql, in: home.journal)
      let found = try journalFindings(home)
      #expect(
        found.contains { $0.contains("it is not what its column may hold") }, "\(sql): \(found)")
    }
    let schema = try Connection(path: bench.engine.journal.path, mode: .readOnly)
      .text("SELECT group_concat(sql) FROM sqlite_schema")
    #expect(try #require(schema).ranges(of: "CHECK (").count == Self.forbidden.count)
  }

  @Test("One row that cannot be read hides nothing of the others")
  func unreadable() async throws {
    let bench = try Bench()
    try await live(bench)
    bench.engine.journal.close()
    let home = bench.temporary.home
    try forge(
      """
      UPDATE operations SET parameters = '[1]' WHERE id = 3;
      UPDATE operation_outcomes SET ended_at = 5 WHERE operation_id = 2;
      UPDATE operation_steps SET step = 'stepping' WHERE operation_id = 5;
      """, in: home.journal)
    let found = try journalFindings(home)
    for words in ["operation 3: ", "operation 2: it ended before", "operation 5: "] {
      #expect(found.contains { $0.contains(words) }, "\(found)")
    }
  }

  @Test("A number that no journal reaches keeps no digest from ending")
  func farAway() async throws {
    let bench = try Bench()
    try await live(bench)
    let digest = try bench.engine.journal.historyDigest()
    bench.engine.journal.close()
    let path = bench.temporary.home.journal
    try forge(
      """
      INSERT INTO operations (id, application_id, kind, started_at, actor)
      VALUES (4611686018427387904, 1, 2, 0, 'x')
      """, in: path)
    let journal = try Journal(path: path, access: .readOnly)
    #expect(try journal.findings(against: digest) == [])
  }

  @Test("A digest of the history is the same whatever is done afterwards")
  func digestStays() async throws {
    let bench = try Bench()
    try await live(bench)
    let journal = bench.engine.journal
    let digest = try journal.historyDigest()
    try await live(bench, named: "till")
    try await bench.run(.stop(force: false))
    try await bench.run(.delete)
    #expect(try journal.findings(against: digest) == [])
    #expect(HistoryDigest(digest.description) == digest)
    #expect(try journal.historyDigest().sha256 != digest.sha256)
  }

  @Test("A digest ends before what is in flight")
  func digestInFlight() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    let digest = try bench.engine.journal.historyDigest()
    let begun = try await bench.engine.journal.write { (writer) throws(RollbookError) in
      try writer.begin(OperationDraft(application: shop.id, kind: .stop, actor: "ada@example"))
    }
    #expect(try bench.engine.journal.historyDigest() == digest)
    #expect(throws: RollbookError.self) {
      try bench.engine.journal.historyDigest(through: begun.id)
    }
  }

  @Test("A change of tags that is gone is missed by the digest")
  func changeGone() async throws {
    let bench = try Bench()
    try await live(bench)
    let digest = try bench.engine.journal.historyDigest()
    bench.engine.journal.close()
    let path = bench.temporary.home.journal
    try forge("DELETE FROM application_changes", in: path)
    let found = try Journal(path: path, access: .readOnly).findings(against: digest)
    #expect(found.contains { $0.hasPrefix("changes of tags") }, "\(found)")
  }

  /// What somebody wrote over who kept all that `verify` can see by itself in order.
  static let lies = [
    "UPDATE operation_outcomes SET version = 1 WHERE operation_id = 4",
    "UPDATE operations SET actor = 'eve@example' WHERE id = 2",
    "UPDATE operations SET reason = NULL WHERE id = 2",
    "UPDATE operations SET started_at = started_at - 1 WHERE id = 2",
    "UPDATE failures SET root_cause = 'nobody knows'",
    "UPDATE failures SET text = text || char(0) || 'more'",
    "UPDATE versions SET configuration = json_set(configuration, '$.description', 'mine')",
    "UPDATE operation_outcomes SET rollback_decision_reason = 'so'",
    "UPDATE snapshots SET name = 'other'",
    "DELETE FROM operation_steps WHERE operation_id = 3",
    "UPDATE applications SET name = 'shop2'",
    "UPDATE application_changes SET value = '{}'",
  ]

  @Test("A digest tells what nothing else can", arguments: lies)
  func lie(_ sql: String) async throws {
    let bench = try Bench()
    try await live(bench)
    let digest = try bench.engine.journal.historyDigest()
    bench.engine.journal.close()
    let home = bench.temporary.home
    try forge(sql, in: home.journal)
    #expect(try journalFindings(home).isEmpty)
    var verification = Verification(of: home)
    verification.isJournalOnly = true
    verification.digest = digest
    #expect(try verification.run().findings.map(\.part) == [.digest])
  }

  @Test("A digest covers every column of every append-only table but what can still come")
  func digestCovers() async throws {
    let bench = try Bench()
    try await bench.create()
    let sql = try bench.engine.journal.historyDigest().sql
    let covered = AppendOnlyTests.tables.filter { sql.contains("FROM \($0) AS t") }
    #expect(
      Set(AppendOnlyTests.tables).subtracting(covered) == [
        "suspect_resolutions", "schema_migrations",
      ])
    for table in covered {
      let statement = try #require(
        sql.split(separator: ";").first { $0.contains("FROM \(table) AS t") })
      for column in try bench.columns(of: table) {
        #expect(statement.contains("quote(t.\(column))") || statement.contains("(t.\(column) AS"))
      }
    }
  }

  // MARK: What the tests share

  private func live(_ bench: Bench, named name: String = "shop") async throws {
    let shop = try await bench.create(name)
    try await bench.run(.start(restore: nil, allowNonRestoredState: false), on: name)
    try await bench.run(.update(Bench.updateRequest()), on: name)
    bench.runtime.change { $0.behaviours[3] = .isRefused("no") }
    try await bench.run(.update(Bench.updateRequest()), on: name)
    try await bench.run(.createSnapshot(name: "kept"), on: name)
    try await bench.engine.journal.write { (writer) throws(RollbookError) in
      try writer.record(.tags(["team": "shop"]), of: shop.id, actor: "ada@example")
    }
  }

  /// As whoever may write the file can: without triggers, references and checks.
  private func forge(_ sql: String, in path: String) throws {
    let connection = try Connection(path: path, mode: .readWrite)
    var triggers: [(name: String, sql: String)] = []
    if !sql.contains("TRIGGER") {
      let rows = try connection.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
      while try rows.step() { triggers.append((rows.string(0), rows.string(1))) }
      rows.reset()
    }
    try connection.execute("PRAGMA ignore_check_constraints = ON")
    for trigger in triggers { try connection.executeScript("DROP TRIGGER \(trigger.name)") }
    try connection.executeScript(sql)
    for trigger in triggers { try connection.executeScript(trigger.sql) }
  }
}
