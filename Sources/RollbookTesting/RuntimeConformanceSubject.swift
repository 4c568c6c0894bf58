public import Rollbook

/// What the conformance suite needs to know of a runtime: how its programs are made, made to work
/// and asked what they remember. A check has a subject of its own.
public protocol RuntimeConformanceSubject: Sendable {
  /// The programs that can be made for this runtime, besides `.runs`.
  static var programs: Set<RuntimeConformanceProgram> { get }

  /// Whether the runtime takes snapshots.
  static var takesSnapshots: Bool { get }

  /// Makes ready for one check.
  ///
  /// - Parameter home: an empty folder, removed after the check.
  init(home: Home) async throws

  /// The runtime, as one more process on the same home would make it.
  func makeRuntime() async throws -> any RuntimeAdapter

  /// Code that does what is wanted, and the configuration of its version.
  func makeCode(
    _ program: RuntimeConformanceProgram
  ) async throws -> RuntimeConformanceCode

  /// Lets a running program do something that its state remembers; returns once it has.
  func work(_ word: String, in generation: Generation) async throws

  /// What the state of a running program remembers, in its order.
  func memory(of generation: Generation) async throws -> [String]

  /// Called when the check is over and everything has been stopped.
  func finish() async
}

extension RuntimeConformanceSubject {
  public func finish() async {}
}

/// What the code of a version does; the raw value is the version's number in the checks.
public enum RuntimeConformanceProgram: Int64, Sendable, CaseIterable {
  /// It runs until it is stopped.
  case runs = 1
  /// The runtime cannot start it, and says so when it is deployed.
  case isRefused = 2
  /// It starts, and soon ends by itself with an error.
  case fails = 3
  /// It starts, and never gets ready.
  case isNeverReady = 4
}

/// Code, and how a version with it is configured.
public struct RuntimeConformanceCode: Sendable {
  /// A file or a folder, an absolute path.
  public let path: String
  public let configuration: VersionConfiguration

  public init(path: String, configuration: VersionConfiguration) {
    self.path = path
    self.configuration = configuration
  }
}
