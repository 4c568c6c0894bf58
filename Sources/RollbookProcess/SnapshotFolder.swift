internal import Rollbook

/// The folder of one snapshot, `snapshots/<application id>/<id>`, and what stands beside it while
/// it is made.
///
/// It is complete when the folder and its sidecar are there: the sidecar is written first, the
/// folder gets its name last.
struct SnapshotFolder {
  let path: String

  init(_ home: Home, _ target: SnapshotTarget) {
    path = home.snapshot(target.id, of: target.application.id)
  }

  /// The copy that is being made.
  private var partial: String { path + ".partial" }
  /// The copy that was taken while the program was paused, before it was stopped.
  private var paused: String { path + ".paused" }
  private var sidecar: String { path + ".json" }
  /// Says that the paused copy is complete.
  private var pausedSidecar: String { path + ".paused.json" }

  /// The facts of a complete snapshot.
  func facts() throws(RollbookError) -> SnapshotFacts? {
    guard Files.exists(path), let facts = try JSON.read(FileTree.Facts.self, sidecar) else {
      return nil
    }
    return SnapshotFacts(location: path, size: facts.size, digest: facts.digest)
  }

  /// Copies a state folder, without making the copy durable yet: the program may wait for this.
  func copy(_ state: String, checkpoint: FileTree.Checkpoint) throws(RollbookError) {
    try Files.makeFolder(Files.parent(of: path))
    try FileTree.remove(partial)
    try FileTree.copy(state, to: partial, endpoints: .skipped, checkpoint: checkpoint)
  }

  /// Makes the copy durable, and the snapshot.
  func publishCopy(checkpoint: FileTree.Checkpoint) throws(RollbookError) -> SnapshotFacts {
    let facts = try FileTree.facts(of: partial, syncing: true, checkpoint: checkpoint)
    return try publish(partial, facts)
  }

  /// Makes the copy durable, and keeps it for the case that the program does not end by itself.
  func keepPausedCopy(checkpoint: FileTree.Checkpoint) throws(RollbookError) {
    let facts = try FileTree.facts(of: partial, syncing: true, checkpoint: checkpoint)
    try removePausedCopy()
    try Files.rename(partial, to: paused)
    try Files.syncFolder(Files.parent(of: path))
    try Files.write(try JSON.encode(facts), to: pausedSidecar)
  }

  func publishPausedCopy() throws(RollbookError) -> SnapshotFacts? {
    guard Files.exists(paused), let facts = try JSON.read(FileTree.Facts.self, pausedSidecar) else {
      return nil
    }
    // What is left of a copy that did not fit may fill the disk.
    try FileTree.remove(partial)
    return try publish(paused, facts)
  }

  func removePausedCopy() throws(RollbookError) {
    try Files.removeFile(pausedSidecar)
    try FileTree.remove(paused)
  }

  /// Removes what stands beside the snapshot.
  func removeRest() throws(RollbookError) {
    try removePausedCopy()
    try FileTree.remove(partial)
  }

  func removeAll() throws(RollbookError) {
    // Without its sidecar it is not complete, however far this gets.
    try Files.removeFile(sidecar)
    try FileTree.remove(path)
    let folder = Files.parent(of: path)
    let prefix = Files.name(of: path) + "."
    for name in try Files.names(in: folder) where name.hasPrefix(prefix) {
      try FileTree.remove("\(folder)/\(name)")
    }
    if Files.exists(folder) { try Files.syncFolder(folder) }
  }

  private func publish(_ copy: String, _ facts: FileTree.Facts) throws(RollbookError)
    -> SnapshotFacts
  {
    try Files.write(try JSON.encode(facts), to: sidecar)
    try FileTree.remove(path)
    try Files.rename(copy, to: path)
    try Files.syncFolder(Files.parent(of: path))
    return SnapshotFacts(location: path, size: facts.size, digest: facts.digest)
  }
}
