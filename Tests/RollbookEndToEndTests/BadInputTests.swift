#if CommandLine
import Foundation
import Testing

/// What is refused before anything is written.
@Suite struct BadInputTests {
  struct Refusal: Sendable {
    let words: [String]
    let status: Int32
    let says: String

    init(_ words: [String], _ status: Int32, _ says: String) {
      self.words = words
      self.status = status
      self.says = says
    }
  }

  private func expect(_ refusals: [Refusal], on stage: Stage) async throws {
    let before = try stage.fingerprint()
    for refusal in refusals {
      let run = try await stage.rollbook(refusal.words)
      run.exits(refusal.status).says(refusal.says)
      #expect(try stage.fingerprint() == before, "\(run.described)")
    }
  }

  private func creations(_ stage: Stage) throws -> [Refusal] {
    let code = try stage.write(Program.idle, to: "idle.sh")
    try FileManager.default.createDirectory(
      atPath: stage.path("folder"), withIntermediateDirectories: true)
    let names = [
      "", "a b", "é", "../shop", "a/b", "shop\n", "shop!", String(repeating: "n", count: 129),
    ]
    func create(_ more: String...) -> [String] { ["create", "other", "--code", code] + more }
    return names.map {
      Refusal(["create", $0, "--code", code], 64, "is no name for an application")
    } + [
      Refusal(create("--parallelism", "0"), 64, "Parallelism 0 is not between 1 and 32768"),
      Refusal(create("--parallelism=-1"), 64, "Parallelism -1 is not between"),
      Refusal(create("--parallelism", "many"), 64, "many"),
      Refusal(create("--max-parallelism", "0"), 64, "Parallelism 0 is not between"),
      Refusal(create("--property", "novalue"), 64, "has no name or no `=`"),
      Refusal(create("--property", "=value"), 64, "has no name or no `=`"),
      Refusal(create("--property", "ROLLBOOK_STATE=x"), 64, "ROLLBOOK_ names are Rollbook's own"),
      Refusal(create("--property", "ROLLBOOK_ANY=x"), 64, "ROLLBOOK_ names are Rollbook's own"),
      Refusal(create("--secret-property", "KEY=value"), 64, "does not name a file"),
      Refusal(create("--secret-property", "KEY=@/no/such/file"), 64, "/no/such/file"),
      Refusal(
        create("--secret-property", "ROLLBOOK_KEY=@\(code)"), 64,
        "ROLLBOOK_ names are Rollbook's own"),
      Refusal(create("--settle=-1"), 64, "settle"),
      Refusal(create("--settle", "-1"), 64, "--settle -1 is not between"),
      Refusal(create("--timeout", "nan"), 64, "timeout"),
      Refusal(create("--timeout", "0"), 64, "--timeout 0 is not greater than --settle 2"),
      Refusal(
        create("--timeout", "0.5", "--settle", "3"), 64,
        "--timeout 0.5 is not greater than --settle 3"),
      Refusal(create("--property", "A B=1"), 64, "is no name for a property"),
      Refusal(create("--bake", "1e300"), 64, "bake"),
      Refusal(create("--runtime", "spark"), 64, "There is no runtime named spark"),
      Refusal(create("--flink-url", "http://x"), 64, "has no meaning on the runtime process"),
      Refusal(create("--frobnicate"), 64, "frobnicate"),
      Refusal(["create", "other"], 64, "--code"),
      Refusal(["create", "other", "--code", stage.path("nothing")], 64, "cannot be read"),
      Refusal(["create", "other", "--code", stage.path("folder")], 64, "has no `run`"),
      Refusal(["create", "other", "--code", ""], 64, "empty path"),
    ]
  }

  @Test("Bad input makes no home")
  func withoutHome() async throws {
    try await onStage { stage in
      try await expect(try creations(stage), on: stage)
      #expect(!FileManager.default.fileExists(atPath: stage.home))
    }
  }

  @Test("Bad input changes no byte of a home")
  func withHome() async throws {
    try await onStage { stage in
      try await stage.create("shop", Program.idle)
      try await expect(try creations(stage) + changes(stage), on: stage)
    }
  }

