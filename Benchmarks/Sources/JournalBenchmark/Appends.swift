internal import CBaseline
internal import Rollbook

/// Durable appends: steps of operations in flight, each made durable before its caller goes on.
struct Appends {
  private let setup: Setup
  private let ours: Journal
  private let baseline: Baseline
  /// A connection to our journal, for the checkpoints that end a measurement.
  private let keeper: Baseline
  private let ourOperations: [Operation]
  private let baselineOperations: [Int64]
  private let peers: Peers
  private static let open = 4000

  init(setup: Setup, ours: Journal, baseline: Baseline, peers: Peers) throws {
    self.setup = setup
    self.ours = ours
    self.baseline = baseline
    self.peers = peers
    keeper = try setup.baseline(.big, for: baseline_writes)
    let first = setup.ordinary(.big).lowerBound
    baselineOperations = try baseline.beginOpen(first: first, count: Appends.open)
    let callers = try ours.callers(first...first + Int64(Appends.open) - 1)
    ourOperations = try ours.blockingWrite { (writer) throws(RollbookError) in
      var operations: [Operation] = []
      for (index, caller) in callers.enumerated() {
        operations.append(try writer.begin(caller.draft(.scale, index % 8 + 1)))
      }
      return operations
    }
  }

  func run() async throws {
    try oneCaller()
    try await many()
  }

  /// Ends what was begun, so that every application takes operations again.
  func end() throws {
    try baseline.endOpen()
    let callers = try ours.callers(setup.ordinary(.big))
    let operations = ourOperations
    _ = try ours.blockingWrite { (writer) throws(RollbookError) -> Int in
      for (operation, caller) in zip(operations, callers) {
        var left = caller.standing
        left.parallelism = operation.parallelismTo ?? left.parallelism
        _ = try Caller.finish(operation, leaving: left, writer)
      }
      return operations.count
    }
  }

  private func oneCaller() throws {
    let sides = [
      clocked { try self.baseline.appendSteps(to: [self.baselineOperation($0)]) },
      clocked { sample in
        let id = self.operation(sample)
        try self.ours.blockingWrite { (writer) throws(RollbookError) in
          try writer.addStep(.deploying, Caller.detail(id), to: id)
        }
      },
    ]
    for side in sides { _ = try side(0..<20) }
    let samples = setup.isQuick ? 100 : 300
    let all = try takeTurns(
      rounds: setup.rounds, samples: samples, sides + peers.sides("append"))
    Report.goal(
      "durable append, one caller, p50, against C", Comparison(ours: all[1], baseline: all[0]),
      .atMost(1.1), unit: "µs")
    peers.tell("durable append", all, "µs")
  }

  private func operation(_ index: Int) -> OperationID {
    ourOperations[index % ourOperations.count].id
  }

  private func baselineOperation(_ index: Int) -> Int64 {
    baselineOperations[index % baselineOperations.count]
  }

  private func many() async throws {
    let counts = [16, 256]
    var single: [Double] = []
    var ours: [Int: [Double]] = [:]
    var batched: [Int: [Double]] = [:]
    var slowest: (ours: [Double], baseline: [Double]) = ([], [])
    for round in -1..<setup.rounds {
      // The first round makes the WAL as long as it becomes, and does not count.
      let seconds = round < 0 ? 0.3 : setup.isQuick ? 1.0 : 2.0
      let alone = try baselineRate(1, seconds)
      if round >= 0 { single.append(alone.perSecond) }
      for count in counts {
        let coalesced = try await coalescedRate(count, seconds)
        let together = try baselineRate(count, seconds)
        if round < 0 { continue }
        ours[count, default: []].append(coalesced.perSecond)
        batched[count, default: []].append(together.perSecond)
        if count != 256 { continue }
        slowest.ours.append(quantile(0.99, of: coalesced.microseconds) / 1000)
        slowest.baseline.append(quantile(0.99, of: together.microseconds) / 1000)
      }
    }
    for count in counts {
      report(count, ours[count] ?? [], single, batched[count] ?? [])
    }
    let (slow, limit) = (median(slowest.ours), median(slowest.baseline))
    let limitText = "C itself, 256 a transaction, p99 of its transactions: \(limit.rounded(1)) ms"
    Report.goal(
      "durable append, 256 callers, p99 (median of the rounds)", "\(slow.rounded(1)) ms", "< 25 ms",
      isMet: slow < 25, limit: limit >= 25 ? limitText : nil)
    if limit < 25 { Report.tell("  the same in C", limitText) }
  }

  private func report(_ count: Int, _ ours: [Double], _ single: [Double], _ batched: [Double]) {
    let alone = Comparison(ours: ours, baseline: single)
    Report.goal(
      "durable appends, \(count) callers, against C one a transaction", alone,
      .atLeast(count == 16 ? 9 : 20), unit: "/s",
      limit: (
        Comparison(ours: batched, baseline: single).ratio,
        "C itself, \(count) a transaction, against C one a transaction"
      ))
    Report.goal(
      "durable appends, \(count) callers, against C with \(count) a transaction",
      Comparison(ours: ours, baseline: batched), .atLeast(0.75), unit: "/s")
  }

  private func baselineRate(_ count: Int, _ seconds: Double) throws -> Rate {
    try rate(of: count, seconds: seconds, end: baseline.checkpoint) { call in
      try baseline.appendSteps(to: (0..<count).map { baselineOperation(call * count + $0) })
    }
  }

  /// The callers' operations of one moment stand side by side, as those that began together do.
  private func coalescedRate(_ count: Int, _ seconds: Double) async throws -> Rate {
    let journal = ours
    let ids = ourOperations.map(\.id)
    return try await rate(Array(0..<count), seconds: seconds, end: keeper.checkpoint) {
      (caller, call) in
      let id = ids[(call * count + caller) % ids.count]
      try await journal.write { (writer) throws(RollbookError) in
        try writer.addStep(.deploying, Caller.detail(id), to: id)
      }
    }
  }
}
