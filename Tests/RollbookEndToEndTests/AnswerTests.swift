#if CommandLine
import Foundation
import Testing

/// What the journal answers to those who ask it.
@Suite struct AnswerTests {
  /// Version 1 and 2 have run; 3 failed and was rolled back to 2, which runs.
  private func prepared(_ stage: Stage) async throws {
    try await stage.createAndStart(
      "shop", Program.counter, "--rollback", "--property", "COLOUR=red", "--property", "OLD=1",
      "--arg", "one", "--actor", "alice")
    try await stage.waitUntilCounting("shop", above: 2)
    try await stage.update(
      "shop", Program.counter("two"), "--property", "COLOUR=blue", "--unset-property", "OLD",
      "--property", "NEW=2", "--arg=-v", "--arg", "two words", "--ready-check", "true"
    ).exits(0)
    try await stage.waitUntilCounting("shop")
    try await stage.update(
      "shop", Program.throwingAtOnce, "--settle", "20", "--actor", "bob", "-m", "ticket 42"
    ).exits(3)
  }

  @Test("A dry run names the target, the snapshot and the age of its state, and does nothing")
  func dryRun() async throws {
    try await onStage { stage in
      try await prepared(stage)
      let before = try stage.fingerprint().filter { $0.key.hasPrefix("journal") }
      let running = stage.instances(of: "shop")
      let plan = try await stage.json("rollback", "shop", "--dry-run")["RollbackPlan"]
      #expect(plan["ApplicationVersionRolledBackFrom"].int == 2)
      #expect(plan["ApplicationVersionRolledBackTo"].int == 1)
      #expect(plan["SnapshotVersionId"].int == 1)
      #expect(plan["SnapshotAgeSeconds"].int >= 0)
      let snapshot = plan["SnapshotName"].text
      let shown = try await stage.json("snapshot", "show", "shop", snapshot)["SnapshotDetails"]
      #expect(shown["SnapshotStatus"].text == "READY")
      try await stage.rollbook("rollback", "shop", "--dry-run").exits(0)
        .shows("version 1, parallelism 1").shows(snapshot).shows(" old").shows("nothing was done")
      #expect(try stage.fingerprint().filter { $0.key.hasPrefix("journal") } == before)
      #expect(stage.instances(of: "shop") == running)
    }
  }

