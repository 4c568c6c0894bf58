internal import CBaseline
internal import Rollbook

struct BenchmarkFailure: Error, CustomStringConvertible {
  var description: String
}

/// The C side: the same work on SQLite's own interface.
///
/// `@unchecked Sendable`: one thread at a time uses it, as the benchmarks take turns.
@safe final class Baseline: @unchecked Sendable {
  private let journal: OpaquePointer

  init(path: String, for use: baseline_use) throws {
    var opened: OpaquePointer?
    unsafe journal = try Baseline.opened(baseline_open(path, use, &opened), opened)
  }

  /// An empty journal of the plain layout.
  init(plain path: String, migrations: String) throws {
    var opened: OpaquePointer?
    unsafe journal = try Baseline.opened(baseline_make_plain(path, migrations, &opened), opened)
  }

  private static func opened(_ code: Int32, _ opened: OpaquePointer?) throws -> OpaquePointer {
    guard code == 0, let opened = unsafe opened else {
      throw BenchmarkFailure(description: unsafe String(cString: baseline_message(opened)))
    }
    return unsafe opened
  }

  deinit { unsafe baseline_close(journal) }

  func fill(applications: Int, operations: Int) throws {
    try check(unsafe baseline_fill(journal, Int32(applications), Int64(operations)))
  }

  func checkpoint() throws { try check(unsafe baseline_checkpoint(journal)) }

  // MARK: Writing

  func operate(_ requests: [baseline_request]) throws {
    try check(unsafe baseline_operate(journal, requests, Int32(requests.count)))
  }

  func beginOpen(first: Int64, count: Int) throws -> [Int64] {
    var ids = [Int64](repeating: 0, count: count)
    try check(unsafe baseline_begin_open(journal, first, Int32(count), &ids))
    return ids
  }

  func endOpen() throws { try check(unsafe baseline_end_open(journal)) }

  func appendSteps(to operations: [Int64]) throws {
    try check(unsafe baseline_append_steps(journal, operations, Int32(operations.count)))
  }

  func setRunning() throws { try check(unsafe baseline_set_running(journal)) }

  // MARK: Reading

  func newest(of application: ApplicationID, limit: Int) throws -> Int {
    try rows { unsafe baseline_newest(journal, application.rawValue, Int32(limit), &$0) }
  }

  func describe(_ operation: Int64) throws -> Int {
    try rows { unsafe baseline_describe(journal, operation, &$0) }
  }

  func decideRollback(of application: ApplicationID) throws -> Int {
    try rows { unsafe baseline_decide_rollback(journal, application.rawValue, &$0) }
  }

  func inProgress() throws -> Int { try rows { unsafe baseline_in_progress(journal, &$0) } }

  func readToSettle() throws -> Int { try rows { unsafe baseline_read_to_settle(journal, &$0) } }

  func operationBytes() throws -> Int64 {
    var bytes: Int64 = 0
    try check(unsafe baseline_operation_bytes(journal, &bytes))
    return bytes
  }

  private func rows(_ read: (inout Int32) -> Int32) throws -> Int {
    var rows: Int32 = 0
    try check(read(&rows))
    return Int(rows)
  }

  private func check(_ code: Int32) throws {
    if code != 0 {
      throw BenchmarkFailure(description: unsafe String(cString: baseline_message(journal)))
    }
  }

  /// The statements that peers run too, each a line: its name, a tab, its text.
  static var sharedStatements: String {
    var lines = ""
    var index: Int32 = 0
    while true {
      let statement = unsafe baseline_statement_at(index)
      guard let name = unsafe statement.name, let sql = unsafe statement.sql else { return lines }
      lines += unsafe "\(String(cString: name))\t\(String(cString: sql))\n"
      index += 1
    }
  }
}
