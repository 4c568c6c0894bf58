#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract:
      "Write the history for other tools: a line of JSON for each operation, the oldest first.",
    discussion: """
      A line holds all that the journal has of an operation: the application, the outcome, the failure \
      with its whole text, the steps, the version that it made, the snapshots that it took. It ends \
      before the oldest operation that is in flight; `--after` goes on from there, so that an archive \
      grows without gaps and without doubles.

      Tags, maintenance windows and what was pruned: `rollbook sql`, and docs/SQL.md.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case jsonl
    case csv
  }

  @Option(
    help: ArgumentHelp(
      "Begin after this operation, where the last export ended.", valueName: "operation"))
  var after: Int64 = 0

  @Option(
    help: ArgumentHelp("Only this application, as it lives or was deleted last.", valueName: "name")
  )
  var application: String?

  @OptionGroup var home: HomeOptions

  @Option(name: [.customShort("o"), .long], help: "How to write it.")
  var output: Format = .jsonl

  func validate() throws {
    if after < 0 { throw ValidationError("--after \(after) is less than 0.") }
  }

  func run() throws {
    let session = try ReadSession(home)
    let wanted = try application.map { (name) throws(RollbookError) in
      try session.state(of: name).application.id
    }
    let (end, inFlight) = try session.read { (reader) throws(RollbookError) in
      (try reader.newestSettledOperation(), try reader.openOperations().first)
    }
    if output == .csv { Standard.write(CSV.line(ExportedOperation.fieldNames)) }
    var last = OperationID(after)
    // A bounded part of the journal at a time.
    while last < end, !Standard.isGone {
      let (exported, next) = try session.read { [last] (reader) throws(RollbookError) in
        try Export.page(after: last, through: end, of: wanted, reader)
      }
      for operation in exported { Standard.writeForeign(try line(operation)) }
      last = next
    }
    if let inFlight {
      Standard.note(
        "rollbook: \(inFlight.name) \(inFlight.id) is in flight; it and what is newer is not exported "
          + "yet: --after \(max(end, OperationID(after))).")
    }
  }

  private func line(_ operation: ExportedOperation) throws(RollbookError) -> String {
    switch output {
    case .jsonl: try JSONText.line(operation) + "\n"
    case .csv: CSV.line(operation.fields)
    }
  }

  private static func page(
    after last: OperationID, through end: OperationID, of wanted: ApplicationID?,
    _ reader: borrowing JournalReader
  ) throws(RollbookError) -> (exported: [ExportedOperation], last: OperationID) {
    let records = try reader.records(after: last, limit: 200)
    var exported: [ExportedOperation] = []
    for record in records where record.operation.id <= end {
      let operation = record.operation
      guard wanted == nil || wanted == operation.application,
        let application = try reader.application(operation.application)
      else { continue }
      exported.append(try export(record, of: application, reader))
    }
    return (exported, min(records.last?.operation.id ?? end, end))
  }

  private static func export(
    _ record: OperationRecord, of application: Application, _ reader: borrowing JournalReader
  ) throws(RollbookError) -> ExportedOperation {
    let operation = record.operation
    let facts = try OperationFacts(record, reader)
    var version: ApplicationVersion?
    if let number = operation.versionTo,
      let made = try reader.version(number, of: application.id), made.operation == operation.id
    {
      version = made
    }
    let names =
      facts.steps.compactMap(\.detail.snapshot) + [operation.parameters.snapshotName ?? ""]
    return ExportedOperation(
      facts, of: application, version: version,
      snapshots: try reader.snapshots(named: Set(names), takenBy: operation))
  }
}
#endif
