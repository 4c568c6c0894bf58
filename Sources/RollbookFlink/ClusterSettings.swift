#if Flink
internal import Rollbook

extension Cluster {
  /// What a cluster says of itself.
  struct Settings: Sendable {
    /// `FLINK-1_19`, whatever its patch release.
    let environment: String
    /// For how long answers about a job are kept, in seconds.
    let lag: Double
    /// Whether it runs jobs on fewer slots than they ask for.
    let isAdaptive: Bool

    /// Flink's default for `web.refresh-interval`, in seconds.
    static let defaultLag: Double = 3
  }

  func settings() async throws(Silence) -> Settings {
    guard let found = try await get("/config", as: ClusterAnswers.Configuration.self) else {
      throw Silence(reason: "\(address) is not a Flink: it has no /config")
    }
    let numbers = found.version.split(separator: ".").prefix(2)
      .map { $0.prefix { ("0"..."9").contains($0) } }
    guard numbers.count == 2, numbers.allSatisfy({ !$0.isEmpty }) else {
      throw Silence(reason: "\(address) says that it is Flink \(found.version)")
    }
    return Settings(
      environment: "FLINK-" + numbers.joined(separator: "_"),
      lag: found.refreshInterval.map { max(0, $0) / 1000 } ?? Settings.defaultLag,
      isAdaptive: found.features?.rescales == true)
  }
}
#endif
