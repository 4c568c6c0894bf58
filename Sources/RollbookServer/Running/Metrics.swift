#if Server
package import Rollbook
internal import Synchronization

/// What the server counts, in the text format of Prometheus.
///
/// Counters begin at zero with the server; what is in flight and the journal's size are looked up when
/// they are asked for.
public final class Metrics: Sendable {
  private struct Key: Hashable, Comparable {
    let kind: String
    let status: String
    static func < (a: Key, b: Key) -> Bool { (a.kind, a.status) < (b.kind, b.status) }
  }

  private struct Counts {
    var ended: [Key: Int] = [:]
    var durations: [String: Histogram] = [:]
    var requests: [Key: Int] = [:]
    var commits = Histogram(bounds: Metrics.commitBounds)
  }

  private let counts = Mutex(Counts())

  public init() {}

  /// Measures the commits of the journal that it is put into.
  package var probe: JournalProbe { JournalProbe(committed: { self.countCommit(seconds: $0) }) }

  private static let commitBounds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1]
  private static let durationBounds = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

  /// Counts an operation that was driven to its end.
  func count(_ event: ProgressEvent) {
    guard case .ended(let operation, let outcome, _) = event else { return }
    count(operation, outcome)
  }

  /// Counts an operation that was begun and ended at once: nobody drove it.
  func count(_ recorded: OperationRecord) {
    if let outcome = recorded.outcome { count(recorded.operation, outcome) }
  }

  private func count(_ operation: Operation, _ outcome: Outcome) {
    counts.withLock { counts in
      counts.ended[Key(kind: operation.name, status: outcome.status.name), default: 0] += 1
      counts.durations[operation.name, default: Histogram(bounds: Metrics.durationBounds)]
        .observe(outcome.endedAt.seconds(since: operation.startedAt))
    }
  }

  /// Counts a request.
  ///
  /// - Parameter error: what it was answered with; nil for a success.
  func countRequest(_ operation: String, error: WireError.Code?) {
    let key = Key(kind: operation, status: error?.rawValue ?? "OK")
    counts.withLock { $0.requests[key, default: 0] += 1 }
  }

  private func countCommit(seconds: Double) {
    counts.withLock { $0.commits.observe(seconds) }
  }

  /// Everything, with what is looked up now.
  func text(inFlight: [String: Int], journalBytes: [(file: String, size: Int64)]) -> String {
    var page = MetricsPage()
    counts.withLock { counts in
      page.begin(
        "rollbook_operations_total", "counter", "Operations that ended, by kind and outcome.")
      for (key, count) in counts.ended.sorted(by: { $0.key < $1.key }) {
        page.add(count, ["kind": key.kind, "outcome": key.status])
      }
      page.begin(
        "rollbook_rollbacks_total", "counter", "Rollbacks that ended, by kind and outcome.")
      for (key, count) in counts.ended.sorted(by: { $0.key < $1.key })
      where key.kind.hasSuffix("RollbackApplication") {
        page.add(count, ["kind": key.kind, "outcome": key.status])
      }
      page.begin(
        "rollbook_operation_duration_seconds", "histogram", "From an operation's start to its end.")
      for (kind, histogram) in counts.durations.sorted(by: { $0.key < $1.key }) {
        page.add(histogram, ["kind": kind])
      }
      page.begin("rollbook_requests_total", "counter", "Requests, by operation and answer.")
      for (key, count) in counts.requests.sorted(by: { $0.key < $1.key }) {
        page.add(count, ["operation": key.kind, "answer": key.status])
      }
      page.begin(
        "rollbook_commit_duration_seconds", "histogram",
        "From a write's request to its durable commit.")
      page.add(counts.commits, [:])
    }
    page.begin("rollbook_operations_in_flight", "gauge", "Operations in progress, by kind.")
    for (kind, count) in inFlight.sorted(by: { $0.key < $1.key }) {
      page.add(count, ["kind": kind])
    }
    page.begin("rollbook_journal_bytes", "gauge", "The journal's files.")
    for (file, size) in journalBytes { page.add(Int(size), ["file": file]) }
    return page.text
  }
}

/// How many of what was measured were at most so much.
struct Histogram: Sendable {
  let bounds: [Double]
  private(set) var counts: [Int]
  private(set) var total = 0
  private(set) var sum: Double = 0

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count)
  }

  mutating func observe(_ value: Double) {
    for (index, bound) in bounds.enumerated() where value <= bound { counts[index] += 1 }
    total += 1
    sum += value
  }
}

/// A page in the text format of Prometheus.
private struct MetricsPage {
  private(set) var text = ""
  private var name = ""

  mutating func begin(_ name: String, _ type: String, _ help: String) {
    self.name = name
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  mutating func add(_ value: Int, _ labels: KeyValuePairs<String, String>) {
    add("", "\(value)", labels.map { ($0, $1) })
  }

  mutating func add(_ histogram: Histogram, _ labels: KeyValuePairs<String, String>) {
    let labels = labels.map { ($0, $1) }
    for (bound, count) in zip(histogram.bounds, histogram.counts) {
      add("_bucket", "\(count)", labels + [("le", "\(bound)")])
    }
    add("_bucket", "\(histogram.total)", labels + [("le", "+Inf")])
    add("_sum", "\(histogram.sum)", labels)
    add("_count", "\(histogram.total)", labels)
  }

  /// Kinds, statuses and file names hold nothing that would have to be escaped.
  private mutating func add(_ suffix: String, _ value: String, _ labels: [(String, String)]) {
    let pairs = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
    text += "\(name)\(suffix)\(pairs.isEmpty ? "" : "{\(pairs)}") \(value)\n"
  }
}
#endif
