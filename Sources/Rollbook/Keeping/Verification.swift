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

    mutating func add(_ part: Part, _ text: String) {
      findings.append(Finding(part: part, text: text))
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
      try look(.file, &report) { (report) throws(RollbookError) in
        try reader.findFileDamage { report.add(.file, $0) }
      }
      try look(.schema, &report) { (report) throws(RollbookError) in
        try reader.findSchemaChanges { report.add(.schema, $0) }
      }
      try look(.history, &report) { (report) throws(RollbookError) in
        try reader.findContradictions { report.add(.history, $0) }
      }
      try look(.history, &report) { (report) throws(RollbookError) in
        try readHistory(reader, &report, progress)
      }
      return report
    }
    if let digest {
      try look(.digest, &report) { (report) throws(RollbookError) in
        for text in try journal.findings(against: digest) { report.add(.digest, text) }
      }
    }
    if isJournalOnly { return report }
    try look(.history, &report) { (report) throws(RollbookError) in
      try checkBytes(journal, &report)
    }
    return report
  }

  /// What cannot be read for damage is what was looked for; what was found before it stays.
  private func look(
    _ part: Part, _ report: inout Report, _ body: (inout Report) throws(RollbookError) -> Void
  ) throws(RollbookError) {
    do throws(RollbookError) {
      try body(&report)
    } catch  where error.code == .journalDamaged {
      report.add(part, error.message)
    }
  }

  // MARK: The history

  private func readHistory(
    _ reader: borrowing JournalReader, _ report: inout Report, _ progress: Progress
  ) throws(RollbookError) {
    var check = HistoryCheck()
    let all = try reader.nextOperationID().rawValue - 1
    var last = OperationID(.min)
    while true {
      let records: [OperationRecord]
      do throws(RollbookError) {
        records = try reader.records(after: last, limit: 1000)
      } catch  where error.code == .journalDamaged {
        guard let next = try skipUnreadable(after: last, reader, &check, &report) else { break }
        last = next
        continue
      }
      guard let newest = records.last else { break }
      for record in records { try take(record, reader, &check, &report) }
      last = newest.operation.id
      progress(last.rawValue, all)
    }
    for application in try reader.applications(deleted: false)
      + reader.applications(deleted: true)
    {
      report.applicationCount += 1
      try look(.history, &report) { (report) throws(RollbookError) in
        try readAll(of: application, check, reader, &report)
      }
    }
    _ = try reader.unresolvedSuspects()
  }

  private func take(
    _ record: OperationRecord, _ reader: borrowing JournalReader, _ check: inout HistoryCheck,
    _ report: inout Report
  ) throws(RollbookError) {
    let id = record.operation.id
    for text in check.take(record.operation, record.outcome) { report.add(.history, text) }
    report.operationCount += 1
    report.newestOperation = max(report.newestOperation, id)
    do throws(RollbookError) {
      _ = try reader.steps(of: id)
      _ = try reader.cancellations(of: id)
      _ = try reader.failure(of: id)
    } catch  where error.code == .journalDamaged {
      report.add(.history, "operation \(id): \(error.message)")
    }
  }

  /// Goes on one by one until behind the operation that cannot be read; answers it.
  private func skipUnreadable(
    after first: OperationID, _ reader: borrowing JournalReader, _ check: inout HistoryCheck,
    _ report: inout Report
  ) throws(RollbookError) -> OperationID? {
    var last = first
    while let next = try reader.operationNumber(after: last) {
      last = next
      do throws(RollbookError) {
        guard let record = try reader.record(next) else { return last }
        try take(record, reader, &check, &report)
      } catch  where error.code == .journalDamaged {
        report.add(.history, "operation \(next): \(error.message)")
        return last
      }
    }
    return nil
  }

  private func readAll(
    of application: Application, _ check: HistoryCheck, _ reader: borrowing JournalReader,
    _ report: inout Report
  ) throws(RollbookError) {
    _ = try reader.tags(of: application.id)
    _ = try reader.versions(of: application.id, limit: Int.max)
    _ = try reader.snapshots(of: application.id, includingDeleted: true, limit: Int.max)
    guard let newest = check.newest(of: application.id), let outcome = newest.outcome else {
      return
    }
    let running = try reader.running(application.id)
    if let text = wrongStanding(application, outcome.standing, running) {
      report.add(.history, "application \(application.id) (\(application.name)): \(text)")
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
