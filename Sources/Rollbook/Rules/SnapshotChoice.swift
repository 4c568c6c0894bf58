/// Which snapshots a version can be started from.
public enum SnapshotChoice {
  /// Whether a version may begin with a snapshot when it is asked for the latest.
  ///
  /// - Parameter takerWasRolledBack: the version that took it was rolled back from afterwards.
  public static func isUsable(
    _ snapshot: Snapshot, by version: ApplicationVersion, takerWasRolledBack: Bool
  ) -> Bool {
    snapshot.status == .ready && snapshot.version <= version.version
      && isReadable(snapshot.runtimeEnvironment, by: version.runtimeEnvironment)
      && (!takerWasRolledBack || snapshot.version == version.version)
  }

  /// Whether what one runtime environment wrote can be read by another: the same kind, no newer.
  public static func isReadable(_ written: String, by reader: String) -> Bool {
    let written = RuntimeEnvironment(written)
    let reader = RuntimeEnvironment(reader)
    return written.kind == reader.kind
      && !reader.numbers.lexicographicallyPrecedes(written.numbers)
  }
}

/// `FLINK-1_19` taken apart, so that 1.9 is older than 1.19.
struct RuntimeEnvironment: Equatable {
  let kind: Substring
  let numbers: [Int]

  init(_ text: String) {
    let parts = text.split(separator: "-", maxSplits: 1)
    kind = parts.first ?? ""
    numbers =
      parts.count < 2
      ? [] : parts[1].split(whereSeparator: { $0 == "_" || $0 == "." }).map { Int($0) ?? 0 }
  }
}
