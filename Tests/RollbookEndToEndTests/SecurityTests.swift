#if CommandLine && Server
import Foundation
import Glibc
import Testing

/// Claims of SECURITY.md that need the whole command.
@Suite struct SecurityTests {
  // MARK: Who may read what

  @Test("Whatever the umask, nobody else may read a home, or a backup of it")
  func modes() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      func open(_ words: String..., environment: [String: String] = [:]) async throws -> Run {
        try await stage.run(
          ["sh", "-c", "umask 0; exec \"$@\"", "-", Stage.binaries + "/rollbook"] + words,
          environment: environment)
      }
      let code = try stage.write(Program.counter("two"), to: "two.sh")
      let broken = try stage.write(Program.throwingAtOnce, to: "broken.sh")
      try await open("create", "site", "--code", code, "--settle", "0.1", "--rollback").exits(0)
      try await open("start", "site").exits(0)
      try await open("update", "site", "--code", broken).exits(3)
      try await open("snapshot", "create", "site", "kept").exits(0)
      try await open("backup", stage.path("backup")).exits(0)
      // It dies after a commit, and leaves all that is removed otherwise: WAL, shared memory, locks.
      try await open(
        "update", "site", "--description", "x", environment: ["ROLLBOOK_DIE_AT": "2"]
      ).exits(128 + SIGKILL)
      let server = try await stage.serve()
      let seen = try checkModes(below: stage.home)
      for name in ["journal.db", "journal.db-wal", "journal.db-shm", "journal.db.lock"] {
        #expect(seen.contains(name), "\(name) among \(seen.sorted())")
      }
      for folder in ["artifacts/", "snapshots/", "run/", "logs/", "locks/", "incoming/"] {
        #expect(seen.contains { $0.hasPrefix(folder) }, "\(folder) among \(seen.sorted())")
      }
      #expect(try checkModes(below: stage.path("backup")).contains("journal.db"))
      #expect(server.command.status == nil)
    }
  }

  /// - Returns: the names of all that is there, but for what programs made in folders of their own.
  private func checkModes(below folder: String) throws -> Set<String> {
    var seen: Set<String> = []
    let names = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
    for name in [""] + names {
      let parts = name.split(separator: "/")
      if parts.first == "run", parts.count > 4 { continue }
      var facts = stat()
      // A lock's file may be gone by now.
      guard unsafe lstat("\(folder)/\(name)", &facts) == 0 else { continue }
      #expect(facts.st_mode & 0o077 == 0, "\(name): \(String(facts.st_mode & 0o7777, radix: 8))")
      seen.insert(name)
    }
    return seen
  }

  // MARK: Names and values

  @Test("Names, values and arguments reach neither a shell nor a path")
  func injection() async throws {
    try await onStage { stage in
      let evil = [
        "$(touch \(stage.path("pwned")))", "`touch \(stage.path("pwned"))`",
        "; touch \(stage.path("pwned"))", "x\ntouch \(stage.path("pwned"))", "../../../pwned",
        "'\"\\", "%s%n",
      ]
      let code = try stage.write(
        "#!/bin/sh\nprintf '%s|' \"$@\" \"$EVIL\" > \"$ROLLBOOK_STATE/told\"\nexec sleep 1000\n",
        to: "$(touch pwned);.sh")
      // Dots alone are names too, and of no folder.
      for name in ["..", ".", "-rf"] {
        let words = evil.flatMap { ["--arg=\($0)"] }
        try await stage.rollbook(
          ["create", "--code", code, "--settle", "0.1", "--property", "EVIL=\(evil.joined())"]
            + words + ["--description=\(evil[0])", "-m", evil[1], "--actor", evil[2], "--", name]
        ).exits(0)
        try await stage.rollbook("start", "--", name).exits(0)
        try await stage.rollbook("snapshot", "create", "--", name, "..").exits(0)
      }
      let told = try #require(stage.instances(of: "..").first).state + "/told"
      let expected = (evil + [evil.joined()]).map { $0 + "|" }.joined()
      try await wait(until: "the program has told what it was given") {
        stage.text(told)?.count == expected.count
      }
      #expect(stage.text(told) == expected)
      let made = try FileManager.default.contentsOfDirectory(atPath: stage.folder)
      #expect(Set(made) == ["commands", "home", "$(touch pwned);.sh"], "\(made)")
      #expect(
        Set(try FileManager.default.contentsOfDirectory(atPath: stage.home)).isSubset(of: [
          "artifacts", "journal.db", "journal.db-shm", "journal.db-wal", "journal.db.lock", "locks",
          "logs", "run", "snapshots",
        ]))
    }
  }

  // MARK: Terminals

  /// Sets a title, rings, paints (in two ways), turns the direction of writing.
  private static let steering = "\u{1B}]0;owned\u{7}\u{1B}[31m\u{9B}2J\u{202E}\u{2028}\u{7F}evil"

  private func isSteered(_ text: String) -> Bool {
    // What Rollbook itself writes: colours, and lines that are drawn again.
    let own = text.replacing("\r\u{1B}[2K", with: "").replacing(/\u{1B}\[[0-9]*m/, with: "")
    return own.unicodeScalars.contains {
      ["\u{1B}", "\u{7}", "\u{9B}", "\u{202E}", "\u{2028}", "\u{7F}"].contains($0)
    } || text.contains("\u{1B}[31mevil")
  }

  @Test("What a program, a reason or an actor says cannot steer a terminal")
  func terminals() async throws {
    try await onStage { stage in
      let steering = Self.steering
      let code = try stage.write(
        "#!/bin/sh\nprintf '%s\\n' \"fatal error: $TEXT\" >&2\nexit 1\n", to: "failing.sh")
      try await stage.createAndStart("shop", Program.idle, "--rollback")
      func terminal(_ words: [String]) async throws -> String {
        let terminal = try Terminal(
          [Stage.binaries + "/rollbook"] + words,
          environment: [
            "ROLLBOOK_HOME": stage.home, "TERM": "xterm", "PATH": "/usr/bin:/bin", "HOME": "/",
          ])
        _ = try await wait(for: "its end") {
          _ = terminal.text
          return terminal.status
        }
        return terminal.text
      }
      let progress = try await terminal([
        "update", "shop", "--code", code, "--property", "TEXT=\(steering)", "--description",
        steering, "-m", steering, "--actor", steering,
      ])
      // The line separator ends the root cause.
      #expect(progress.contains("owned"), "\(progress)")
      #expect(!isSteered(progress), "\(progress.debugDescription)")
      let failed = try await stage.newest("UpdateApplication", of: "shop")["OperationId"].text
      for words in [
        ["operation", "shop", failed], ["operations", "shop"], ["status", "shop"],
        ["versions", "shop"], ["version", "shop", "2"], ["diff", "shop", "1", "2"],
        ["logs", "shop", "--version", "2"], ["sql", "SELECT * FROM rollback_history"], ["list"],
        ["export"],
      ] {
        for format in ["table", "json", "jsonl", "csv"] {
          let shown = try await terminal(words + ["--output", format])
          #expect(!shown.isEmpty, "\(words) \(format)")
          #expect(!isSteered(shown), "\(words) \(format): \(shown.debugDescription)")
        }
      }
      // Elsewhere than on a terminal JSON is as harmless, and nothing of the text is lost.
      let piped = try await stage.rollbook("operation", "shop", failed, "--output", "json").exits(0)
      #expect(!isSteered(piped.out))
      #expect(
        try piped.json()["ApplicationOperationInfoDetails"]["Reason"].text == steering)
      #expect(try await stage.rollbook("logs", "shop", "--version", "2").out.contains(steering))
      // Errors tell what they were given.
      #expect(!isSteered(try await terminal(["status", steering])))
      #expect(!isSteered(try await terminal([steering])))
    }
  }

  // MARK: Secrets

  @Test("A secret is in no process's arguments, no backup, no metrics, no answer and no log")
  func secrets() async throws {
    try await onStage { stage in
      let value = "s3cr3t-\(UUID().uuidString)"
      let file = try stage.write(value + "\n", to: "secret", mode: 0o600)
      try await stage.create("shop", Program.idle, "--secret-property", "PASSWORD=@\(file)")
      let server = try await stage.serve(["--log-level", "trace"])
      try await server.start()
      let instance = try #require(stage.instances(of: "shop").first)
      #expect(ProcessFacts(instance.pid)?.environment["PASSWORD"] == value)
      for process in ProcessList.naming(stage.folder) {
        let arguments = FileManager.default.contents(atPath: "/proc/\(process.pid)/cmdline")
        #expect(arguments?.range(of: Data(value.utf8)) == nil, "\(process)")
      }
      // Nobody but the program has it: neither its keeper nor the server.
      let holders = ProcessList.naming(stage.folder).filter {
        ProcessFacts($0.pid)?.environment.values.contains(value) == true
      }
      #expect(holders.allSatisfy { $0.pid == instance.pid || $0.parent == instance.pid })
      var said = server.command.err
      for operation in ["DescribeApplication", "ListApplicationOperations"] {
        let answer = try await server.call(operation, "")
        #expect(answer.status == 200)
        said += "\(answer.body)"
      }
      said += "\(try await server.wire.get("/metrics").body)"
      #expect(said.contains("rollbook_"))
      #expect(!said.contains(value))
      try await stage.rollbook("backup", stage.path("backup")).exits(0)
      let names = FileManager.default.enumerator(atPath: stage.path("backup"))
      for case let name as String in names ?? .init() {
        let bytes = FileManager.default.contents(atPath: stage.path("backup") + "/" + name)
        #expect(bytes?.range(of: Data(value.utf8)) == nil, "\(name)")
      }
    }
  }

  /// Two servers: the first sends everybody to the second; both write down what they were sent.
  private static let redirecting = """
    import http.server, sys, threading
    def serve(name, target):
      class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
          open(sys.argv[1] + "/" + name, "a").write(self.path + "\\n" + str(self.headers))
          self.send_response(307 if target else 404)
          if target: self.send_header("Location", target + self.path)
          self.send_header("Content-Length", "0")
          self.end_headers()
        do_POST = do_GET
      server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
      threading.Thread(target=server.serve_forever).start()
      return server.server_port
    second = serve("second", None)
    first = serve("first", "http://localhost:%d" % second)
    open(sys.argv[1] + "/port.new", "w").write(str(first))
    import os; os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
    """

  @Test("A cluster's address that sends elsewhere is not followed, nor is its header sent there")
  func redirection() async throws {
    try await onStage { stage in
      let token = try stage.write("Bearer hush\n", to: "token", mode: 0o600)
      let jar = stage.path("job.jar")
      try await stage.run([
        "python3", "-c",
        "import sys, zipfile\n"
          + "zipfile.ZipFile(sys.argv[1], 'w').writestr('META-INF/MANIFEST.MF', 'Main-Class: A\\n')",
        jar,
      ]).exits(0)
      let server = try stage.start(["python3", "-c", Self.redirecting, stage.folder])
      let port = try await wait(for: "the servers' port") { () throws -> Int? in
        try #require(server.status == nil, "\(server.err)")
        return stage.text(stage.path("port")).flatMap(Int.init)
      }
      try await stage.rollbook(
        "create", "shop", "--runtime", "flink", "--flink-url", "http://127.0.0.1:\(port)",
        "--code", jar, "--flink-header", "Authorization=@\(token)"
      ).exits(1)
      #expect(stage.text(stage.path("first"))?.contains("Bearer hush") == true)
      #expect(stage.text(stage.path("second")) == nil)
    }
  }

  // MARK: The endpoint

  @Test("A request's path is one harmless line of the log, and its head has a limit")
  func requestLog() async throws {
    try await onServer(["--log-level", "trace"]) { server in
      let path = "/\(String(repeating: "x", count: 100))\u{9B}31m\u{202E}\u{2028}forged"
      _ = try await server.wire.send(
        Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8))
      let large = String(repeating: "x", count: 1 << 20)
      let answer = try await server.wire.send(
        Array("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \(large)\r\n\r\n".utf8))
      #expect(answer?.status != 200)
      let healthy = try await server.wire.get("/healthz")
      #expect(healthy.status == 200)
      try await wait(until: "it is logged") { server.command.err.contains("/healthz") }
      #expect(!isSteered(server.command.err), "\(server.command.err.debugDescription)")
    }
  }
}
#endif
