#if CommandLine
internal import Rollbook

/// One operation for people: its facts, its steps, and the whole text of its failure.
struct OperationText {
  let facts: OperationFacts
  /// The application's name.
  let name: String

  private var operation: Operation { facts.record.operation }
  private var outcome: Outcome? { facts.record.outcome }

  func render(for terminal: Terminal) -> String {
    var text = sheet.render(for: terminal)
    if !facts.steps.isEmpty {
      text += "\n" + steps.render(for: terminal)
    }
    if let failure = facts.failure {
      text += section("ERROR TEXT", failure.text, terminal)
      if let tail = failure.logTail, !tail.isEmpty, !failure.text.contains(tail) {
        text += section("LOG TAIL", tail, terminal)
      }
    }
    return text
  }

  private var sheet: FactSheet {
    var sheet = FactSheet()
    sheet.add("OPERATION", "\(operation.title) of \(name)")
    let status = facts.record.status
    let hint = facts.isInterrupted ? ", interrupted, run `rollbook settle`" : ""
    sheet.add("STATUS", status.name + hint, status.style)
    sheet.add("VERSION", versionText)
    sheet.add("PARALLELISM", parallelismText)
    sheet.add("ACTOR", operation.actor)
    sheet.add("REASON", operation.reason)
    sheet.add("STARTED", operation.startedAt.short)
    sheet.add(
      "ENDED",
      outcome.map {
        "\($0.endedAt.short), after \(durationText($0.endedAt.seconds(since: operation.startedAt)))"
      })
    sheet.add("CAUSED BY", operation.causedBy.map { "operation \($0)" })
    sheet.add("SNAPSHOT", operation.parameters.snapshotName)
    sheet.add("STATE FROM", restoreText)
    sheet.add("TARGET", operation.parameters.targetReason)
    if let outcome, outcome.rollbackOperation == nil {
      sheet.add("LEFT", "\(outcome.standing.status.name) at version \(outcome.standing.version)")
    }
    for cancellation in facts.cancellations {
      let reason = cancellation.reason.map { " (\($0))" } ?? ""
      sheet.add(
        "CANCELLED BY",
        "\(cancellation.actor)\(reason); \(cancellation.follows.text) was to follow")
    }
    addDecision(to: &sheet)
    addFailure(to: &sheet)
    return sheet
  }

  private func addDecision(to sheet: inout FactSheet) {
    if let decision = outcome?.decision {
      sheet.add("DECISION", "\(decision.code.rawValue): \(decision.reason)")
    }
    if let rollback = facts.rollback {
      sheet.add(
        "ROLLBACK", "\(rollback.operation.title): \(rollback.status.name)",
        rollback.status.style)
    }
  }

  private func addFailure(to sheet: inout FactSheet) {
    guard let failure = facts.failure else { return }
    sheet.add("PHASE", failure.phase.rawValue)
    sheet.add("ROOT CAUSE", failure.rootCause, .bad)
    let evidence = failure.evidence
    let parts: [String?] = [
      evidence.exitStatus.map { "exit status \($0)" }, evidence.signal.map { "signal \($0)" },
      evidence.instance.map { "instance \($0)" }, evidence.httpStatus.map { "HTTP status \($0)" },
      evidence.seconds.map { "after \(durationText($0))" },
      evidence.generation.map { "generation \($0)" },
    ]
    sheet.add("EVIDENCE", parts.compactMap { $0 }.joined(separator: ", "))
    // The error text holds what they say; whole they are only for programs.
    let whole = "(--output json shows them whole)"
    sheet.add("EXCEPTIONS", evidence.exceptions.map { "\($0.count) \(whole)" })
    sheet.add("HTTP BODY", evidence.httpBody.map { "\($0.utf8.count) bytes \(whole)" })
  }

  private var versionText: String? {
    guard let from = operation.versionFrom else { return operation.versionTo.map(String.init) }
    return operation.versionTo.map { "\(from) → \($0)" } ?? String(from)
  }

  private var parallelismText: String? {
    guard let from = operation.parallelismFrom else {
      return operation.parallelismTo.map(String.init)
    }
    guard let to = operation.parallelismTo, to != from else { return String(from) }
    return "\(from) → \(to)"
  }

  private var restoreText: String? {
    switch operation.parameters.restore {
    case .latest: "the latest snapshot"
    case RestoreSource.none?: "nothing: it was to begin anew"
    case .snapshot(let name): "snapshot \(name)"
    case nil: nil
    }
  }

  private var steps: Table {
    var table = Table(
      [Table.Column("TIME"), Table.Column("AFTER", isNumber: true)], wide: "STEP")
    for step in facts.steps {
      table.add([
        Table.Cell(step.at.timeOfDay),
        Table.Cell(durationText(step.at.seconds(since: operation.startedAt))),
        Table.Cell(ProgressText.step(operation, step.name, step.detail)),
      ])
    }
    return table
  }

  private func section(_ title: String, _ text: String, _ terminal: Terminal) -> String {
    let lines = text.harmless.split(separator: "\n", omittingEmptySubsequences: false)
    var body = lines.map { "  " + $0 }.joined(separator: "\n")
    while body.hasSuffix("\n  ") { body.removeLast(3) }
    return "\n\(Style.heading.apply(to: title, on: terminal))\n\(body)\n"
  }
}
#endif
