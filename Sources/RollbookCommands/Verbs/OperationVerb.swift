#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct OperationVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "operation", abstract: "One operation: everything that the journal holds of it.")

  @Argument(help: "The application's name.") var name: String
  @Argument(help: "The operation's number.") var id: Int64
  @OptionGroup var options: ReadOptions

  func run() throws {
    let session = try ReadSession(options.home)
    let wanted = OperationID(id)
    let name = name
    // An operation of an earlier application of the name is found by its number too.
    let found = try session.read { (reader) throws(RollbookError) -> OperationFacts? in
      guard let record = try reader.record(wanted),
        try reader.application(record.operation.application)?.name == name
      else { return nil }
      return try OperationFacts(record, reader)
    }
    guard var found else {
      _ = try session.state(of: name)
      throw RollbookError(
        .notFound, "\(name) has no operation \(id).",
        hint: "`rollbook operations \(name)` lists them.")
    }
    if found.record.outcome == nil {
      let state = try session.state(of: name)
      found.isInterrupted =
        try state.inFlight?.id == wanted && session.isInterrupted(state)
    }
    let facts = found
    try options.answer.one("ApplicationOperationInfoDetails", OperationDetails(facts)) {
      OperationText(facts: facts, name: name).render(for: .output)
    }
  }
}

extension OperationFacts {
  init(_ record: OperationRecord, _ reader: borrowing JournalReader) throws(RollbookError) {
    let id = record.operation.id
    var rollback: OperationRecord?
    if let id = record.outcome?.rollbackOperation { rollback = try reader.record(id) }
    self.init(
      record: record, failure: try reader.failure(of: id), steps: try reader.steps(of: id),
      cancellations: try reader.cancellations(of: id), rollback: rollback)
  }
}
#endif
