#if CommandLine
import Foundation
import Testing

/// `verify`, `digest` and `export`, with the real command on real processes.
@Suite struct VerifyTests {
  @Test("A home that is sound is said to be, in every format")
  func sound() async throws {
    try await onStage { stage in
      try await stage.rollbook("verify").exits(74).says("no journal")
      try await stage.createAndStart("shop")
      try await stage.update("shop", Program.counter("two")).exits(0)
      try await stage.rollbook("verify").exits(0).shows("3 operations of 1 application")
        .shows("2 programs").shows("1 snapshot").shows("sound")
      try await stage.rollbook("verify", "--output", "json").exits(0).shows("\"IsSound\" : true")
      try await stage.rollbook("verify", "--output", "csv").exits(0).shows("IsSound,")
      try await stage.rollbook("verify", "--journal-only").exits(0)
    }
  }

  @Test("Code and snapshots that are not what they were are found; what was pruned is not missed")
  func bytes() async throws {
    try await onStage { stage in
      try await stage.create("shop", Program.idle)
      for program in ["two", "three"] {
        try await stage.update("shop", Program.counter(program)).exits(0)
      }
      try await stage.rollbook("prune", "--keep", "1", "--yes").exits(0)
      try await stage.rollbook("start", "shop").exits(0)
      for name in ["one", "two", "three"] {
        try await stage.rollbook("snapshot", "create", "shop", name).exits(0)
      }
      try await stage.rollbook("stop", "shop", "--force").exits(0)
      try await stage.rollbook("verify").exits(0).shows("1 program,").shows("3 snapshots")

      let snapshots = stage.home + "/snapshots/1"
      let folders = try FileManager.default.contentsOfDirectory(atPath: snapshots)
        .filter { !$0.hasSuffix(".json") }.sorted()
      try #require(folders.count == 3)
      try "more".write(
        toFile: "\(snapshots)/\(folders[0])/more", atomically: true, encoding: .utf8)
      for gone in [folders[0] + ".json", folders[1], folders[2] + ".json"] {
        try FileManager.default.removeItem(atPath: "\(snapshots)/\(gone)")
      }
      let store = stage.home + "/artifacts"
      let code = try #require(
        try FileManager.default.contentsOfDirectory(atPath: store).first { !$0.hasPrefix(".") })
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o600], ofItemAtPath: "\(store)/\(code)")
      let found = try await stage.rollbook("verify").exits(1).shows("NOT SOUND")
      found.shows("snapshots: snapshot one of version 3: it is not what it was")
      found.shows("snapshots: snapshot two of version 3: it is not there")
      found.shows("snapshots: snapshot three of version 3: its description is not there")
      found.shows("code: code \(code): it is not what it was")
      try await stage.rollbook("verify", "--output", "jsonl").exits(1).shows("\"IsSound\":false")
    }
  }

  @Test("A digest can be had without Rollbook, holds in a backup, and finds what was rewritten")
  func digest() async throws {
    try await onStage { stage in
      try await stage.create("shop", Program.idle)
      try await stage.update("shop", Program.counter).exits(0)
      let line = try await stage.rollbook("digest").exits(0).out.trimmingCharacters(in: .newlines)
      let sql = try await stage.rollbook("digest", "--sql").exits(0).out
      try stage.write(sql, to: "history.sql")
      let journal = stage.home + "/journal.db"
      let other = try await stage.run([
        "sh", "-c",
        "sqlite3 -readonly -batch -list -noheader '\(journal)' < '\(stage.path("history.sql"))' "
          + "| sha256sum",
      ]).exits(0).out
      #expect(line.hasSuffix("." + other.prefix(64)), "\(line) \(other)")
      try await stage.rollbook("backup", stage.path("copy")).exits(0)
      try await stage.update("shop", Program.counter("two")).exits(0)
      for home in [stage.home, stage.path("copy")] {
        try await stage.rollbook("--home", home, "verify", "--digest", line).exits(0)
          .shows("the history is what it was")
      }
      try await stage.run([
        "sqlite3", journal,
        "DROP TRIGGER operations_no_update; UPDATE operations SET actor = 'eve' WHERE id = 1",
      ]).exits(0)
      try await stage.rollbook("verify", "--digest", line).exits(1)
        .shows("the history is NOT what it was")
        .shows("schema: the trigger operations_no_update is not there")
      try await stage.rollbook("verify", "--digest", "nonsense").exits(64).says("is no digest")
      try await stage.rollbook("digest", "--through", "99").exits(64).says("is not complete")
    }
  }

  @Test("An export holds every operation once, and goes on where the last one ended")
  func export() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.counter, "--rollback")
      try await stage.update("shop", Program.throwingAtOnce, "-m", "line one\nline two").exits(3)
      try await stage.create("till", Program.idle)
      let all = try await stage.rollbook("export").exits(0).out.split(separator: "\n")
      let operations = try all.map { line in
        try #require(
          JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
      #expect(
        operations.map { $0["ApplicationName"] as? String } == [
          "shop", "shop", "shop", "shop", "till",
        ])
      let details = operations.compactMap {
        $0["ApplicationOperationInfoDetails"] as? [String: Any]
      }
      #expect(details.map { $0["OperationId"] as? String } == ["1", "2", "3", "4", "5"])
      let failure = try #require(details[2]["OperationFailureDetails"] as? [String: Any])
      #expect((failure["Text"] as? String)?.isEmpty == false)
      #expect(operations[2]["ApplicationVersionDetail"] != nil)
      #expect((operations[2]["SnapshotSummaries"] as? [Any])?.count == 1)
      let rest = try await stage.rollbook("export", "--after", "3").exits(0).out
      #expect(rest.split(separator: "\n") == all.suffix(2))
      let one = try await stage.rollbook("export", "--application", "till").exits(0).out
      #expect(one.split(separator: "\n") == all.suffix(1))
      try await stage.expectGapless(all.count)
      try await stage.rollbook("export", "--output", "csv").exits(0)
        .shows("ApplicationName,ApplicationId,OperationId").shows("\"line one\nline two\"")
      try await stage.rollbook("export", "--application", "none").exits(5)
    }
  }
}

extension Stage {
  /// An export beside something in flight, and one after it, are the whole history.
  fileprivate func expectGapless(_ count: Int) async throws {
    try await createAndStart("slow")
    let update = try background(
      ["update", "slow", "--description", "x", "--settle", "20", "--ready-check", "test -e go"])
    try await wait(until: "the update is in flight") {
      try await steps("UpdateApplication", of: "slow").contains("deployed")
    }
    try await rollbook("update", "shop", "--description", "newer").exits(0)
    let first = try await rollbook("export").exits(0)
    let told = try #require(first.err.split(separator: " ").last)
    let next = try #require(Int(told.prefix { $0.isNumber }))
    #expect(first.out.split(separator: "\n").count == count + 2)
    try await rollbook("stop", "slow", "--force").exits(0)
    _ = try await update.end()
    let rest = try await rollbook("export", "--after", String(next)).exits(0).out
    let whole = try await rollbook("export").exits(0).out
    #expect(first.out + rest == whole)
  }

}
#endif
