import Glibc
import Rollbook
import RollbookProcess
import Testing

@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct DeployTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  @Test("The environment, arguments, folder and descriptors of a program are exactly these")
  func environment() async throws {
    let script = """
      #!/bin/sh
      ls /proc/self/fd | tr '\\n' ' '
      echo
      readlink /proc/$$/fd/0
      pwd
      echo "$@"
      tr '\\0' '\\n' < /proc/$$/environ
      """
    let generation = try await bench.started(script, secrets: ["KEY": "s3cr3t-value"]) {
      $0.arguments = ["one", "-2"]
      $0.properties = ["COLOUR": "blau"]
    }
    let ending = try await bench.ending(generation)
    #expect(ending.cause == .finished)
    let folder = bench.folder(generation)
    var lines = ending.text.split(separator: "\n").map(String.init)
    // The last is the folder that ls reads.
    #expect(lines.removeFirst() == "0 1 2 3 ")
    #expect(lines.removeFirst() == "/dev/null")
    #expect(lines.removeFirst() == folder.work)
    #expect(lines.removeFirst() == "one -2")
    #expect(
      Set(lines) == [
        "PATH=/usr/bin:/bin", "HOME=/root", "COLOUR=blau", "KEY=s3cr3t-value",
        "ROLLBOOK_APPLICATION=shop", "ROLLBOOK_VERSION=3", "ROLLBOOK_STATE=\(folder.state)",
        "ROLLBOOK_INSTANCE=0", "ROLLBOOK_PARALLELISM=1",
        "ROLLBOOK_GENERATION=\(generation.token)",
      ])
  }

  @Test("A secret's value is in no file of the home")
  func secrets() async throws {
    let generation = try await bench.started(
      "#!/bin/sh\necho ${#KEY} > \"$ROLLBOOK_STATE/ok\"\nsleep 60\n",
      secrets: ["KEY": "s3cr3t-value"])
    #expect(try await bench.state(generation, "ok") == "12")
    #expect(try grep("s3cr3t-value", in: bench.home.path) == [])
  }

  /// The files below a folder that hold a text.
  private func grep(_ text: String, in folder: String) throws -> [String] {
    try folders(folder).flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      if Files.isFolder(path) { return try grep(text, in: path) }
      var facts = stat()
      guard unsafe stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return [] }
      let bytes = try Files.read(path) ?? []
      return String(decoding: bytes, as: UTF8.self).contains(text) ? [path] : []
    }
  }

  @Test(
    "What cannot be executed fails the deployment with its cause, now and when asked again",
    arguments: [
      ("#!/bin/sh\n", mode_t(0o644), "app.sh: not executable (Permission denied)"),
      (
        "echo hello\n", mode_t(0o755),
        "app.sh: neither a program nor a script with a #! line (Exec format error)"
      ),
      (
        "#!/no/such/shell\n", mode_t(0o755),
        "app.sh: the interpreter that its first line names is missing (No such file or directory)"
      ),
    ])
  func unusable(script: String, mode: mode_t, cause: String) async throws {
    let generation = try bench.generation(script, parallelism: 2, mode: mode)
    for _ in 0..<2 {
      await #expect(throws: RuntimeFailure(.ended, rootCause: cause, text: cause)) {
        try await bench.deploy(generation)
      }
    }
    let ending = try await bench.ending(generation)
    #expect(ending.cause == .failed)
    #expect(ending.rootCause == cause)
  }

  @Test("A parallelism above the declared maximum is refused")
  func parallelism() async throws {
    let generation = try bench.generation(waiter, parallelism: 5) { $0.maxParallelism = 4 }
    let cause = "parallelism 5 is higher than the max parallelism 4"
    await #expect(throws: RuntimeFailure(.ended, rootCause: cause, text: cause)) {
      try await bench.deploy(generation)
    }
    #expect(await bench.runtime.observe(generation) == .absent)
  }

  @Test("Where the place cannot be recorded, nothing ever runs")
  func gate() async throws {
    let generation = try bench.generation(waiter)
    let (seen, runtime) = (bench.folder(generation), bench.runtime)
    await #expect(throws: RollbookError(.journalFailed, "full")) {
      try await runtime.deploy(bench.deployment(generation)) { place in
        #expect(place["folder"] == "run/7/\(generation.token)")
        #expect(place["pid"].flatMap { Int32($0) }.flatMap { ProcessEntry($0) } != nil)
        #expect(place["bootID"]?.isEmpty == false && place["startTime"]?.isEmpty == false)
        #expect(!Files.exists(seen.started))
        throw RollbookError(.journalFailed, "full")
      }
    }
    #expect(await runtime.observe(generation) == .absent)
    #expect(try bench.members(generation).isEmpty)
    // The same token can be used again.
    try await bench.deploy(generation)
    _ = try await bench.state(generation, "pid")
  }

  @Test("A keeper whose starter is gone leaves, and its token can be deployed")
  func orphanedKeeper() async throws {
    let generation = try bench.generation(waiter)
    let folder = bench.folder(generation)
    // As a starter leaves it that died before its keeper was started.
    try Files.makeFolder(folder.state)
    try Files.write([], to: folder.alive)
    #expect(await bench.runtime.observe(generation) == .absent)
    #expect(try await bench.runtime.stop(generation, taking: bench.target()) == nil)
    try await bench.deploy(generation)
    _ = try await bench.state(generation, "pid")
  }

  @Test("A held lock without a start is waited for, and then the deployment fails")
  func lockHeld() async throws {
    let generation = try bench.generation(waiter)
    let folder = bench.folder(generation)
    try Files.makeFolder(folder.path)
    let lock = try FileLock.acquire(folder.alive)
    let observed = await bench.runtime.observe(generation)
    #expect(observed == .running(ready: false, incarnation: generation.token.rawValue))
    await #expect {
      try await bench.deploy(generation)
    } throws: { ($0 as? RuntimeFailure)?.effect == .unknown }
    _ = consume lock
    try await bench.deploy(generation)
    _ = try await bench.state(generation, "pid")
  }

  @Test("A long secret arrives whole")
  func longSecret() async throws {
    let generation = try await bench.started(
      "#!/bin/sh\necho ${#KEY} > \"$ROLLBOOK_STATE/count\"\n",
      secrets: ["KEY": String(repeating: "x", count: SecretFile.limit)])
    #expect(try await bench.state(generation, "count") == "\(SecretFile.limit)")
  }

  @Test("Deploying what runs changes nothing")
  func again() async throws {
    let generation = try await bench.started(waiter)
    let pid = try await bench.state(generation, "pid")
    try await bench.deploy(generation)
    #expect(try await bench.state(generation, "pid") == pid)
    #expect(try bench.members(generation).filter { $0.pid == Int32(pid) }.count == 1)
  }

  @Test("Folders are 0700 and files 0600")
  func modes() async throws {
    let generation = try await bench.started(waiter)
    _ = try await bench.state(generation, "pid")
    let folder = bench.folder(generation)
    for path in [folder.path, folder.state, folder.work, bench.home.logs] {
      #expect(mode(path) == 0o700, "\(path)")
    }
    let log = "\(bench.home.logs)/7/\(generation.token).log"
    for path in [folder.spec, folder.alive, folder.identity, folder.started, log] {
      #expect(mode(path) == 0o600, "\(path)")
    }
    #expect(mode(folder.path + "/control") == 0o600)
  }

  private func mode(_ path: String) -> mode_t {
    var facts = stat()
    _ = unsafe lstat(path, &facts)
    return facts.st_mode & 0o7777
  }

  @Test("What processes cannot be started with is refused before anything is written")
  func checks() async throws {
    let changes: [@Sendable (inout VersionConfiguration) -> Void] = [
      { $0.maxParallelism = 0 }, { $0.timeoutSeconds = -1 }, { $0.stopGraceSeconds = .nan },
      { $0.properties = ["ROLLBOOK_STATE": "x"] }, { $0.properties = ["a=b": "x"] },
      { $0.properties = ["": "x"] }, { $0.properties = ["A": "x\0"] },
      { $0.secretProperties = ["ROLLBOOK_X": SecretReference(path: "/x", digest: "")] },
      { $0.clusterAddress = "http://x" }, { $0.arguments = ["\0"] },
    ]
    for change in changes {
      var configuration = VersionConfiguration(codeName: "app")
      change(&configuration)
      await #expect {
        _ = try await bench.runtime.check(configuration, codePath: nil)
      } throws: { ($0 as? RollbookError)?.code == .invalidArgument }
    }
    let usual = VersionConfiguration(codeName: "app")
    #expect(try await bench.runtime.check(usual, codePath: "/bin/sh") == "PROCESS-1")
    await #expect {
      _ = try await bench.runtime.check(usual, codePath: bench.home.path)
    } throws: { ($0 as? RollbookError)?.hint?.contains("run") == true }
    let keeperless = ProcessRuntime(home: bench.home, keeperPath: "/no/keeper")
    await #expect {
      _ = try await keeperless.check(usual, codePath: nil)
    } throws: { ($0 as? RollbookError)?.code == .runtimeUnreachable }
  }
}
