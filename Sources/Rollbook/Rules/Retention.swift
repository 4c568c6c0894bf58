/// Which bytes of an application are kept when a home is pruned.
///
/// Kept is what the newest good states need, so many as asked for; what is in use; and what was asked
/// for by hand.
public struct Retention: Sendable, Equatable {
  /// How many good states, automatic snapshots and deployments are kept of each application; at
  /// least 1.
  public let count: Int

  /// - Throws: `invalidArgument` for less than 1: the way back is always there.
  public init(keeping count: Int) throws(RollbookError) {
    guard count >= 1 else {
      throw RollbookError(
        .invalidArgument, "--keep \(count) would leave nothing to go back to.",
        hint: "Keep at least 1.")
    }
    self.count = count
  }

  /// What an application holds, the newest first.
  public struct Holdings: Sendable {
    /// The version that it shows.
    public var version: Int64
    /// From the top of the stack.
    public var goodStates: [GoodState]
    /// The READY snapshots that operations took by themselves.
    public var automaticSnapshots: [Snapshot]
    /// The snapshots that each version may be restored from: the one that it would be now, and the
    /// newest of its own, which it would be once those above it have been rolled back from.
    public var chosenSnapshots: [Int64: Set<SnapshotID>]
    public var generations: [GenerationToken]
    /// What runs, or may run.
    public var generationsInUse: Set<GenerationToken>

    public init(
      version: Int64, goodStates: [GoodState], automaticSnapshots: [Snapshot],
      chosenSnapshots: [Int64: Set<SnapshotID>], generations: [GenerationToken],
      generationsInUse: Set<GenerationToken>
    ) {
      self.version = version
      self.goodStates = goodStates
      self.automaticSnapshots = automaticSnapshots
      self.chosenSnapshots = chosenSnapshots
      self.generations = generations
      self.generationsInUse = generationsInUse
    }
  }

  /// The versions whose code is kept.
  public func versions(of holdings: Holdings) -> Set<Int64> {
    versions(good: holdings.goodStates, shown: holdings.version)
  }

  /// - Parameters:
  ///   - good: the good states, from the top of the stack.
  ///   - shown: the version that the application shows.
  func versions(good: [GoodState], shown: Int64) -> Set<Int64> {
    Set(good.prefix(count).map(\.version)).union([shown])
  }

  /// The snapshots that may be removed.
  public func snapshotsToRemove(of holdings: Holdings) -> [Snapshot] {
    let chosen = versions(of: holdings).reduce(into: Set<SnapshotID>()) {
      $0.formUnion(holdings.chosenSnapshots[$1, default: []])
    }
    return holdings.automaticSnapshots.dropFirst(count).filter { !chosen.contains($0.id) }
  }

  /// The generations whose folders and logs are kept.
  public func generations(of holdings: Holdings) -> Set<GenerationToken> {
    Set(holdings.generations.prefix(count)).union(holdings.generationsInUse)
  }
}
