#if CommandLine
import Foundation
import Rollbook
import Testing

/// What a program is given, and what nobody is told.
@Suite struct EnvironmentTests {
  /// Writes its environment and what it can see into its log, and waits.
  private static let telling = """
    #!/bin/sh
    pwd > where
    tr '\\0' '\\n' < /proc/$$/environ > environment.new
    mv environment.new "$ROLLBOOK_STATE/environment"
    while :; do sleep 0.05; done
    """

  private func environment(_ stage: Stage, version: Int) async throws -> [String: String] {
    let instance = try await wait(for: "version \(version) has told its environment") {
      stage.instances(of: "shop").first {
        $0.version == version && stage.text($0.state + "/environment") != nil
      }
    }
    let text = stage.text(instance.state + "/environment") ?? ""
    let pairs = text.split(separator: "\n").compactMap { line in
      line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[$0...].dropFirst())) }
    }
    #expect(instance.state.hasPrefix(stage.home + "/run/"))
    return Dictionary(pairs) { $1 }
  }

  @Test("The environment is what was fixed at create, the properties and Rollbook's own")
  func exact() async throws {
    try await onStage { stage in
      let code = try stage.write(EnvironmentTests.telling, to: "telling.sh")
      let mine = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": "/tmp", "STRANGER": "yes"]
      try await stage.rollbook(
        ["create", "shop", "--code", code, "--property", "COLOUR=a b=c", "--property", "EMPTY="]
          + Stage.short, environment: mine
      ).exits(0)
      // Whoever starts it later has another environment, which does not count.
      let other = ["PATH": "/bin:/usr/bin:/sbin", "LANG": "de_DE", "USER": "nobody", "OTHER": "1"]
      try await stage.rollbook(["start", "shop"], environment: other).exits(0)
      var found = try await environment(stage, version: 1)
      for name in ["ROLLBOOK_GENERATION", "ROLLBOOK_STATE", "PWD", "OLDPWD", "_", "SHLVL"] {
        found[name] = nil
      }
      #expect(
        found == [
          "PATH": "/usr/bin:/bin", "HOME": stage.folder, "USER": "tester", "LANG": "C.UTF-8",
          "TMPDIR": "/tmp", "COLOUR": "a b=c", "EMPTY": "", "ROLLBOOK_APPLICATION": "shop",
          "ROLLBOOK_VERSION": "1", "ROLLBOOK_INSTANCE": "0", "ROLLBOOK_PARALLELISM": "1",
        ])
      try await stage.rollbook(
        ["update", "shop", "--parallelism", "2", "--unset-property", "EMPTY"], environment: other
      ).exits(0)
      let updated = try await environment(stage, version: 2)
      #expect(updated["PATH"] == "/usr/bin:/bin")
      #expect(updated["ROLLBOOK_PARALLELISM"] == "2")
      #expect(updated["EMPTY"] == nil)
      #expect(updated["OTHER"] == nil)
      #expect(stage.instances(of: "shop").map(\.index) == [0, 1])
    }
  }

  @Test("A secret that has changed is a change, and what was deployed is on record")
  func changedSecret() async throws {
    try await onStage { stage in
      let file = try stage.write("one\n", to: "secret", mode: 0o600)
      try await stage.create("shop", Program.idle, "--secret-property", "PASSWORD=@\(file)")
      func digest(_ version: String) async throws -> String {
        let rows = try await stage.sql(
          "SELECT configuration FROM versions WHERE version = \(version)")
        let text = rows.first?["configuration"].text ?? ""
        return try JSON(parsing: text)["secretProperties"]["PASSWORD"]["digest"].text
      }
      func deployed(_ kind: String) async throws -> String {
        let steps = try await stage.newest(kind, of: "shop")["Steps"].array
        let step = steps.first { $0["Step"].text == "deploying" }
        return step?["SecretDigests"]["PASSWORD"].text ?? ""
      }
      let one = try await digest("1")
      try stage.write("two\n", to: "secret", mode: 0o600)
      try await stage.rollbook("start", "shop").exits(0)
      let two = try await deployed("StartApplication")
      #expect(two != one && two.count == 64)
      // Nothing is named, and yet something changes.
      try await stage.rollbook("update", "shop").exits(0)
      #expect(try await digest("2") == two)
      #expect(try await deployed("UpdateApplication") == two)
      try await stage.rollbook("update", "shop").exits(5)
      #expect(try await digest("1") == one)
    }
  }

  @Test("What is on record of a secret is what the program was given")
  func secretInBetween() async throws {
    try await onStage { stage in
      let file = try stage.write("one\n", to: "secret", mode: 0o600)
      try await stage.create("shop", Program.idle, "--secret-property", "PASSWORD=@\(file)")
      let held = try await stage.hold("start", "shop", at: "before deploy")
      try stage.write("two\n", to: "secret", mode: 0o600)
      try held.release()
      try await held.command.end().exits(0)
      let instance = try #require(stage.instances(of: "shop").first)
      let given = try #require(ProcessFacts(instance.pid)?.environment["PASSWORD"])
      let steps = try await stage.newest("StartApplication", of: "shop")["Steps"].array
      let step = steps.first { $0["Step"].text == "deploying" }
      #expect(step?["SecretDigests"]["PASSWORD"].text == SHA256.hexDigest(of: Array(given.utf8)))
    }
  }

  @Test("A secret that goes while the old version is stopped fails the change, unrecorded")
  func lostSecret() async throws {
    try await onStage { stage in
      let file = try stage.write("one\n", to: "secret", mode: 0o600)
      try await stage.createAndStart("shop", Program.idle)
      let words = ["update", "shop", "--secret-property", "PASSWORD=@\(file)", "--rollback"]
      let held = try await stage.hold(words, at: "before stop")
      try stage.remove(file)
      try held.release()
      try await held.command.end().exits(3).says("PASSWORD").says(file)
      #expect(try await stage.standing("shop") == "RUNNING 1")
      let failed = try await stage.newest("UpdateApplication", of: "shop")
      #expect(failed["OperationFailureDetails"]["Phase"].text == "deploy")
      let recorded = try await stage.sql(
        "SELECT 1 FROM operation_steps WHERE detail LIKE '%secretDigests%'")
      #expect(recorded.isEmpty)
    }
  }

  @Test(
    "What a program or its ready check says of a secret is replaced: in failures, logs and the journal"
  )
  func repeatedSecret() async throws {
    try await onStage { stage in
      let value = "s3cr3t-\(UUID().uuidString)"
      let file = try stage.write(value + "\n", to: "secret", mode: 0o600)
      let bad = try stage.write(
        "#!/bin/sh\necho \"fatal error: no login with $PASSWORD\" >&2\nexit 7\n", to: "bad.sh")
      let waiting = try stage.write(Program.idle, to: "waiting.sh")
      try await stage.rollbook(
        ["create", "shop", "--code", bad, "--secret-property", "PASSWORD=@\(file)"] + Stage.short
      ).exits(0)
      var said = try await stage.rollbook("start", "shop").exits(4)
        .says("fatal error: no login with ***").err
      try await stage.rollbook(
        "update", "shop", "--code", waiting, "--timeout", "0.5", "--ready-check",
        "echo not ready: $PASSWORD; exit 1"
      ).exits(0)
      said += try await stage.rollbook("start", "shop").exits(4).err
      for words in [
        ["status", "shop"], ["operations", "shop"], ["operation", "shop", "2"],
        ["operation", "shop", "4"], ["logs", "shop", "--version", "1"],
        ["sql", "SELECT * FROM failures"], ["export"],
      ] { said += try await stage.rollbook(words).exits(0).out }
      #expect(said.contains("no login with ***") && said.contains("not ready: ***"))
      #expect(!said.contains(value))
      let journal = try #require(FileManager.default.contents(atPath: stage.journal))
      #expect(journal.range(of: Data(value.utf8)) == nil)
    }
  }

  @Test("A secret's value is given to the program, and is nowhere else")
  func secrets() async throws {
    try await onStage { stage in
      let value = "s3cr3t-\(UUID().uuidString)"
      let file = try stage.write(value + "\n", to: "secret", mode: 0o600)
      let program = """
        #!/bin/sh
        [ "${#PASSWORD}" = \(value.count) ] || { echo "fatal error: no password" >&2; exit 1; }
        while :; do sleep 0.05; done
        """
      var said = ""
      func run(_ words: String...) async throws -> Run {
        let run = try await stage.rollbook(words)
        said += run.out + run.err
        return run
      }
      let code = try stage.write(program, to: "program.sh")
      try await run(
        "create", "shop", "--code", code, "--rollback", "--settle", "0.1", "--secret-property",
        "PASSWORD=@\(file)"
      ).exits(0)
      try await run("start", "shop").exits(0)
      try await run("update", "shop", "--description", "two", "--settle", "0.2").exits(0)
      #expect(stage.running("shop") == [2])
      // Without its file nothing is stopped, and it is said which it is.
      try stage.remove(file)
      for words in [
        ["update", "shop", "--description", "three"], ["scale", "shop", "--parallelism", "2"],
        ["rollback", "shop"],
      ] {
        let run = try await stage.rollbook(words).exits(5).says("PASSWORD").says(file)
        said += run.out + run.err
        #expect(try await stage.standing("shop") == "RUNNING 2")
        #expect(stage.running("shop") == [2])
      }
      try await run("stop", "shop").exits(0)
      try await run("start", "shop").exits(5).says("PASSWORD").says(file)
      for words in [
        ["status", "shop"], ["version", "shop", "1"], ["versions", "shop"],
        ["diff", "shop", "1", "2"], ["operations", "shop"], ["operation", "shop", "3"],
        ["operation", "shop", "4"], ["logs", "shop"], ["sql", "SELECT * FROM version_history"],
        ["sql", "SELECT * FROM operation_steps"],
      ] {
        for format in ["table", "json", "csv"] {
          let run = try await stage.rollbook(words + ["--output", format])
          said += run.out + run.err
        }
      }
      #expect(said.contains("PASSWORD"))
      #expect(!said.contains(value))
      for (name, bytes) in try stage.fingerprint() {
        #expect(bytes.range(of: Data(value.utf8)) == nil, "\(name)")
      }
    }
  }
}
#endif
