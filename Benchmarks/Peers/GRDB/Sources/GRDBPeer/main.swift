// The journal's work in GRDB: the same statements on a copy of the same journal, with a
// `DatabasePool`, prepared statements from its cache, and rows fetched as `Row`.

import Foundation
import GRDB

/// Why it is not measured.
struct Refusal: Error { let reason: String }

let openCount = 1000
let stepsEvery = 50
let outcome = 20  // where a record's outcome begins

func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }

/// Sets what Rollbook's writer sets, and reads it back: the pool sets synchronous=NORMAL by itself.
func configure(_ db: Database) throws {
  let pragmas = [
    ("journal_mode", "WAL", "wal"), ("synchronous", "FULL", "2"), ("foreign_keys", "ON", "1"),
    ("wal_autocheckpoint", "16000", "16000"), ("journal_size_limit", "75497472", "75497472"),
    ("temp_store", "MEMORY", "2"), ("cache_size", "-32768", "-32768"),
  ]
  for (name, value, expected) in pragmas {
    _ = try Row.fetchAll(db, sql: "PRAGMA \(name) = \(value)")
    let found = try String.fetchOne(db, sql: "PRAGMA \(name)") ?? ""
    if found != expected { throw Refusal(reason: "\(name) is \(found), not \(expected)") }
  }
}

struct GRDBPeer {
  let pool: DatabasePool
  let sql: [String: String]
  let operations: Int
  let last: Int64
  var open: [Int64] = []
  var nextOpen = 0

  init(_ arguments: [String]) throws {
    guard arguments.count == 4, let operations = Int(arguments[2]), let last = Int64(arguments[3])
    else { throw Refusal(reason: "it is called with JOURNAL STATEMENTS OPERATIONS LAST") }
    let lines = try String(contentsOfFile: arguments[1], encoding: .utf8).split(separator: "\n")
    var sql: [String: String] = [:]
    for line in lines {
      let parts = line.split(separator: "\t", maxSplits: 1)
      if parts.count == 2 { sql[String(parts[0])] = String(parts[1]) }
    }
    self.sql = sql
    self.operations = operations
    self.last = last
    pool = try DatabasePool(path: arguments[0])
    try pool.writeWithoutTransaction { db in try configure(db) }
    var begun: [Int64] = []
    try pool.write { db in
      for index in 0..<openCount {
        begun.append(
          try begin(db, Int64(2 + index), Int64(index % 8 + 1), sql).operation)
      }
    }
    open = begun
  }

  // MARK: Writing

  func append(_ operation: Int64) throws {
    let digits = String(operation, radix: 16)
    let token = String(repeating: "0", count: 32 - digits.count) + digits
    let detail = "{\"generation\":\"\(token)\",\"parallelism\":4,\"version\":7}"
    try pool.write { db in
      try refuseEnded(db, operation, sql)
      try run(db, sql["insert_step"], [operation, now(), "deploying", detail])
    }
  }

  func operate(_ application: Int64, _ parallelism: Int64) throws {
    let begun = try pool.write { db in try begin(db, application, parallelism, sql) }
    try pool.write { db in try finish(db, application, begun, parallelism, sql) }
  }

  // MARK: Reading

  func newest(_ application: Int64) throws {
    let rows = try pool.read { db in
      var next: Int64? = try first(db, sql["head"], [application])?[0]
      var rows: [Row] = []
      while let id = next, rows.count < 20, let row = try first(db, sql["record"], [id]) {
        rows.append(row)
        next = row[12]
      }
      return rows
    }
    if rows.count != 20 { throw Refusal(reason: "a short page") }
  }

  func describe(_ operation: Int64) throws {
    let steps = try pool.read { db in
      let record = try first(db, sql["record"], [operation])
      let failure = try first(db, sql["failure"], [operation])
      let steps = try Row.fetchAll(
        db.cachedStatement(sql: sql["steps"] ?? ""), arguments: [operation])
      return withExtendedLifetime((record, failure)) { steps.count }
    }
    if steps != 3 { throw Refusal(reason: "an operation without steps") }
  }

  // MARK: Answering

  mutating func answer(_ question: String) throws -> String {
    let parts = question.split(separator: " ")
    guard parts.count == 2, let count = Int(parts[1]) else {
      return "ready: GRDB 7.10.0, SQLite \(try version()), synchronous FULL, read back"
    }
    var times: [String] = []
    for _ in 0..<count {
      let work = try self.work(String(parts[0]))
      let clock = ContinuousClock()
      let elapsed = try clock.measure { try work() }
      times.append(String(format: "%.1f", elapsed / .microseconds(1)))
    }
    return times.joined(separator: " ")
  }

