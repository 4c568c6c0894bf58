/// What a request said; members that a kind does not have are nil.
public struct OperationParameters: Sendable, Codable, Equatable {
  /// The name under which an update was asked for, where that is not UpdateApplication.
  public var name: UpdateName?
  public var restore: RestoreSource?
  public var allowNonRestoredState: Bool?
  /// A forced stop, or a scaling to a parallelism that failed before.
  public var force: Bool?
  public var snapshotName: String?
  /// The snapshot that a deletion is about.
  public var snapshot: SnapshotID?
  /// What a rollback returns to.
  public var target: RollbackTarget?
  /// Why this target.
  public var targetReason: String?
  /// A rollback that had nothing to do: the old generation was never stopped and goes on.
  public var isOldUntouched: Bool?
  /// How an application ended: `exited`, `failed`, `reboot`, `lost`.
  public var cause: String?
  public var abandon: Bool?

  public init() {}

  package var isEmpty: Bool { self == OperationParameters() }
}

/// The calls of the AWS API that are updates under another name.
public enum UpdateName: String, CaseIterable, Sendable, Codable {
  case addNetwork = "AddApplicationVpcConfiguration"
  case deleteNetwork = "DeleteApplicationVpcConfiguration"
  case addLogStream = "AddApplicationCloudWatchLoggingOption"
  case deleteLogStream = "DeleteApplicationCloudWatchLoggingOption"
}

/// Where a deployment takes its state from; in JSON `latest`, `none` or `snapshot NAME`.
public enum RestoreSource: Sendable, Equatable {
  /// The newest snapshot that the version can read; none where there is none.
  case latest
  case none
  case snapshot(name: String)
}

extension RestoreSource? {
  /// Whether the newest usable snapshot is wanted: asked for, or because nothing else was.
  package var isLatest: Bool { self == nil || self == .latest }
}

extension RestoreSource: Codable {
  private static let prefix = "snapshot "

  init(text: String) {
    switch text {
    case "latest": self = .latest
    case "none": self = .none
    default: self = .snapshot(name: String(text.dropFirst(Self.prefix.count)))
    }
  }

  public init(from decoder: any Decoder) throws {
    self.init(text: try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .latest: try container.encode("latest")
    case .none: try container.encode("none")
    case .snapshot(let name): try container.encode(Self.prefix + name)
    }
  }
}

/// The good state that a rollback returns to, and what the stack becomes when it gets there.
public struct RollbackTarget: Sendable, Codable, Equatable {
  public var version: Int64
  public var parallelism: Int
  /// The stack entry that is on top afterwards; nil where the rollback pushes a new one.
  public var entry: OperationID?

  public init(version: Int64, parallelism: Int, entry: OperationID?) {
    self.version = version
    self.parallelism = parallelism
    self.entry = entry
  }
}
