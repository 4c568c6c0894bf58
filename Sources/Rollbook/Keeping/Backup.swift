/// A copy of a home that is a home itself: the journal as it was at one moment, the code of every
/// version, and every snapshot that is kept in the home.
///
/// It is made while others go on: no writer is kept waiting, and no operation. What runs (`run/`) and
/// the logs are not in it: a copy that is used finds that what ran in the home has ended.
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
    self.destination = destination
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
  ///   where the journal cannot be read; `journalDamaged` where what was read is not sound; `diskFull`,
  ///   `diskFailed` and `system` where the copy cannot be written.
  public func make(progress: Progress = { _, _ in }) throws(RollbookError) -> Report {
    try checkDestination()
    let partial = Home(path: "\(destination).\(GenerationToken.random()).partial")
    do throws(RollbookError) {
      let report = try fill(partial, progress)
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
    guard Files.exists(destination) else {
      let folder = Files.parent(of: destination)
      guard Files.isFolder(folder) else {
        throw RollbookError(
          .invalidArgument, "There is no folder \(folder) for the backup.", hint: "Make it first.")
      }
      return
    }
    guard Files.isFolder(destination), try Files.names(in: destination).isEmpty else {
      throw RollbookError(
        .invalidArgument, "There is something at \(destination) already.",
        hint: "A backup is a new folder: name one that is not there.")
    }
  }

  private func fill(_ copy: Home, _ progress: Progress) throws(RollbookError) -> Report {
    var report = Report()
    try JournalCopy.make(
      of: home.journal, at: copy.journal, isIndexed: isIndexed, progress: progress)
    report.journalBytes = Files.size(of: copy.journal)
    if isJournalOnly { return report }
    let journal = try Journal(path: copy.journal, access: .readOnly)
    let (artifacts, snapshots) = try journal.blockingRead { (reader) throws(RollbookError) in
      (try reader.allArtifacts().sorted(), try reader.allReadySnapshots())
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
      "\(home.artifacts)/\(digest)", to: "\(copy.artifacts)/\(digest)", endpoints: .refused)
    guard let facts, facts.digest == digest else {
      // What `prune` removed no good state needs.
      if try isRemoved({ (reader) throws(RollbookError) in try reader.isPruned(artifact: digest) })
      {
        return
      }
      return report.missing.append(
        "code \(digest): " + (facts == nil ? "it is not there" : "it is not what was stored"))
    }
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
    let facts = try copyTree(place, to: target, endpoints: .skipped)
    let sidecar = try Files.read(place + ".json")
    guard let facts, facts.digest == kept.digest, let sidecar else {
      let id = snapshot.id
      if try isRemoved({ (reader) throws(RollbookError) in
        try reader.snapshot(id)?.status == .deleted
      }) {
        return
      }
      return report.missing.append(
        "snapshot \(snapshot.name) of version \(snapshot.version): "
          + (facts == nil ? "it is not there" : "it is not what was taken"))
    }
    try Files.write(sidecar, to: target + ".json")
    try Files.syncFolder(Files.parent(of: target))
    report.snapshotCount += 1
    report.snapshotBytes += facts.size
  }

  /// Copies a tree durably; nil where there is none.
  private func copyTree(
    _ source: String, to target: String, endpoints: FileTree.Endpoints
  ) throws(RollbookError) -> FileTree.Facts? {
    guard Files.exists(source) else { return nil }
    try Files.makeFolder(Files.parent(of: target))
    do throws(RollbookError) {
      try FileTree.copy(source, to: target, endpoints: endpoints)
    } catch {
      // Removed while it was copied.
      guard !Files.exists(source) else { throw error }
      try FileTree.remove(target)
      return nil
    }
    let facts = try FileTree.facts(of: target, syncing: true)
    try Files.syncFolder(Files.parent(of: target))
    return facts
  }

  /// Whether the journal, as it is now, knows that something was removed.
  private func isRemoved(
    _ look: (borrowing JournalReader) throws(RollbookError) -> Bool
  ) throws(RollbookError) -> Bool {
    let journal = try Journal(path: home.journal, access: .readOnly)
    return try journal.blockingRead(look)
  }
}
