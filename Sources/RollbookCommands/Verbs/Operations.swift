#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Operations: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "operations",
    abstract: "The operations of an application, the newest first.", aliases: ["history"])

  @Argument(help: "The application's name.") var name: String

  @Option(help: ArgumentHelp("Only this kind, such as UpdateApplication.", valueName: "kind"))
  var kind: String?

  @Option(help: ArgumentHelp("Only this status, such as FAILED.", valueName: "status"))
  var status: String?

  @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
  var limit = 50

  @Flag(help: "All of them.") var all = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Begin where an earlier page ended.", valueName: "token"))
  var nextToken: String?

  @OptionGroup var options: ReadOptions

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit \(limit) is less than 1.") }
  }

  func run() throws {
    let filter = try parsedFilter()
    let session = try ReadSession(options.home)
    let state = try session.state(of: name)
    let application = state.application
    let interrupted = try session.isInterrupted(state) ? state.inFlight?.id : nil
    let before = try nextToken.map { (text) throws(RollbookError) in
      try PageToken.operation(from: text, of: application.id, filter)
    }
    let page = try page(of: application.id, filter, before: before, session)
    let failures = page.failures
    let token = page.next.map { PageToken.text(after: $0, of: application.id, filter) }
    let rows = page.records.map {
      OperationInfo(
        $0, failure: failures[$0.operation.id],
        isInterrupted: $0.outcome == nil && $0.operation.id == interrupted)
    }
    try options.answer.list("ApplicationOperationInfoList", rows, nextToken: token) {
      Operations.table(page.records, failures, interrupted: interrupted)
    }
    if rows.isEmpty && options.output == .table { Standard.note("There are none.") }
    if let token, options.output != .json {
      Standard.note("There are more: --next-token \(token), or --all.")
    }
  }

  private struct Page {
    var records: [OperationRecord] = []
    var failures: [OperationID: Failure] = [:]
    var next: OperationID?
  }

  /// A whole page: no part of it holds a transaction of the journal's for long.
  private func page(
    of application: ApplicationID, _ filter: OperationFilter, before: OperationID?,
    _ session: ReadSession
  ) throws(RollbookError) -> Page {
    let limit = all ? Int.max : limit
    var whole = Page(next: before)
    repeat {
      let part = try session.read { [whole] (reader) throws(RollbookError) in
        let page = try reader.operations(
          of: application, filter: filter, before: whole.next, limit: limit - whole.records.count)
        var part = Page(records: page.records, next: page.next)
        for record in page.records where record.status == .failed || record.status == .cancelled {
          part.failures[record.operation.id] = try reader.failure(of: record.operation.id)
        }
        return part
      }
      whole.records += part.records
      whole.failures.merge(part.failures) { $1 }
      whole.next = part.next
    } while whole.next != nil && whole.records.count < limit
    return whole
  }

  private func parsedFilter() throws(RollbookError) -> OperationFilter {
    let status = try parsedStatus()
    guard let kind else { return OperationFilter(status: status) }
    if let known = OperationFilter(name: kind, status: status) { return known }
    let names = OperationKind.allCases.map(\.name) + UpdateName.allCases.map(\.rawValue)
    throw RollbookError(
      .invalidArgument, "\"\(kind)\" is no kind of operation.",
      hint: "Known: \(names.joined(separator: ", ")).")
  }

  private func parsedStatus() throws(RollbookError) -> OperationStatus? {
    guard let status else { return nil }
    if let known = OperationStatus(name: status) { return known }
    throw RollbookError(
      .invalidArgument, "\"\(status)\" is no status of an operation.",
      hint: "Known: \(OperationStatus.allCases.map(\.name).joined(separator: ", ")).")
  }

  static func table(
    _ records: [OperationRecord], _ failures: [OperationID: Failure],
    interrupted: OperationID? = nil
  ) -> Table {
    var table = Table(
      [
        Table.Column("ID", isNumber: true), Table.Column("OPERATION"), Table.Column("STATUS"),
        Table.Column("VERSION", isSparable: true), Table.Column("STARTED", isSparable: true),
        Table.Column("TOOK", isNumber: true, isSparable: true),
      ], wide: "DETAIL")
    for record in records {
      let operation = record.operation
      let isInterrupted = record.outcome == nil && operation.id == interrupted
      let took = record.outcome.map {
        durationText($0.endedAt.seconds(since: operation.startedAt))
      }
      table.add([
        Table.Cell(operation.id.description), Table.Cell(operation.name),
        Table.Cell(record.status.name, record.status.style), Table.Cell(versions(operation)),
        Table.Cell(operation.startedAt.short), Table.Cell(took ?? "–"),
        isInterrupted
          ? Table.Cell("interrupted, run `rollbook settle`", .busy)
          : Table.Cell(detail(record, failures[operation.id]), .faint),
      ])
    }
    return table
  }

  private static func versions(_ operation: Operation) -> String {
    switch (operation.versionFrom, operation.versionTo) {
    case (let from?, let to?): "\(from) → \(to)"
    case (let from?, nil): "\(from)"
    case (nil, let to?): "\(to)"
    case (nil, nil): "–"
    }
  }

  /// What tells most of an operation in a few words.
  private static func detail(_ record: OperationRecord, _ failure: Failure?) -> String {
    var parts: [String] = []
    let operation = record.operation
    if let to = operation.parallelismTo, let from = operation.parallelismFrom, from != to {
      parts.append("parallelism \(from) → \(to)")
    }
    if let name = operation.parameters.snapshotName { parts.append(name) }
    if operation.parameters.force == true { parts.append("forced") }
    if let failure { parts.append(failure.rootCause) }
    if let reason = operation.reason, failure == nil { parts.append(reason) }
    return parts.joined(separator: "; ")
  }
}
#endif
