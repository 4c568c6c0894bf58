internal import CBaseline
internal import Glibc
internal import Rollbook

/// The C side: the same work on SQLite's own interface.
///
/// `@unchecked Sendable`: one thread at a time uses it, as the benchmarks take turns.
@safe final class Baseline: @unchecked Sendable {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  private static let scale = Int32(OperationKind.scale.rawValue)
  private let journal: OpaquePointer

  init(path: String) throws {
    var opened: OpaquePointer?
    let code = unsafe baseline_open(path, &opened)
    guard code == 0, let opened = unsafe opened else {
      throw Failure(description: unsafe String(cString: baseline_message(opened)))
    }
    unsafe journal = opened
  }

  deinit { unsafe baseline_close(journal) }

  func fill(applications: Int, operations: Int) throws {
    try check(unsafe baseline_fill(journal, Int32(applications), Int64(operations)))
  }

  func checkpoint() throws {
    try check(unsafe baseline_checkpoint(journal))
  }

  /// One whole operation, a scaling: of which application, and to what.
  struct Scaling {
    let application: ApplicationID
    let parallelism: Int
  }

  /// Whole operations, each of another application: two durable transactions for all of them.
  func append(_ scalings: [Scaling]) throws {
    try unsafe Caller.actor.withCString { actor in
      let requests = unsafe scalings.map { scaling in
        unsafe baseline_request(
          application_id: scaling.application.rawValue, kind: Baseline.scale, actor: actor,
          reason: nil,
          parameters: nil, version_to: 0,
          parallelism_to: Int64(scaling.parallelism))
      }
      try unsafe requests.withUnsafeBufferPointer { requests in
        guard let first = requests.baseAddress else { return }
        let code =
          unsafe requests.count == 1
          ? baseline_append_one(journal, first)
          : baseline_append_batch(journal, first, Int32(requests.count))
        try check(code)
      }
    }
  }

  /// Reads the newest operations of an application; answers how many there were.
  func newest(of application: Int64, limit: Int) throws -> Int {
    var rows = 0
    try unsafe withUnsafeMutablePointer(to: &rows) { rows in
      try check(
        unsafe baseline_newest(
          journal, application, Int32(limit),
          { context, _ in unsafe context?.assumingMemoryBound(to: Int.self).pointee += 1 }, rows))
    }
    return rows
  }

  func describe(_ operation: Int64) throws {
    try check(unsafe baseline_describe(journal, operation, { _, _, _ in }, nil))
  }

  func decideRollback(of application: Int64) throws -> Int64 {
    var decision = baseline_decision()
    try check(unsafe baseline_decide_rollback(journal, application, &decision))
    return decision.top.version
  }

  private func check(_ code: Int32) throws {
    if code != 0 {
      throw Failure(description: unsafe String(cString: baseline_message(journal)))
    }
  }
}

/// Runs a program with its output thrown away; answers how long it took in milliseconds.
func milliseconds(of arguments: [String]) throws -> Double {
  var pointers: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { while unsafe !pointers.isEmpty { unsafe free(pointers.removeLast()) } }
  let process = unsafe baseline_run_program(pointers)
  guard process.status == 0 else {
    throw Baseline.Failure(description: "\(arguments[0]) ended with status \(process.status)")
  }
  return process.seconds * 1000
}
