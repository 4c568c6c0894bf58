#if CommandLine
public import Rollbook
internal import Synchronization

/// What `rollbook serve` was asked.
public struct ServeRequest: Sendable {
  public let home: Home
  public let host: String
  /// 0 for a free one.
  public let port: Int
  public let runtime: String
  public var clusterAddress: String?
  public var region = ""
  public var account = ""
  /// The path of a file.
  public var credentials: String?
  /// Folders by the ARNs of the buckets that they stand for.
  public var buckets: [String: String] = [:]
  public var requestTimeout: Double = 30
  public var settle: Double?
  public var timeout: Double?
  public var bake: Double?
  public var logLevel = ""
  public var programEnvironment: [String: String] = [:]

  init(home: Home, host: String, port: Int, runtime: String) {
    self.home = home
    self.host = host
    self.port = port
    self.runtime = runtime
  }

  /// All runtimes that applications of the home may run on.
  public var runtimes: [any RuntimeAdapter] { Runtimes.all(in: home) }
}

/// The server that an executable brings.
public enum Serving {
  /// Serves until it is told to end.
  public typealias Server = @Sendable (ServeRequest) async throws -> Void

  private static let server = Mutex<Server?>(nil)

  static func bring(_ server: Server?) { Serving.server.withLock { $0 = server } }

  /// The server; nil in an executable that has none, and that found no sibling to become.
  static var brought: Server? { server.withLock { $0 } }

  /// Becomes the executable that has a server, and says so where there is none.
  static func absent(in home: Home) -> RollbookError {
    Runtimes.becomeSibling()
    return RollbookError(
      .invalidArgument, "The server is not in this build of Rollbook.",
      hint: "Install `rollbook-full`, built with the trait Server, beside `rollbook`: "
        + "`./scripts/install` does.")
  }

  /// Writes a line of an answer, such as where the server listens.
  public static func say(_ line: String) { Standard.print(line) }
}
#endif
