#if Server
public import Rollbook

/// How the endpoint is run.
public struct ServerSettings: Sendable {
  /// The address to listen on, and the port; 0 picks a free one.
  public var host: String
  public var port: Int
  /// What applications made here run on: `process` or `flink`.
  public var runtime: String
  /// The Flink cluster that applications made here run on.
  public var clusterAddress: String?
  public var region: String
  public var account: String
  /// Nil for a server that anybody on this machine may ask.
  public var credentials: Credentials?
  /// Folders that stand for buckets, by the buckets' ARNs.
  public var buckets: [String: String]
  /// What the environment of processes takes from that of the server: PATH, HOME, …
  public var programEnvironment: [String: String]
  /// How long a request's body may take.
  public var requestSeconds: Double = 30
  /// For applications made here, whose API has no words for it; nil for Rollbook's own defaults.
  public var settleSeconds: Double?
  public var timeoutSeconds: Double?
  public var bakeSeconds: Double?

  public init(
    host: String = "127.0.0.1", port: Int = 8080, runtime: String = "process",
    region: String = "us-east-1", account: String = "000000000000"
  ) {
    self.host = host
    self.port = port
    self.runtime = runtime
    self.region = region
    self.account = account
    buckets = [:]
    programEnvironment = [:]
  }

  /// - Throws: `invalidArgument` for a server without keys that others could reach, and for one that
  ///   would refuse every application.
  public func check() throws(RollbookError) {
    guard credentials != nil || isLoopback else {
      throw RollbookError(
        .invalidArgument,
        "Without keys anybody who reaches \(host) could change what runs here.",
        hint: "Listen on 127.0.0.1, or give --credentials FILE.")
    }
    guard (1...3600).contains(requestSeconds) else {
      throw RollbookError(
        .invalidArgument, "--request-timeout \(requestSeconds) is not between 1 s and an hour.")
    }
    var configuration = VersionConfiguration(codeName: "")
    apply(to: &configuration)
    try Validation.configuration(configuration)
  }

  /// What all applications made here begin with.
  func apply(to configuration: inout VersionConfiguration) {
    configuration.environment = programEnvironment
    configuration.clusterAddress = clusterAddress
    settleSeconds.map { configuration.settleSeconds = $0 }
    timeoutSeconds.map { configuration.timeoutSeconds = $0 }
    bakeSeconds.map { configuration.bakeSeconds = $0 }
  }

  /// Whether only programs of this machine can reach it.
  var isLoopback: Bool {
    host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.allSatisfy(isNumeric))
  }

  private func isNumeric(_ character: Character) -> Bool {
    character == "." || ("0"..."9").contains(character)
  }
}
#endif