  @Test("What changed between two versions: settings and code")
  func differences() async throws {
    try await onStage { stage in
      try await prepared(stage)
      let found = try await stage.json("diff", "shop", "1", "2")["ApplicationVersionDifferences"]
      let settings = found.array.map { $0["Setting"].text }
      #expect(
        settings == [
          "code", "artifact", "arguments", "property COLOUR", "property OLD", "property NEW",
          "ready check",
        ])
      func values(_ name: String) -> [JSON]? {
        found.array.first { $0["Setting"].text == name }.map { [$0["From"], $0["To"]] }
      }
      #expect(values("property COLOUR") == [.string("red"), .string("blue")])
      #expect(values("property OLD") == [.string("1"), .null])
      #expect(values("property NEW") == [.null, .string("2")])
      #expect(values("arguments") == [.string("one"), .string("-v 'two words'")])
      #expect(values("ready check") == [.null, .string("true")])
      let version = try await stage.json("version", "shop", "2")["ApplicationVersionDetail"]
      let code = version["ApplicationConfigurationDescription"][
        "ApplicationCodeConfigurationDescription"]["CodeContentDescription"]
      #expect(values("artifact")?.last == code["CodeSHA256"])
      try await stage.rollbook("diff", "shop", "1", "2").exits(0).shows("blue").shows("artifact")
      try await stage.rollbook("diff", "shop", "2", "2").exits(0).says("are the same")
    }
  }

  @Test("The auditor's question is answered in one row, and SQL only reads")
  func sql() async throws {
    try await onStage { stage in
      try await prepared(stage)
      let rows = try await stage.json("sql", "SELECT * FROM rollback_history").array
      #expect(rows.count == 1)
      let row = try #require(rows.first)
      #expect(row["application"].text == "shop")
      #expect(row["kind"].text == "SystemRollbackApplication")
      #expect(row["from_version"].int == 3)
      #expect(row["to_version"].int == 2)
      #expect(row["root_cause"].text == "fatal error: it does not work")
      #expect(row["actor"].text == "bob")
      #expect(row["reason"].text == "ticket 42")
      #expect(row["outcome"].text == "SUCCESSFUL")
      let list = try await stage.operationList("shop")
      #expect(String(row["rollback_operation_id"].int) == list[0]["OperationId"].text)
      #expect(String(row["failed_operation_id"].int) == list[1]["OperationId"].text)
      #expect(row["snapshot"].text != "")

      let before = try stage.fingerprint().filter { $0.key.hasPrefix("journal") }
      for query in [
        "DELETE FROM operations", "UPDATE operations SET actor = 'x'",
        "INSERT OR REPLACE INTO heads SELECT * FROM heads", "DROP TABLE operations",
        "CREATE TEMP TABLE t (a)", "PRAGMA user_version = 7", "VACUUM",
        "ATTACH '\(stage.path("new.db"))' AS other", "SELECT 1; DELETE FROM operations", "SELECT",
        "no sql",
      ] {
        let run = try await stage.rollbook("sql", query)
        #expect(run.status == 64, "\(run.described)")
      }
      #expect(try stage.fingerprint().filter { $0.key.hasPrefix("journal") } == before)
      #expect(!FileManager.default.fileExists(atPath: stage.path("new.db")))
    }
  }

  @Test("Every read verb answers as a table, JSON, lines of JSON and CSV")
  func formats() async throws {
    try await onStage { stage in
      try await prepared(stage)
      let snapshots = try await stage.json("snapshot", "list", "shop")["SnapshotSummaries"].array
      let snapshot = try #require(snapshots.first)["SnapshotName"].text
      let id = try await stage.operationList("shop")[1]["OperationId"].text
      let verbs: [(words: [String], member: String, rows: Int?)] = [
        (["list"], "ApplicationSummaries", 1), (["status", "shop"], "ApplicationDetail", nil),
        (["operations", "shop"], "ApplicationOperationInfoList", 5),
        (["history", "shop"], "ApplicationOperationInfoList", 5),
        (["operation", "shop", id], "ApplicationOperationInfoDetails", nil),
        (["versions", "shop"], "ApplicationVersionSummaries", 3),
        (["version", "shop", "2"], "ApplicationVersionDetail", nil),
        (["diff", "shop", "1", "2"], "ApplicationVersionDifferences", 7),
        (["snapshot", "list", "shop"], "SnapshotSummaries", snapshots.count),
        (["snapshot", "show", "shop", snapshot], "SnapshotDetails", nil),
        (["rollback", "shop", "--dry-run"], "RollbackPlan", nil),
        (["logs", "shop", "--version", "3"], "LogLines", 1),
      ]
      for verb in verbs {
        let json = try await stage.rollbook(verb.words + ["--output", "json"]).exits(0).json()
        #expect(json.keys == [verb.member], "\(verb)")
        let value = json[verb.member]
        if let rows = verb.rows { #expect(value.array.count == rows, "\(verb)") }
        let lines = try await stage.rollbook(verb.words + ["-o", "jsonl"]).exits(0).jsonLines()
        #expect(lines.count == verb.rows ?? 1, "\(verb)")
        #expect(lines.first?.keys == (verb.rows == nil ? value : value[0]).keys, "\(verb)")
        let csv = try await stage.rollbook(verb.words + ["--output", "csv"]).exits(0).out
        #expect(csv.split(whereSeparator: \.isNewline).count >= 1 + (verb.rows ?? 1), "\(verb)")
        let table = try await stage.rollbook(verb.words + ["--output", "table"]).exits(0).out
        // The answer without --output has the same first line: what is said of ages goes on.
        let plain = try await stage.rollbook(verb.words).exits(0).out
        #expect(
          table.split(separator: "\n").first == plain.split(separator: "\n").first, "\(verb)")
        #expect(!table.contains("\u{1B}"), "\(verb)")
        #expect(table.contains("\n"))
      }
      try await stage.rollbook("list", "--output", "xml").exits(64).says("table")
    }
  }

  @Test("A deleted application's name is free, and its history stays")
  func recreate() async throws {
    try await onStage { stage in
      try await prepared(stage)
      try await stage.rollbook("delete", "shop", "--yes").exits(0)
      #expect(stage.keepers() == [])
      #expect(try await stage.json("list")["ApplicationSummaries"].array == [])
      let deleted = try await stage.json("list", "--deleted")["ApplicationSummaries"].array
      #expect(deleted.map { $0["ApplicationStatus"].text } == ["DELETED"])
      try await stage.rollbook("operations", "shop").exits(0).says("was deleted")
        .shows("DeleteApplication").shows("SystemRollbackApplication")
      try await stage.rollbook("start", "shop").exits(5)
      try await stage.rollbook("delete", "shop", "--yes").exits(5)

      try stage.remove(stage.ledgerPath)
      try await stage.createAndStart("shop", Program.counter)
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(
        try await stage.operations("shop") == [
          "StartApplication SUCCESSFUL", "CreateApplication SUCCESSFUL",
        ])
      try await stage.rollbook("rollback", "shop").exits(5)
      try await wait(until: "it counts") { stage.begun() == [1] }
      stage.expectContinuity()
      let ids = try await stage.json(
        "sql", "SELECT DISTINCT application_id AS id FROM operation_history ORDER BY 1")
      #expect(ids.array.count == 2)
    }
  }
}
#endif
