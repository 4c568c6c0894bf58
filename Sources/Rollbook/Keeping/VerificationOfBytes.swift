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
    let looked = look(at: "\(home.artifacts)/\(digest)", digest: digest)
    if let facts = looked.facts {
      report.artifactCount += 1
      report.artifactBytes += facts.size
    }
    return looked.wrong.map { "code \(digest): \($0)" }
  }

  private func check(_ snapshot: Snapshot, _ report: inout Report) -> String? {
    let place = home.snapshot(snapshot.id, of: snapshot.application)
    // Whoever keeps snapshots in the home digests them.
    guard let kept = snapshot.outcome?.facts, kept.digest != nil || Files.exists(place) else {
      report.snapshotsElsewhere += 1
      return nil
    }
    var looked = look(at: place, digest: kept.digest)
    if let facts = looked.facts {
      report.snapshotCount += 1
      report.snapshotBytes += facts.size
      if looked.wrong == nil, !Files.exists(place + ".json") {
        looked.wrong = "its description is not there"
      }
    }
    return looked.wrong.map { "snapshot \(snapshot.name) of version \(snapshot.version): \($0)" }
  }

  /// What a tree holds, as far as it can be read, and what is wrong with it.
  private func look(
    at place: String, digest: String?
  ) -> (facts: FileTree.Facts?, wrong: String?) {
    guard Files.exists(place) else { return (nil, "it is not there") }
    do throws(RollbookError) {
      let facts = try FileTree.facts(of: place)
      let isSame = digest == nil || facts.digest == digest
      return (facts, isSame ? nil : "it is not what it was")
    } catch {
      return (nil, error.message)
    }
  }
}
