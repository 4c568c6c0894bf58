import Rollbook
import Testing

/// What is kept of an application: the rule alone.
@Suite struct RetentionTests {
  static func holdings(good: [Int64], version: Int64) -> Retention.Holdings {
    Retention.Holdings(
      version: version,
      goodStates: good.enumerated().map {
        GoodState(
          id: OperationID(Int64(100 - $0.offset)), version: $0.element, parallelism: 1, below: nil)
      },
      automaticSnapshots: [], chosenSnapshots: [:], generations: [], generationsInUse: [])
  }

  static func snapshot(_ id: Int64) -> Snapshot {
    Snapshot(
      id: SnapshotID(id), application: ApplicationID(1), name: "s\(id)",
      operation: OperationID(id), version: 1, runtimeEnvironment: "E",
      generation: GenerationToken(rawValue: "g"), startedAt: Timestamp(rawValue: 0), outcome: nil,
      deletedAt: nil)
  }

  @Test(
    "The newest good states and the version shown are kept",
    arguments: [
      ([5, 3, 1], 5, 1, [5]), ([5, 3, 1], 5, 2, [5, 3]), ([5, 3, 1], 6, 1, [5, 6]),
      ([], 1, 3, [1]), ([2], 2, 9, [2]),
    ] as [([Int64], Int64, Int, Set<Int64>)])
  func versions(good: [Int64], shown: Int64, count: Int, kept: Set<Int64>) throws {
    let retention = try Retention(keeping: count)
    #expect(retention.versions(of: Self.holdings(good: good, version: shown)) == kept)
  }

  @Test("A snapshot that a kept good state would be restored from stays, however old it is")
  func snapshots() throws {
    var holdings = Self.holdings(good: [3, 2], version: 3)
    holdings.automaticSnapshots = [9, 8, 7, 6].map(Self.snapshot)
    holdings.chosenSnapshots = [3: [SnapshotID(9)], 2: [SnapshotID(6)]]
    let ids = { (count: Int) in
      try Retention(keeping: count).snapshotsToRemove(of: holdings).map(\.id.rawValue)
    }
    #expect(try ids(1) == [8, 7, 6])
    #expect(try ids(2) == [7])
    #expect(try ids(4) == [])
  }

  @Test("What runs or may run is kept beside the newest deployments")
  func generations() throws {
    var holdings = Self.holdings(good: [1], version: 1)
    let tokens = ["c", "b", "a"].map(GenerationToken.init(rawValue:))
    holdings.generations = tokens
    holdings.generationsInUse = [tokens[2]]
    #expect(try Retention(keeping: 1).generations(of: holdings) == [tokens[0], tokens[2]])
  }

  @Test("Nothing to go back to cannot be asked for", arguments: [0, -1])
  func none(count: Int) throws {
    #expect(throws: RollbookError.self) { try Retention(keeping: count) }
  }
}
