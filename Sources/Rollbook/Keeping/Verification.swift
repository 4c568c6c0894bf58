/// Looks whether a home is what it should be: the journal's file, its schema, its rows, and the bytes of
/// everything that the journal says is kept.
public struct Verification: Sendable {
  public let home: Home
  /// Whether only the journal is looked at, and no code and no snapshots.
  public var isJournalOnly = false
  /// What the history was at an earlier time, to see that it is the same.
  public var digest: HistoryDigest?

  public init(of home: Home) { self.home = home }

  /// What was looked at, and what is not as it should be.
  public struct Report: Sendable, Equatable {
    public var applicationCount = 0
    public var operationCount = 0
    /// The newest operation that was looked at; 0 where there is none.
    public var newestOperation = OperationID(0)
    public var artifactCount = 0
    public var artifactBytes: Int64 = 0
    public var snapshotCount = 0
    public var snapshotBytes: Int64 = 0
    /// Snapshots that their runtime keeps elsewhere, as Flink does: they are not looked at.
    public var snapshotsElsewhere = 0
    public var findings: [Finding] = []

    public var isSound: Bool { findings.isEmpty }

    mutating func add(_ part: Part, _ texts: [String]) {
      findings += texts.map { Finding(part: part, text: $0) }
    }
  }

  /// Something that is not as it should be.
  public struct Finding: Sendable, Equatable {
    public let part: Part
    public let text: String
  }

  public enum Part: String, Sendable, CaseIterable {
    /// The journal's pages, indices and constraints.
    case file
    /// Tables, triggers and views: a trigger that is gone protects nothing any more.
    case schema
    /// What one row says that another does not.
    case history
    /// The history is not what it was when a digest of it was taken.
    case digest
    case code
    case snapshots
  }

  /// How many operations of how many have been looked at.
  public typealias Progress = (_ done: Int64, _ all: Int64) -> Void

  /// Looks at everything. It blocks its thread: not for code on the cooperative pool.
  ///
  /// The journal is read in one transaction, so that its rows are those of one moment
  /// (docs/decisions/0004).
  /// - Throws: `journalMissing`, `notAJournal`, `journalReadOnly` and others where it cannot be read at
  ///   all; what is wrong within it is a finding.
  public func run(progress: Progress = { _, _ in }) throws(RollbookError) -> Report {
    let journal = try Journal(path: home.journal, access: .readOnly)
    guard journal.isWALReadable else {
      throw RollbookError(
        .journalReadOnly, "The newest changes of the journal \(home.journal) cannot be read.",
        hint: "Verify it where its home can be written, or as a user who may.")
    }
    defer { journal.close() }
    var report = try journal.blockingRead { (reader) throws(RollbookError) in
      var report = Report()
      report.add(.file, attempt { () throws(RollbookError) in try reader.fileFindings() })
      report.add(.schema, attempt { () throws(RollbookError) in try reader.schemaFindings() })
      report.add(.history, attempt { () throws(RollbookError) in try reader.rowFindings() })
      let texts = attempt { () throws(RollbookError) in
        try readHistory(reader, &report, progress)
      }
      report.add(.history, texts)
      return report
    }
    if let digest {
      report.add(
        .digest,
        attempt { () throws(RollbookError) in
          try journal.findings(against: digest)
        })
    }
    if isJournalOnly { return report }
    let texts = attempt { () throws(RollbookError) in
      try checkBytes(journal, &report)
      return []
    }
    report.add(.history, texts)
    return report
  }

  /// An error of the journal in the middle of it is what was looked for.
  private func attempt(_ look: () throws(RollbookError) -> [String]) -> [String] {
    do throws(RollbookError) { return try look() } catch { return [error.message] }
  }

  // MARK: The history

  private func readHistory(
    _ reader: borrowing JournalReader, _ report: inout Report, _ progress: Progress
  ) throws(RollbookError) -> [String] {
    var check = HistoryCheck()
    var findings: [String] = []
    let all = try reader.nextOperationID().rawValue - 1
    while true {
      let records = try reader.records(after: report.newestOperation, limit: 1000)
      guard let last = records.last else { break }
      for record in records {
        findings += check.take(record.operation, record.outcome)
        findings += try unreadable(record, reader)
      }
      report.operationCount += records.count
      report.newestOperation = last.operation.id
      progress(last.operation.id.rawValue, all)
    }
    for application in try reader.applications(deleted: false)
      + reader.applications(deleted: true)
    {
      report.applicationCount += 1
      _ = try reader.tags(of: application.id)
      _ = try reader.versions(of: application.id, limit: Int.max)
      _ = try reader.snapshots(of: application.id, limit: Int.max)
      guard let newest = check.newest(of: application.id), let outcome = newest.outcome else {
        continue
      }
      if let text = wrongStanding(
        application, outcome.standing, try reader.running(application.id))
      {
        findings.append("application \(application.id) (\(application.name)): \(text)")
      }
    }
    _ = try reader.unresolvedSuspects()
    return findings
  }

  /// Reads all that belongs to an operation; what cannot be read is a finding of that operation.
  private func unreadable(
    _ record: OperationRecord, _ reader: borrowing JournalReader
  ) throws(RollbookError) -> [String] {
    let id = record.operation.id
    do throws(RollbookError) {
      _ = try reader.steps(of: id)
      _ = try reader.cancellations(of: id)
      if record.status != .successful { _ = try reader.failure(of: id) }
      return []
    } catch  where error.code == .journalDamaged {
      return ["operation \(id): \(error.message)"]
    }
  }

  private func wrongStanding(
    _ application: Application, _ standing: StandingState, _ running: RunningGeneration?
  ) -> String? {
    if (standing.status == .deleted) != (application.deletedAt != nil) {
      return "its newest operation and its own row differ about whether it is deleted"
    }
    guard standing.status == .running else {
      return running == nil
        ? nil : "it is \(standing.status.name), and a generation is recorded as running"
    }
    guard let running else { return "it is RUNNING, and no generation is recorded" }
    return running.version == standing.version && running.parallelism == standing.parallelism
      ? nil : "the generation that is recorded is of another version or parallelism"
  }
}