  private func version() throws -> String {
    try pool.read { db in try String.fetchOne(db, sql: "SELECT sqlite_version()") ?? "" }
  }

  private mutating func work(_ name: String) throws -> () throws -> Void {
    let peer = self
    let application = Int64.random(in: 2...last)
    switch name {
    case "append":
      nextOpen += 1
      let operation = open[nextOpen % openCount]
      return { try peer.append(operation) }
    case "operate":
      let free = Int64.random(in: 2 + Int64(openCount)...last)
      let parallelism = Int64.random(in: 1...8)
      return { try peer.operate(free, parallelism) }
    case "newest": return { try peer.newest(application) }
    case "describe":
      let operation = Int64.random(in: 0..<Int64(operations / stepsEvery)) * Int64(stepsEvery)
      return { try peer.describe(operation + Int64(stepsEvery / 2)) }
    default: throw Refusal(reason: "\(name) is no work")
    }
  }
}

struct Begun {
  let operation: Int64
  let version: Int64
  let goodState: Int64?
}

func first(
  _ db: Database, _ sql: String?, _ arguments: StatementArguments
) throws -> Row? {
  try Row.fetchOne(db.cachedStatement(sql: sql ?? ""), arguments: arguments)
}

func run(_ db: Database, _ sql: String?, _ arguments: StatementArguments) throws {
  try db.cachedStatement(sql: sql ?? "").execute(arguments: arguments)
}

func refuseEnded(_ db: Database, _ operation: Int64, _ sql: [String: String]) throws {
  if try first(db, sql["has_ended"], [operation]) != nil {
    throw Refusal(reason: "the operation has ended")
  }
}

func begin(
  _ db: Database, _ application: Int64, _ parallelism: Int64, _ sql: [String: String]
) throws -> Begun {
  var pointers: [Int64?] = Array(repeating: nil, count: 8)
  var version: Int64 = 1
  var before: Int64 = 1
  var goodState: Int64?
  if let last = try first(db, sql["newest_record"], [application]) {
    let id: Int64 = last[0]
    let kind: Int = last[2]
    let status: Int? = last[outcome + 1]
    for index in 0..<8 { pointers[index] = last[12 + index] }
    pointers[0] = id
    pointers[status == 2 ? 2 : 1] = id
    if kind <= 5 { pointers[2 + kind] = id }
    version = last[outcome + 4]
    before = last[outcome + 5]
    goodState = last[outcome + 9]
  }
  var row: [(any DatabaseValueConvertible)?] = [
    application, 4, now(), "deploy@build-07", nil, nil, version, nil, before, parallelism, nil,
  ]
  row += pointers.map { $0 }
  try run(db, sql["insert_operation"], StatementArguments(row))
  let operation = db.lastInsertedRowID
  try run(db, sql["upsert_head"], [application, operation])
  try run(db, sql["insert_open"], [application, operation])
  return Begun(operation: operation, version: version, goodState: goodState)
}

func finish(
  _ db: Database, _ application: Int64, _ begun: Begun, _ parallelism: Int64,
  _ sql: [String: String]
) throws {
  var pushes = true
  if let id = begun.goodState, let top = try first(db, sql["good_state"], [id]) {
    let version: Int64 = top[0]
    let before: Int64 = top[1]
    pushes = version != begun.version || before != parallelism
  }
  try refuseEnded(db, begun.operation, sql)
  let row: [(any DatabaseValueConvertible)?] = [
    begun.operation, application, 2, now(), 2, begun.version, parallelism, nil, nil, nil,
    pushes ? begun.operation : begun.goodState, pushes ? begun.goodState : nil, pushes ? 1 : nil,
    nil, nil, nil,
  ]
  try run(db, sql["insert_outcome"], StatementArguments(row))
  try run(db, sql["delete_open"], [application])
}

var peer: GRDBPeer?
while let line = readLine() {
  do {
    var current = try peer ?? GRDBPeer(Array(CommandLine.arguments.dropFirst()))
    print(try current.answer(line))
    peer = current
  } catch let refusal as Refusal {
    print("refused: \(refusal.reason)")
  } catch {
    print("failed: \("\(error)".replacingOccurrences(of: "\n", with: " "))")
  }
  fflush(nil)
}
