internal import CBaseline
internal import Glibc
internal import Rollbook

/// Measures one thing after another and prints what it finds; `scripts/bench` prepares the journals
/// and calls it.
@main
struct JournalBenchmark {
  static func main() async {
    do {
      try await run(CommandLine.arguments.dropFirst())
    } catch {
      print("Stopped: \(error)")
      exit(1)
    }
  }

  private static func run(_ arguments: ArraySlice<String>) async throws {
    guard let work = arguments.first else { return usage() }
    if work == "statements" { return print(Baseline.sharedStatements, terminator: "") }
    let setup = try Setup(arguments.dropFirst())
    switch work {
    case "fill": try setup.fill(.big, operations: setup.operations)
    case "fill-small":
      try setup.fill(.small, operations: setup.smallOperations)
      try setup.fill(.empty, operations: 0)
    case "fill-plain": try setup.fillPlain()
    case "measure": try await measure(setup)
    default: usage()
    }
  }

  /// The reads come first: the writes change the journals. `only` names one part of all.
  private static func measure(_ setup: Setup) async throws {
    let only = setup["only"]
    func isAsked(_ part: String) -> Bool { only == nil || only == part }
    if isAsked("engine") { try await EngineOverhead(setup: setup).run() }
    if isAsked("bytes") { try bytes(setup) }
    if isAsked("command") { try InstalledCommand(setup: setup).run() }
    let big = try setup.open(.big)
    if isAsked("settling") { try await Settling(setup: setup, journal: big).run() }
    if only.map({ !["reads", "appends", "operations"].contains($0) }) ?? false { return }
    let peers = try Peers(setup: setup)
    if isAsked("reads") {
      try Reads(setup: setup, big: big, small: try setup.open(.small), peers: peers).run()
    }
    let baseline = try setup.baseline(.c, for: baseline_writes)
    if isAsked("appends") {
      let appends = try Appends(setup: setup, ours: big, baseline: baseline, peers: peers)
      try await appends.run()
      try appends.end()
    }
    if isAsked("operations") {
      try await Operations(setup: setup, ours: big, baseline: baseline, peers: peers).run()
    }
  }

  private static func bytes(_ setup: Setup) throws {
    let bytes = try setup.baseline(.big, for: baseline_reads).operationBytes()
    let each = Double(bytes) / Double(setup.operations + Setup.inProgress)
    Report.goal(
      "bytes an operation, with its outcome and every index", each.rounded(1), "< 200",
      isMet: each < 200)
  }

  private static func usage() {
    print("usage: JournalBenchmark statements | (fill|fill-small|fill-plain|measure) NAME=VALUE…")
  }
}