  private func changes(_ stage: Stage) -> [Refusal] {
    [
      Refusal(["create", "shop", "--code", stage.path("shop.sh")], 5, "shop"),
      Refusal(
        ["update", "shop", "--if-version", "2", "--description", "x"], 5, "version 1, not 2"),
      // The version is looked at before anything else.
      Refusal(["update", "shop", "--if-version", "2", "--unset-property", "NO"], 5, "not 2"),
      Refusal(["update", "shop", "--if-version", "0"], 64, "1 to 999999999"),
      Refusal(["update", "shop", "--if-version", "1000000000"], 64, "1 to 999999999"),
      Refusal(["scale", "shop", "--parallelism", "2", "--if-version", "9"], 5, "version 1, not 9"),
      Refusal(["update", "shop", "--settle", "30"], 64, "--timeout 30 is not greater"),
      Refusal(["scale", "shop", "--parallelism", "-1"], 64, "Parallelism -1 is not between"),
      Refusal(["scale", "shop", "--parallelism", "0"], 64, "Parallelism 0 is not between"),
      Refusal(["scale", "shop", "--parallelism", "1"], 5, "has parallelism 1 already"),
      Refusal(["update", "shop", "--parallelism", "0"], 64, "Parallelism 0 is not between"),
      Refusal(["update", "shop", "--property", "novalue"], 64, "has no name or no `=`"),
      Refusal(["update", "shop", "--property", "ROLLBOOK_X=1"], 64, "Rollbook's own"),
      Refusal(["update", "shop", "--unset-property", "NO"], 64, "has no property NO"),
      Refusal(["update", "shop", "--code", stage.path("nothing")], 64, "cannot be read"),
      Refusal(["update", "shop"], 5, "would change nothing"),
      Refusal(["update", "nobody", "--description", "x"], 5, "nobody"),
      Refusal(["rollback", "shop", "--to-version", "0"], 64, "1 to 999999999"),
      Refusal(["rollback", "shop", "--to-version", "1000000000"], 64, "1 to 999999999"),
      Refusal(["rollback", "shop", "--to-version", "7"], 5, "never reached RUNNING"),
      Refusal(["rollback", "shop"], 5, "no earlier version"),
      Refusal(["rollback", "shop", "--dry-run"], 5, "no earlier version"),
      Refusal(["version", "shop", "0"], 64, "1 to 999999999"),
      Refusal(["version", "shop", "1000000000"], 64, "1 to 999999999"),
      Refusal(["version", "shop", "2"], 5, "has no version 2"),
      Refusal(["diff", "shop", "1", "1000000000"], 64, "1 to 999999999"),
      Refusal(["stop", "shop"], 5, "READY"),
      Refusal(["stop", "shop", "--abandon"], 64, "--force"),
      Refusal(["snapshot", "create", "shop", "a b"], 64, "is no name for a snapshot"),
      Refusal(["snapshot", "delete", "shop", "no"], 5, "has no snapshot named no"),
      Refusal(["start", "shop", "--from", "no"], 5, "has no snapshot named no"),
      Refusal(["delete", "shop"], 64, "--yes"),
      Refusal(["operations", "shop", "--limit", "0"], 64, "less than 1"),
      Refusal(
        ["operations", "shop", "--kind", "Update"], 64, "Known: StartApplication, StopApplication"),
      Refusal(
        ["operations", "shop", "--status", "BROKEN"], 64,
        "Known: IN_PROGRESS, SUCCESSFUL, FAILED, CANCELLED"),
      Refusal(["operations", "shop", "--next-token", "0000000000000001"], 64, "page token"),
      Refusal(["operation", "shop", "99"], 5, "has no operation 99"),
      Refusal(["frobnicate"], 64, "frobnicate"),
      Refusal(["updat", "shop"], 64, "Did you mean `rollbook update`?"),
      Refusal(["histroy", "shop"], 64, "Did you mean `rollbook history`?"),
    ]
  }

  @Test("A page token goes with the list that it came from")
  func pageTokens() async throws {
    try await onStage { stage in
      for name in ["one", "two"] {
        try await stage.create(name, Program.idle)
        for round in 1...3 {
          try await stage.rollbook("update", name, "--description", "\(round)").exits(0)
        }
      }
      let first = try await stage.json("operations", "one", "--limit", "2")
      let token = first["NextToken"].text
      #expect(first["ApplicationOperationInfoList"].array.count == 2)
      // Newer operations do not move the pages.
      try await stage.rollbook("update", "one", "--description", "4").exits(0)
      let second = try await stage.json("operations", "one", "--limit", "9", "--next-token", token)
      let rest = second["ApplicationOperationInfoList"].array
      #expect(rest.map { $0["Operation"].text } == ["UpdateApplication", "CreateApplication"])
      #expect(second["NextToken"] == .null)
      try await expect(
        [
          Refusal(["operations", "two", "--next-token", token], 64, "not one of this list"),
          Refusal(
            ["operations", "one", "--kind", "UpdateApplication", "--next-token", token], 64,
            "not one of this list"),
          Refusal(
            ["operations", "one", "--status", "FAILED", "--next-token", token], 64,
            "not one of this list"),
        ], on: stage)
    }
  }
}
#endif
