/// The folder that holds everything of one Rollbook: journal, locks, artifacts, snapshots, logs.
public struct Home: Sendable, Equatable {
  public let path: String

  /// - Parameter path: an absolute path on a local file system.
  public init(path: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  public var journal: String { path + "/journal.db" }
  public var artifacts: String { path + "/artifacts" }
  public var snapshots: String { path + "/snapshots" }
  public var run: String { path + "/run" }
  public var logs: String { path + "/logs" }
  public var locks: String { path + "/locks" }

  /// The lock that the holder of an application's operation holds.
  public func lock(of application: ApplicationID) -> String { "\(locks)/\(application)" }

  /// The lock that whoever stores code or relies on what is stored shares, until the journal names it;
  /// whoever removes code has it alone.
  public var codeLock: String { locks + "/artifacts" }

  /// The lock that whoever removes code or snapshots shares, and a backup has alone.
  public var removalLock: String { locks + "/removals" }

  /// The folder of a snapshot; made of ids, never of names.
  public func snapshot(_ id: SnapshotID, of application: ApplicationID) -> String {
    "\(snapshots)/\(application)/\(id)"
  }
}
