import Glibc
import Rollbook
import RollbookProcess
import RollbookTesting
import Testing

@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct RuntimeConformanceTests {
  @Test(
    "The process runtime keeps the protocol",
    arguments: RuntimeConformance.checks(for: ProcessSubject.self))
  func conforms(_ check: RuntimeConformance.Check) async throws {
    try await check.run(on: ProcessSubject.self)
  }
}

/// The process runtime as the conformance suite wants it.
struct ProcessSubject: RuntimeConformanceSubject {
  static let programs = Set(RuntimeConformanceProgram.allCases)
  static let takesSnapshots = true

  private let home: Home

  init(home: Home) { self.home = home }

  func makeRuntime() -> any RuntimeAdapter { ProcessRuntime(home: home) }

  func makeCode(_ program: RuntimeConformanceProgram) throws -> RuntimeConformanceCode {
    var configuration = VersionConfiguration(codeName: "app.sh")
    configuration.environment = ["PATH": "/usr/bin:/bin"]
    configuration.stopGraceSeconds = 5
    if program == .isNeverReady { configuration.readyCheck = "false" }
    let script = program == .fails ? "#!/bin/sh\necho Error: boom >&2\nexit 3\n" : Self.worker
    let path = "\(home.path)/app.sh"
    try Files.write(Array(script.utf8), to: path)
    _ = unsafe chmod(path, program == .isRefused ? 0o644 : 0o755)
    return RuntimeConformanceCode(path: path, configuration: configuration)
  }

  /// Takes words that come into its working folder into its state.
  private static let worker = """
    #!/bin/sh
    while :; do
      for word in *.word; do
        if [ -e "$word" ]; then cat "$word" >> "$ROLLBOOK_STATE/words"; rm "$word"; fi
      done
      sleep 0.02
    done
    """

  func work(_ word: String, in generation: Generation) async throws {
    let before = try memory(of: generation)
    try Files.write(Array("\(word)\n".utf8), to: folder(generation).work + "/1.word")
    try await eventually("\(word) is in the state") {
      try memory(of: generation) == before + [word]
    }
    try await eventually("\(word) is done with") {
      !Files.exists(folder(generation).work + "/1.word")
    }
  }

  func memory(of generation: Generation) throws -> [String] {
    let bytes = try Files.read(folder(generation).state + "/words") ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func folder(_ generation: Generation) -> GenerationFolder {
    GenerationFolder(home, generation.application.id, generation.token)
  }
}
