internal import CBaseline
internal import Glibc

/// Runs a program with its output thrown away; answers how long it took in microseconds.
func microseconds(of arguments: [String]) throws -> Double {
  let process = unsafe withArguments(arguments) { unsafe baseline_run_program($0) }
  guard process.status == 0 else {
    throw BenchmarkFailure(description: "\(arguments[0]) ended with status \(process.status)")
  }
  return process.seconds * 1_000_000
}

/// A program that is told things line by line and answers each with a line.
final class Program {
  private let peer: baseline_peer

  init(_ arguments: [String]) throws {
    peer = unsafe withArguments(arguments) { unsafe baseline_start_peer($0) }
    if peer.pid < 0 {
      throw BenchmarkFailure(description: "\(arguments[0]) cannot be started")
    }
  }

  deinit { baseline_end_peer(peer) }

  /// - Returns: nil where it has ended.
  func ask(_ question: String) -> String? {
    var answer = [CChar](repeating: 0, count: 65536)
    guard unsafe baseline_ask_peer(peer, question, &answer, Int32(answer.count)) != 0 else {
      return nil
    }
    return String(
      decoding: answer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

private func withArguments<Result>(
  _ arguments: [String],
  _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var pointers: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { while unsafe !pointers.isEmpty { unsafe free(pointers.removeLast()) } }
  return unsafe body(&pointers)
}

/// The installed command against the sqlite3 shell doing the same query.
struct InstalledCommand {
  let setup: Setup
  private static let application = "application-04711"

  func run() throws {
    let rollbook = try setup.required("rollbook")
    let ours = [rollbook, "--home", setup.home(.big), "operations", Self.application]
    let shell = ["sqlite3", "-header", "-column", setup.journal(.big), Self.query]
    let times = try takeTurns(
      rounds: setup.rounds, samples: setup.isQuick ? 20 : 40,
      [timed { _ in try microseconds(of: shell) }, timed { _ in try microseconds(of: ours) }])
    Report.goal(
      "`rollbook operations`, the whole process, against the sqlite3 shell",
      Comparison(ours: times[1], baseline: times[0]), .atMost(1.6), unit: "µs")
    let kibibytes = try memory(of: ours)
    Report.goal(
      "`rollbook operations`, peak memory", "\((kibibytes / 1024).rounded(1)) MiB", "< 12 MB",
      isMet: kibibytes * 1024 < 12_000_000)
    Report.tell(
      "the sqlite3 shell, peak memory", "\((try memory(of: shell) / 1024).rounded(1)) MiB")
  }

  private func memory(of arguments: [String]) throws -> Double {
    try median(
      (0..<5).map { _ in
        guard let answer = try Program([setup.required("peak-memory")] + arguments).ask(""),
          let kibibytes = Double(answer)
        else { throw BenchmarkFailure(description: "the memory of \(arguments[0]) is not known") }
        return kibibytes
      })
  }

  /// What the verb shows, walked along the back pointers as the journal does it.
  private static let query = """
    WITH RECURSIVE walk (id, n) AS (
      SELECT h.operation_id, 1 FROM applications AS a JOIN heads AS h ON h.application_id = a.id
      WHERE a.name = '\(application)' AND a.deleted_at IS NULL
      UNION ALL
      SELECT o.previous_id, n + 1 FROM walk JOIN operations AS o ON o.id = walk.id
      WHERE o.previous_id IS NOT NULL AND n < 50)
    SELECT o.id, k.name AS operation, coalesce(s.name, 'IN_PROGRESS') AS status, o.version_from,
      o.version_to, datetime(o.started_at / 1000000, 'unixepoch') AS started,
      (u.ended_at - o.started_at) / 1000000.0 AS seconds,
      coalesce(f.root_cause, o.reason) AS detail
    FROM walk JOIN operations AS o ON o.id = walk.id
    JOIN operation_kinds AS k ON k.kind = o.kind
    LEFT JOIN operation_outcomes AS u ON u.operation_id = o.id
    LEFT JOIN operation_statuses AS s ON s.status = u.status
    LEFT JOIN failures AS f ON f.operation_id = o.id
    """
}
