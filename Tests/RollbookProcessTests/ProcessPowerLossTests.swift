import Foundation
import PowerLossSupport
import Rollbook
import RollbookProcess
import RollbookSQLite
import RollbookTesting
import Testing

/// The power goes while real programs are deployed, saved and rolled back: of what the journal says that
/// there is, every byte is there.
@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct ProcessPowerLossTests {
  private static let crashes =
    ProcessInfo.processInfo.environment["ROLLBOOK_CRASHES"].flatMap { Int($0) } ?? 60
  private static let seed =
    ProcessInfo.processInfo.environment["ROLLBOOK_SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 0...UInt64(Int64.max))

  /// Counts, and keeps more than one file and a folder of its own.
  private static let program = """
    #!/bin/sh
    mkdir -p "$ROLLBOOK_STATE/deep"; echo $$ > "$ROLLBOOK_STATE/deep/pid"
    seq 2000 > "$ROLLBOOK_STATE/numbers"; ln -sf numbers "$ROLLBOOK_STATE/newest"
    while :; do echo x >> "$ROLLBOOK_STATE/count"; sleep 0.05; done
    """

  @Test func `what the journal says is there is there when the power goes`() async throws {
    let bench = try Bench()
    let recorder = DiskRecorder(home: bench.home.path, recordsTree: true)
    recorder.follow { ScriptedWorld() }
    try await recorder.recording { try await Self.story(bench, recorder) }
    let moments = recorder.moments
    try #require(moments.count > 50)
    for index in 0..<Self.crashes {
      let seed = Self.seed &+ UInt64(index)
      var chance = SeededGenerator(seed: seed)
      let moment = try #require(moments.randomElement(using: &chance))
      let home = Home(path: newTestFolder())
      try Files.makeFolder(home.path)
      defer { try? FileTree.remove(home.path) }
      try moment.write(to: home.path, by: &chance)
      try Journal(path: home.journal, access: .create).close()
      let connection = try Connection(path: home.journal, mode: .readOnly)
      let lost = try lostBytes(connection, of: home, original: bench.home)
      #expect(lost == [], "ROLLBOOK_SEED=\(seed)")
    }
  }

  /// An application that is started, saved, updated, saved again, updated to what fails, and deleted.
  private static func story(_ bench: Bench, _ recorder: DiskRecorder) async throws {
    let teller = Teller(recorder, journal: bench.home.journal)
    let journal = try Journal(
      path: bench.home.journal, access: .create, clock: { .now() },
      probe: JournalProbe(after: { () throws(RollbookError) in teller.tell() }))
    let engine = try Engine(home: bench.home, journal: journal, runtimes: [bench.runtime])
    let requester = Requester(actor: "tester")
    func code(_ text: String) throws -> String {
      let path = "\(bench.home.path)/code-\(GenerationToken.random())"
      try Files.write(Array(text.utf8), to: path)
      try Files.makeExecutable(path)
      return path
    }
    var configuration = VersionConfiguration(codeName: "shop")
    configuration.environment = ["PATH": "/usr/bin:/bin"]
    configuration.settleSeconds = 0.1
    configuration.rollbackEnabled = true
    _ = try await engine.create(
      CreateRequest(
        name: "shop", runtime: "process", codePath: try code(program),
        configuration: configuration, parallelism: 1), by: requester)
    func run(_ request: ChangeRequest) async throws {
      _ = try await engine.execute(request, on: "shop", by: requester)
    }
    try await run(.start(restore: nil, allowNonRestoredState: false))
    try await run(.createSnapshot(name: "first"))
    for text in [program + "\n# two", "#!/bin/sh\nexit 1\n"] {
      var update = UpdateRequest { (old) throws(RollbookError) in old }
      update.codePath = try code(text)
      try await run(.update(update))
    }
    try await run(.createSnapshot(name: "second"))
    try await run(.deleteSnapshot(name: "first"))
    try await run(.stop(force: false))
    try await run(.delete)
    teller.close()
    journal.close()
  }
}
