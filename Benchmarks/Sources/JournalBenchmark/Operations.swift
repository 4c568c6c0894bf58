internal import CBaseline
internal import Rollbook

/// Whole operations: begun in one durable transaction, ended in a second one.
struct Operations {
  let setup: Setup
  let ours: Journal
  let baseline: Baseline
  let peers: Peers

  func run() async throws {
    try oneCaller()
    try await many()
  }

  /// The mix of Benchmarks/Layout, as far as the kinds are frequent.
  private static let mix: [OperationKind] =
    Array(repeating: .update, count: 40) + Array(repeating: .scale, count: 15)
    + Array(repeating: .start, count: 14) + Array(repeating: .stop, count: 14)
    + Array(repeating: .createSnapshot, count: 17)

  private func request(
    _ applications: some RandomAccessCollection<Int64>, _ kind: OperationKind,
    _ chance: inout Chance
  ) -> baseline_request {
    baseline_request(
      application_id: applications.randomElement(using: &chance) ?? 0,
      kind: Int32(kind.rawValue), parallelism: Int64.random(in: 1...8, using: &chance))
  }

  private func oneCaller() throws {
    let applications = setup.ordinary(.big)
    var callers = try ours.callers(applications)
    var ourChance = Chance(seed: 1)
    var baselineChance = Chance(seed: 2)
    let sides = [
      clocked { _ in
        try self.baseline.operate([self.request(applications, .scale, &baselineChance)])
      },
      clocked { _ in
        let index = Int.random(in: callers.indices, using: &ourChance)
        try self.operate(&callers[index], Int.random(in: 1...8, using: &ourChance))
      },
    ]
    for side in sides { _ = try side(0..<20) }
    let all = try takeTurns(
      rounds: setup.rounds, samples: setup.isQuick ? 100 : 300, sides + peers.sides("operate"))
    Report.goal(
      "whole operation, one caller, p50, against C", Comparison(ours: all[1], baseline: all[0]),
      .atMost(1.15), unit: "µs")
    peers.tell("whole operation", all, "µs")
  }

  private func operate(_ caller: inout Caller, _ parallelism: Int) throws {
    let draft = caller.draft(.scale, parallelism)
    let left = caller.standing(after: draft)
    let operation = try ours.blockingWrite { (writer) throws(RollbookError) in
      try writer.begin(draft)
    }
    caller.standing = try ours.blockingWrite { (writer) throws(RollbookError) in
      try Caller.finish(operation, leaving: left, writer)
    }
  }

  // MARK: Many at once

  private static let callers = 256

  private func many() async throws {
    let plain = try setup.baseline(.plain, for: baseline_writes_plain)
    let keeper = try setup.baseline(.big, for: baseline_writes)
    let empty = try setup.open(.empty)
    let emptyKeeper = try setup.baseline(.empty, for: baseline_writes)
    var rates: (big: [Double], plain: [Double], empty: [Double], same: [Double]) = ([], [], [], [])
    for round in -1..<setup.rounds {
      // The first round makes the WAL as long as it becomes, and does not count.
      let seconds = round < 0 ? 0.3 : setup.isQuick ? 1.0 : 2.0
      let indexed = try baselineRate(plain, seconds, round)
      let big = try await coalescedRate(ours, keeper, seconds, round)
      let fresh = try await coalescedRate(empty, emptyKeeper, seconds, round)
      let same = try baselineRate(baseline, seconds, round)
      if round < 0 { continue }
      rates.plain.append(indexed)
      rates.big.append(big)
      rates.empty.append(fresh)
      rates.same.append(same)
    }
    Report.goal(
      "whole operations, 256 callers, against C with an (application, id) index",
      Comparison(ours: rates.big, baseline: rates.plain), .atLeast(4), unit: "/s",
      limit: (
        Comparison(ours: rates.same, baseline: rates.plain).ratio,
        "C on our own layout, 256 a transaction, against C with the index"
      ))
    Report.goal(
      "whole operations, 256 callers, against our own on an empty journal",
      Comparison(ours: rates.big, baseline: rates.empty), .atLeast(0.6), unit: "/s")
    let same = Comparison(ours: rates.big, baseline: rates.same)
    Report.tell(
      "  the same against C on our layout, 256 a transaction",
      "\(same.ratio.rounded(2))× (\(same.spread))")
  }

  private func baselineRate(
    _ journal: Baseline, _ seconds: Double, _ round: Int
  ) throws -> Double {
    var chance = Chance(seed: 1000 + round)
    let applications = Array(setup.ordinary(.big))
    let count = Operations.callers
    let share = applications.count / count
    return try rate(of: count, seconds: seconds, end: journal.checkpoint) { _ in
      // As with the callers below, each has applications of its own.
      try journal.operate(
        (0..<count).map {
          request(applications[$0 * share..<($0 + 1) * share], Self.kind(&chance), &chance)
        })
    }.perSecond
  }

  private static func kind(_ chance: inout Chance) -> OperationKind {
    mix[Int.random(in: mix.indices, using: &chance)]
  }

  private struct Share: Sendable {
    var callers: [Caller]
    var chance: Chance
  }

  private func coalescedRate(
    _ journal: Journal, _ keeper: Baseline, _ seconds: Double, _ round: Int
  ) async throws -> Double {
    let callers = try journal.callers(setup.ordinary(.big))
    let share = callers.count / Operations.callers
    let shares = (0..<Operations.callers).map { index in
      Share(
        callers: Array(callers[index * share..<(index + 1) * share]),
        chance: Chance(seed: 5000 + round * Operations.callers + index))
    }
    return try await rate(shares, seconds: seconds, end: keeper.checkpoint) { (share, _) in
      let index = Int.random(in: share.callers.indices, using: &share.chance)
      let parallelism = Int.random(in: 1...8, using: &share.chance)
      let draft = share.callers[index].draft(Self.kind(&share.chance), parallelism)
      let left = share.callers[index].standing(after: draft)
      let operation = try await journal.write { (writer) throws(RollbookError) in
        try writer.begin(draft)
      }
      share.callers[index].standing = try await journal.write { (writer) throws(RollbookError) in
        try Caller.finish(operation, leaving: left, writer)
      }
    }.perSecond
  }
}
