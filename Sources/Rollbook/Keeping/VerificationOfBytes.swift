/// Looks at the bytes that the journal says are kept.
extension Verification {
  func checkBytes(_ journal: Journal, _ report: inout Report) throws(RollbookError) {
    let (artifacts, snapshots) = try journal.blockingRead { (reader) throws(RollbookError) in
      (try reader.allArtifacts().sorted(), try reader.allReadySnapshots())
    }
    for digest in artifacts {
      guard let wrong = check(artifact: digest, &report) else { continue }
      // What was removed meanwhile, or long ago, is not missing.
      let isPruned = try journal.blockingRead { (reader) throws(RollbookError) in
        try reader.isPruned(artifact: digest)
      }
      if !isPruned { report.add(.code, wrong) }
    }
    for snapshot in snapshots {
      guard let wrong = check(snapshot, &report) else { continue }
      let isThere = try journal.blockingRead { (reader) throws(RollbookError) in
        try reader.snapshot(snapshot.id)?.status == .ready
      }
      if isThere { report.add(.snapshots, wrong) }
    }
  }

  private func check(artifact digest: String, _ report: inout Report) -> String? {
    let name = "code \(digest)"
    let place = "\(home.artifacts)/\(digest)"
    guard Files.exists(place) else { return "\(name): it is not there" }
    do throws(RollbookError) {
      let facts = try FileTree.facts(of: place)
      report.artifactCount += 1
      report.artifactBytes += facts.size
      return facts.digest == digest ? nil : "\(name): it is not what it was"
    } catch {
      return "\(name): \(error.message)"
    }
  }

  private func check(_ snapshot: Snapshot, _ report: inout Report) -> String? {
    let place = home.snapshot(snapshot.id, of: snapshot.application)
    // Whoever keeps snapshots in the home digests them.
    guard let kept = snapshot.outcome?.facts, kept.digest != nil || Files.exists(place) else {
      report.snapshotsElsewhere += 1
      return nil
    }
    let name = "snapshot \(snapshot.name) of version \(snapshot.version)"
    guard Files.exists(place) else { return "\(name): it is not there" }
    do throws(RollbookError) {
      let facts = try FileTree.facts(of: place)
      report.snapshotCount += 1
      report.snapshotBytes += facts.size
      guard kept.digest == nil || facts.digest == kept.digest else {
        return "\(name): it is not what it was"
      }
      return Files.exists(place + ".json") ? nil : "\(name): its description is not there"
    } catch {
      return "\(name): \(error.message)"
    }
  }
}
