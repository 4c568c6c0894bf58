/// A copy of a home that is a home itself: the journal as it was at one moment, the code of every
/// version, and every snapshot that is kept in the home.
///
/// It is made while others go on: only who removes code or snapshots waits until it is whole. What runs
/// (`run/`) and the logs are not in it: a copy that is used finds that the processes of the home have ended.
public struct Backup: Sendable {
  public let home: Home
  /// Where the copy is to be: nothing, or an empty folder.
  public let destination: String
  /// Whether the copy's journal gets the indices that heavy questions in SQL want.
  public var isIndexed = false
  /// Whether only the journal is copied.
  public var isJournalOnly = false

  public init(of home: Home, at destination: String) {
    self.home = home
    self.destination = Files.realPath(destination) ?? Home(path: destination).path
  }

  /// What was copied.
  public struct Report: Sendable, Equatable {
    public var journalBytes: Int64 = 0
    public var artifactCount = 0
    public var artifactBytes: Int64 = 0
    public var snapshotCount = 0
    public var snapshotBytes: Int64 = 0
    /// Snapshots that their runtime keeps elsewhere, as Flink does.
    public var snapshotsElsewhere = 0
    /// What the journal names and the home does not hold as it was, in words.
    public var missing: [String] = []
  }

  /// How far it is, in bytes of the journal.
  public typealias Progress = (_ done: Int64, _ all: Int64) -> Void

  /// Makes the copy. It blocks its thread: not for code on the cooperative pool.
  ///
  /// Until it is whole it stands beside its destination under a name that ends in `.partial`; an error
  /// leaves nothing.
  /// - Throws: `invalidArgument` where something is at the destination; `journalMissing` and others
  ///   where the journal cannot be read whole; `operationInFlight` beside another backup or a removal;
  ///   `journalDamaged` where the copy is not sound; `diskFull` and `system` where it cannot be written.
  public func make(progress: Progress = { _, _ in }) throws(RollbookError) -> Report {
    try checkDestination()
    let partial = Home(path: "\(destination).\(GenerationToken.random()).partial")
    do throws(RollbookError) {
      let lock = isJournalOnly ? nil : try lockOutRemovals()
      let report = try fill(partial, progress)
      _ = consume lock
      try Files.syncFolder(partial.path)
      // An empty folder makes way.
      try Files.rename(partial.path, to: destination)
      try Files.syncFolder(Files.parent(of: destination))
      return report
    } catch {
      try? FileTree.remove(partial.path)
      throw error
    }
  }

  private func checkDestination() throws(RollbookError) {
    let folder = Files.parent(of: destination)
    let place = Files.realPath(folder) ?? folder
    let own = Files.realPath(home.path) ?? home.path
    if place.utf8.elementsEqual(own.utf8) || Files.isBelow(place, own) {
      throw RollbookError(
        .invalidArgument, "\(destination) lies in the home itself.", hint: "Name a place outside.")
    }
    guard Files.isFolder(folder) else {
      throw RollbookError(
        .invalidArgument, "There is no folder \(folder) for the backup.", hint: "Make it first.")
    }
    guard Files.exists(destination) else { return }
    guard Files.isFolder(destination), try Files.names(in: destination).isEmpty else {
      throw RollbookError(
        .invalidArgument, "There is something at \(destination) already.",
        hint: "A backup is a new folder: name one that is not there.")
    }
    guard FileIdentity(path: destination)?.device == FileIdentity(path: folder)?.device else {
      throw RollbookError(
        .invalidArgument, "\(destination) is where another file system begins.",
        hint: "A backup is a new folder: name one within it, such as \(destination)/backup.")
    }
  }

  /// Keeps what the journal names from being removed until it is copied; nil for a home in which nobody
  /// can write, and so nobody can remove anything.
  private func lockOutRemovals() throws(RollbookError) -> FileLock? {
    guard Files.exists(home.locks) else { return nil }
    let lock: FileLock?
    do throws(RollbookError) {
      lock = try FileLock.tryAcquire(home.removalLock)
    } catch {
      if error.ofHome().code == .journalReadOnly { return nil }
      throw error.ofHome()
    }
    guard let lock else {
      throw RollbookError(
        .operationInFlight, "Another backup is being made, or something is being removed.",
        hint: "Try again when that is done.")
    }
    return lock
  }

  private func fill(_ copy: Home, _ progress: Progress) throws(RollbookError) -> Report {
    var report = Report()
    try JournalCopy.make(
      of: home.journal, at: copy.journal, isIndexed: isIndexed, progress: progress)
    report.journalBytes = Files.size(of: copy.journal)
    if isJournalOnly { return report }
    let journal = try Journal(path: copy.journal, access: .readOnly)
    let (artifacts, snapshots) = try journal.blockingRead { (reader) throws(RollbookError) in
      var artifacts: [String] = []
      // What `prune` removed no good state needs.
      for digest in try reader.allArtifacts().sorted() where try !reader.isPruned(artifact: digest)
      {
        artifacts.append(digest)
      }
      return (artifacts, try reader.allReadySnapshots())
    }
    journal.close()
    for digest in artifacts { try add(artifact: digest, to: copy, &report) }
    for snapshot in snapshots { try add(snapshot, to: copy, &report) }
    return report
  }

  private func add(
    artifact digest: String, to copy: Home, _ report: inout Report
  ) throws(RollbookError) {
    let facts = try copyTree(
      "\(home.artifacts)/\(digest)", to: "\(copy.artifacts)/\(digest)", endpoints: .refused,
      digest: digest, "code \(digest)", &report)
    guard let facts else { return }
    report.artifactCount += 1
    report.artifactBytes += facts.size
  }

  private func add(
    _ snapshot: Snapshot, to copy: Home, _ report: inout Report
  ) throws(RollbookError) {
    let place = home.snapshot(snapshot.id, of: snapshot.application)
    // Whoever keeps snapshots in the home digests them.
    guard let kept = snapshot.outcome?.facts, kept.digest != nil || Files.exists(place) else {
      report.snapshotsElsewhere += 1
      return
    }
    let target = copy.snapshot(snapshot.id, of: snapshot.application)
    let name = "snapshot \(snapshot.name) of version \(snapshot.version)"
    guard let sidecar = try Files.read(place + ".json") else {
      return report.missing.append("\(name): it is not there")
    }
    guard
      let facts = try copyTree(
        place, to: target, endpoints: .skipped, digest: kept.digest, name, &report)
    else { return }
    try Files.write(sidecar, to: target + ".json")
    try Files.syncFolder(Files.parent(of: target))
    report.snapshotCount += 1
    report.snapshotBytes += facts.size
  }

  /// Copies a tree durably; what is not there as it was is reported, and nothing of it copied.
  private func copyTree(
    _ source: String, to target: String, endpoints: FileTree.Endpoints, digest: String?,
    _ name: String, _ report: inout Report
  ) throws(RollbookError) -> FileTree.Facts? {
    guard Files.exists(source) else {
      report.missing.append("\(name): it is not there")
      return nil
    }
    try Files.makeFolder(Files.parent(of: target))
    do throws(RollbookError) {
      try FileTree.copy(source, to: target, endpoints: endpoints)
      let facts = try FileTree.facts(of: target, syncing: true)
      if digest == nil || facts.digest == digest {
        try Files.syncFolder(Files.parent(of: target))
        return facts
      }
      report.missing.append("\(name): it is not what it was")
    } catch {
      // One that cannot be read must not keep the others from being copied.
      if error.isAboutWriting { throw error.ofBackup(at: destination) }
      report.missing.append("\(name): \(error.message)")
    }
    try FileTree.remove(target)
    return nil
  }
}
