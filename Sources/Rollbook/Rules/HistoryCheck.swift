/// Whether operations that are taken in the order in which they began fit together as the rules have it.
struct HistoryCheck: Sendable {
  /// The newest operation of each application that was taken.
  private var newest: [ApplicationID: (operation: Operation, outcome: Outcome?)] = [:]
  /// The good states of each application by the operations that pushed them, the top last.
  private var goodStates: [ApplicationID: [OperationID]] = [:]

  /// Takes the next operation; answers in words what is not as it should be.
  mutating func take(_ operation: Operation, _ outcome: Outcome?) -> [String] {
    let before = newest.updateValue((operation, outcome), forKey: operation.application)
    var findings = checkLinks(of: operation, after: before)
    if let outcome { findings += checkOutcome(outcome, of: operation) }
    return findings.map { "operation \(operation.id): \($0)" }
  }

  /// The newest operation of an application and its outcome; nil where it has none.
  func newest(of application: ApplicationID) -> (operation: Operation, outcome: Outcome?)? {
    newest[application]
  }

  private func checkLinks(
    of operation: Operation, after before: (operation: Operation, outcome: Outcome?)?
  ) -> [String] {
    guard let before else {
      return operation.links == OperationLinks()
        ? [] : ["it points back, and is its application's first"]
    }
    guard let outcome = before.outcome else {
      return ["it began while \(before.operation.id) was in flight"]
    }
    let expected = OperationLinks.following(before.operation, status: outcome.status)
    return operation.links == expected
      ? [] : ["it does not point back to what came before it"]
  }

  private mutating func checkOutcome(_ outcome: Outcome, of operation: Operation) -> [String] {
    var findings: [String] = []
    if outcome.status == .inProgress { findings.append("its outcome is that it is in progress") }
    if outcome.endedAt < operation.startedAt { findings.append("it ended before it began") }
    var stack = goodStates[operation.application] ?? []
    let top = outcome.standing.goodState
    if outcome.pushedGoodState {
      if outcome.goodStateBelow != stack.last {
        findings.append("its good state does not stand on the one before it")
      }
      stack.append(operation.id)
    } else if let top, let place = stack.lastIndex(of: top) {
      stack.removeSubrange((place + 1)...)
    } else if top != nil || !stack.isEmpty {
      findings.append("the good state that it leaves on top was not among those there were")
    }
    goodStates[operation.application] = stack
    return findings
  }
}
