#if CommandLine
import Foundation
import Testing

/// `backup` and `prune`, with the real command on real processes.
@Suite struct KeepingTests {
  @Test("A backup is a home: what it tells and holds is what the home did")
  func backup() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      try await stage.waitUntilCounting("shop", above: 3)
      try await stage.update("shop", Program.counter("two")).exits(0)
      try await stage.rollbook("snapshot", "create", "shop", "mine").exits(0)
      let before = try await stage.rollbook("operations", "shop", "--all", "-o", "json").exits(0)
        .out
      let copy = stage.path("copy")
      try await stage.rollbook("backup", copy).exits(0).shows("2 stored programs").shows(
        "2 snapshots")
      // It is nobody else's to read.
      let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions]
      #expect(mode as? Int == 0o700)
      try await stage.rollbook("stop", "shop").exits(0)
      let told = try await stage.rollbook(
        "--home", copy, "operations", "shop", "--all", "-o", "json"
      )
      .exits(0).out
      #expect(told == before)
      // It goes on from there, and needs nothing of the home: what ran is found ended, and starts again.
      try FileManager.default.moveItem(atPath: stage.home, toPath: stage.home + "-gone")
      try await stage.rollbook("--home", copy, "settle").exits(0)
      try await stage.rollbook("--home", copy, "start", "shop", "--from", "mine").exits(0)
      try await stage.rollbook("--home", copy, "rollback", "shop").exits(0)
      try await stage.rollbook("--home", copy, "stop", "shop").exits(0)
    }
  }

  @Test("A backup goes where nothing is, and leaves nothing where it fails")
  func backupRefused() async throws {
    try await onStage { stage in
      try await stage.rollbook("backup", stage.path("copy")).exits(74).says("no journal")
      try await stage.create("shop", Program.idle)
      try FileManager.default.createDirectory(
        atPath: stage.path("taken"), withIntermediateDirectories: true)
      try stage.write("x", to: "taken/file")
      try await stage.rollbook("backup", stage.path("taken")).exits(64).says(
        "There is something at")
      try await stage.rollbook("backup", stage.path("none/copy")).exits(64).says("Make it first")
      try await stage.rollbook("backup", stage.home + "/artifacts/copy").exits(64).says(
        "in the home itself")
      let names = try FileManager.default.contentsOfDirectory(atPath: stage.path(""))
      #expect(!names.contains { $0.contains("partial") || $0 == "copy" }, "\(names)")
    }
  }

  @Test("A backup says what the home has lost, and copies the rest")
  func backupOfDamaged() async throws {
    try await onStage { stage in
      try await stage.create("shop", Program.idle)
      try await stage.update("shop", Program.counter).exits(0)
      let store = stage.home + "/artifacts"
      let gone = try #require(try FileManager.default.contentsOfDirectory(atPath: store).first)
      try FileManager.default.removeItem(atPath: store + "/" + gone)
      try await stage.rollbook("backup", stage.path("copy")).exits(1).shows("1 stored program")
        .says("code \(gone): it is not there")
    }
  }

  @Test("A backup beside removals waits for them, and they for it")
  func backupBesideRemovals() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      for round in 1...5 {
        try await stage.rollbook("snapshot", "create", "shop", "s\(round)").exits(0)
      }
      for round in 1...5 {
        async let removed = stage.rollbook("snapshot", "delete", "shop", "s\(round)")
        async let copied = stage.rollbook("backup", stage.path("copy-\(round)/"))
        let (removal, copy) = try await (removed, copied)
        removal.exits(0)
        // Refused, or whole: never one that lacks what its journal names.
        if copy.status != 5 { copy.exits(0).shows("all checked") }
      }
      try FileManager.default.createDirectory(
        atPath: stage.path("empty"), withIntermediateDirectories: true)
      try await stage.rollbook("backup", stage.path("empty/")).exits(0)
      try await stage.rollbook("--home", stage.path("empty"), "list").exits(0).shows("shop")
    }
  }

  @Test("A backup while three others write: of one moment, whole, and nobody waits for it")
  func backupBesideWriters() async throws {
    try await onStage { stage in
      let names = ["one", "two", "three"]
      for name in names { try await stage.create(name, Program.idle) }
      let end = stage.path("end")
      try await withThrowingTaskGroup(of: Int.self) { group in
        for name in names {
          group.addTask {
            var changes = 0
            while stage.text(end) == nil, changes < 500 {
              changes += 1
              try await stage.rollbook("update", name, "--description", "\(changes)").exits(0)
            }
            return changes
          }
        }
        var counts: [Int] = []
        for round in 1...5 {
          let copy = stage.path("copy-\(round)")
          try await stage.rollbook("backup", copy).exits(0).shows("all checked")
          try await stage.rollbook("--home", copy, "verify").exits(0)
          let rows = try await stage.rollbook(
            "--home", copy, "sql", "SELECT count(*) AS n FROM operation_outcomes", "-o", "json"
          ).exits(0).json().array
          counts.append(rows.first?["n"].int ?? -1)
        }
        try stage.write("", to: "end")
        let changes = try await group.reduce(0, +)
        // They went on meanwhile, and every copy is of its moment.
        #expect(counts == counts.sorted() && Set(counts).count > 1, "\(counts)")
        #expect((counts.last ?? 0) <= 3 + changes)
      }
    }
  }

  @Test("`status` tells how many bytes an application takes")
  func sizes() async throws {
    try await onStage { stage in
      let code = Program.idle + String(repeating: "#", count: 3000 - Program.idle.utf8.count)
      try await stage.create("shop", code)
      try await stage.rollbook("status", "shop").exits(0)
        .shows("2.9 KiB: code 2.9 KiB, snapshots 0 B, state 0 B, logs 0 B")
      func held() async throws -> JSON {
        let status = try await stage.rollbook("status", "shop", "-o", "json").exits(0).json()
        return status["ApplicationDetail"]["Bytes"]
      }
      #expect(try await held()["Artifacts"].int == 3000)
      try await stage.update("shop", Program.counter).exits(0)
      try await stage.rollbook("start", "shop").exits(0)
      try await stage.waitUntilCounting("shop", above: 3)
      try await stage.rollbook("snapshot", "create", "shop", "mine").exits(0)
      let bytes = try await held()
      #expect(bytes["Artifacts"].int == 3000 + Program.counter.utf8.count)
      for part in ["Snapshots", "State"] { #expect(bytes[part].int > 0, "\(part)") }
    }
  }

  @Test("--indexed and --journal-only: an auditor's copy")
  func auditorsCopy() async throws {
    try await onStage { stage in
      try await stage.create("shop", Program.idle)
      let copy = stage.path("copy")
      try await stage.rollbook("backup", copy, "--indexed", "--journal-only").exits(0).shows(
        "checked")
      #expect(try FileManager.default.contentsOfDirectory(atPath: copy) == ["journal.db"])
      let plan = try await stage.run([
        "/usr/bin/sqlite3", copy + "/journal.db",
        "EXPLAIN QUERY PLAN SELECT * FROM operations WHERE started_at > 0",
      ]).exits(0).out
      #expect(plan.contains("indexed_operations_by_time"), "\(plan)")
      try await stage.rollbook("--home", copy, "list").exits(0).shows("shop")
    }
  }

  @Test("Pruning keeps the way back, and every row")
  func prune() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      for remark in ["two", "three", "four"] {
        try await stage.waitUntilCounting("shop")
        try await stage.update("shop", Program.counter(remark)).exits(0)
      }
      try await stage.rollbook("snapshot", "create", "shop", "mine").exits(0)
      let history = try await stage.operations("shop")
      let before = stage.contents()
      try await stage.rollbook("prune", "--keep", "2", "--dry-run").exits(0).shows("Would remove")
        .shows("2 stored programs")
      try await stage.rollbook("prune", "--keep", "2").exits(64).says("--yes")
      #expect(stage.contents() == before)
      try await stage.rollbook("prune", "--keep", "2", "--yes", "-m", "disk").exits(0)
        .shows("Removed 2 stored programs")
      #expect(stage.running("shop") == [4])
      let rows = try await stage.sql("SELECT kind, reason, size > 0 AS sized FROM prunings")
      #expect(rows.allSatisfy { $0["reason"].text == "disk" && $0["sized"].int == 1 })
      #expect(Set(rows.map { $0["kind"].text }) == ["code", "generation"])
      // The rows of before are all there, below those of the snapshots' deletions.
      let after = try await stage.operations("shop")
      #expect(after.suffix(history.count) == history[...])
      #expect(Set(after.dropLast(history.count)) == ["DeleteApplicationSnapshot SUCCESSFUL"])
      try await stage.rollbook("logs", "shop", "--version", "1").exits(0).says(
        "the log of version 1 was removed by `rollbook prune`")
      let snapshots = try await stage.json("snapshot", "list", "shop")["SnapshotSummaries"].array
      #expect(snapshots.contains { $0["SnapshotName"].text == "mine" })
      // The way back is there; further back is not, and says so.
      try await stage.rollbook("rollback", "shop", "--to-version", "1", "--snapshot", "none").exits(
        5
      )
      .says("artifact")
      try await stage.rollbook("rollback", "shop").exits(0)
      #expect(stage.running("shop") == [3])
      // It goes on where version 3 had ended.
      let third = stage.ledger().filter { $0.version == 3 }
      #expect(third.map(\.event) == ["began", "ended", "began"])
      #expect(third.last?.count == third.dropLast().last?.count)
    }
  }

  @Test("Of a deleted application nothing is kept but its history")
  func pruneDeleted() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      try await stage.waitUntilCounting("shop")
      try await stage.rollbook("stop", "shop").exits(0)
      try await stage.rollbook("delete", "shop", "--yes").exits(0)
      try await stage.rollbook("prune", "--keep", "1", "--yes").exits(0).shows("1 snapshot")
      for folder in ["artifacts", "run/1", "logs/1"] {
        let names = try FileManager.default.contentsOfDirectory(atPath: stage.home + "/" + folder)
        #expect(names == [], "\(folder)")
      }
      #expect(!FileManager.default.fileExists(atPath: stage.home + "/snapshots/1/1"))
      try await stage.rollbook("operations", "shop").exits(0).shows("DeleteApplication")
      try await stage.rollbook("prune", "--keep", "1", "--yes").exits(0).shows("nothing to remove")
    }
  }

  @Test("Whoever dies pruning leaves what the next one finishes, and the way back")
  func pruneDying() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      for remark in ["two", "three"] {
        try await stage.waitUntilCounting("shop")
        try await stage.update("shop", Program.counter(remark)).exits(0)
      }
      try await stage.rollbook("stop", "shop").exits(0)
      let files = FileManager.default
      let whole = stage.path("whole")
      try files.moveItem(atPath: stage.home, toPath: whole)
      var deaths = 0
      while true {
        try? files.removeItem(atPath: stage.home)
        // With the keepers' sockets, which no copy of Foundation's takes.
        try await stage.run(["/bin/cp", "-a", whole, stage.home]).exits(0)
        let run = try await stage.rollbook(
          ["prune", "--keep", "2", "--yes"],
          environment: ["ROLLBOOK_DIE_AT": String(deaths + 1)])
        if run.status == 0 { break }
        deaths += 1
        let place = "point \(deaths)"
        try await stage.rollbook("prune", "--keep", "2", "--yes").exits(0)
        #expect(
          try files.contentsOfDirectory(atPath: stage.home + "/artifacts").count == 2, "\(place)")
        let rows = try await stage.sql("SELECT name FROM prunings WHERE kind = 'code'")
        #expect(!rows.isEmpty, "\(place)")
        try await stage.rollbook("rollback", "shop").exits(0)
        #expect(stage.running("shop") == [2], "\(place)")
        try await stage.rollbook("stop", "shop", "--force").exits(0)
      }
      #expect(deaths > 10)
    }
  }

  @Test("What is in flight keeps everything of its application")
  func pruneBusy() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before deploy")
      let before = stage.contents("artifacts", "run", "logs", "snapshots")
      try await stage.rollbook("prune", "--keep", "1", "--yes").exits(0).shows("nothing to remove")
        .says("left: shop: UpdateApplication 3 of shop has been in flight")
      #expect(stage.contents("artifacts", "run", "logs", "snapshots") == before)
      try held.release()
      try await held.command.end().exits(0)
    }
  }

  @Test("Code that is stored while others prune is not removed")
  func pruneBesideCreate() async throws {
    try await onStage { stage in
      // The same bytes as of a deleted application: they are there, and nobody needs them.
      try await stage.create("old", Program.idle)
      try await stage.rollbook("delete", "old", "--yes").exits(0)
      let code = try stage.write(Program.idle, to: "again")
      for round in 1...6 {
        async let pruned = stage.rollbook("prune", "--keep", "1", "--yes")
        async let created = stage.rollbook("create", "new-\(round)", "--code", code)
        _ = try await (pruned.exits(0), created.exits(0))
        let digest = try await stage.sql("SELECT DISTINCT artifact FROM versions")[0]["artifact"]
          .text
        #expect(FileManager.default.fileExists(atPath: "\(stage.home)/artifacts/\(digest)"))
        try await stage.rollbook("delete", "new-\(round)", "--yes").exits(0)
      }
    }
  }
}

extension Stage {
  /// The paths of everything in folders of the home, or in all of it.
  fileprivate func contents(_ folders: String...) -> [String] {
    (folders.isEmpty ? [""] : folders).flatMap { folder -> [String] in
      let names = FileManager.default.enumerator(atPath: home + "/" + folder)?.allObjects ?? []
      return names.compactMap { $0 as? String }.filter {
        // Programs that run go on writing.
        !$0.contains("count-") && !$0.contains("journal.db")
      }.map { folder + "/" + $0 }.sorted()
    }
  }
}
#endif
