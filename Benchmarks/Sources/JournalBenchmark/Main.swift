internal import CBaseline
internal import Rollbook

/// Measures one thing after another; `Benchmarks/run` prepares the journals and calls it.
@main
struct JournalBenchmark {
  static let applications = 10000
  static let operations = 1_000_000

  static func main() async throws {
    let arguments = CommandLine.arguments
    if arguments.dropFirst() == ["header"] { return print(Comparison.header) }
    guard arguments.count >= 3 else { return usage() }
    let isQuick = arguments.last == "quick"
    let rounds = isQuick ? 5 : 9
    let path = arguments[2] + "/journal.db"
    switch arguments[1] {
    case "fill": try fill(path)
    case "writes" where arguments.count >= 4:
      // Each side has a journal of its own, a copy of the same one.
      let writes = Writes(
        ours: try Journal(path: path, access: .readWrite),
        baseline: try Baseline(path: arguments[3] + "/journal.db"), rounds: rounds,
        isQuick: isQuick)
      show(try await writes.run())
    case "reads":
      let reads = Reads(
        ours: try Journal(path: path, access: .readWrite), baseline: try Baseline(path: path),
        operations: operations, rounds: rounds, samples: isQuick ? 500 : 2000)
      show(try reads.run())
    case "programs" where arguments.count >= 4:
      let programs = Programs(
        rollbook: arguments[3], home: arguments[2], rounds: rounds, samples: isQuick ? 10 : 30)
      show(try programs.run())
    case "query": print(Programs.query)
    default: usage()
    }
  }

  private static func fill(_ path: String) throws {
    // Rollbook makes the journal; the baseline fills it.
    _ = try Journal(path: path, access: .create)
    let baseline = try Baseline(path: path)
    try baseline.fill(applications: applications, operations: operations)
  }

  private static func show(_ comparisons: [Comparison]) {
    for comparison in comparisons { print(comparison.row) }
  }

  private static func usage() {
    print(
      """
      usage: JournalBenchmark header | query HOME | fill HOME | reads HOME [quick]
             | writes HOME OTHER-HOME [quick] | programs HOME ROLLBOOK [quick]
      """)
  }
}
