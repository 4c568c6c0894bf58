/// What can be asked of an application.
public enum Command: String, CaseIterable, Sendable {
  case start
  case stop
  case forceStop = "stop --force"
  case abandon = "stop --force --abandon"
  case update
  case scale
  case rollback
  case createSnapshot = "snapshot create"
  case deleteSnapshot = "snapshot delete"
  case delete
}

/// Which command is allowed when: status × kind in flight × command.
public enum Lifecycle {
  /// What becomes of a command.
  public enum Verdict: Sendable, Equatable {
    case accepted
    /// The operation in flight is given up, and this follows.
    case cancelsWhatIsInFlight
    /// Refused: nothing in flight, but the status does not allow it.
    case wrongStatus
    /// Refused: something is in flight.
    case busy
  }

  public static func verdict(
    _ command: Command, status: ApplicationStatus, inFlight: OperationKind?
  ) -> Verdict {
    if status == .deleted { return .wrongStatus }
    guard let inFlight else {
      return idleStatuses(of: command).contains(status) ? .accepted : .wrongStatus
    }
    switch command {
    case .abandon: return .cancelsWhatIsInFlight
    case .forceStop:
      return acceptForcedStop.contains(status) && isFollowedByForcedStop(inFlight)
        ? .cancelsWhatIsInFlight : .busy
    case .rollback:
      return inFlight == .update || inFlight == .scale ? .cancelsWhatIsInFlight : .busy
    default: return .busy
    }
  }

  /// Where a command is accepted while nothing is in flight.
  public static func idleStatuses(of command: Command) -> [ApplicationStatus] {
    switch command {
    case .start: [.ready]
    case .stop, .forceStop, .createSnapshot: [.running]
    case .update, .scale, .rollback, .deleteSnapshot, .delete: [.ready, .running]
    case .abandon: []
    }
  }

  private static let acceptForcedStop: [ApplicationStatus] = [
    .starting, .updating, .autoscaling, .stopping, .rollingBack, .running,
  ]

  private static func isFollowedByForcedStop(_ kind: OperationKind) -> Bool {
    // Bytes that are being removed cannot be had back: the deletion is finished first.
    isCancelledByForcedStop(kind) || kind == .deleteSnapshot
  }

  static func isCancelledByForcedStop(_ kind: OperationKind) -> Bool {
    switch kind {
    case .start, .stop, .update, .scale, .rollback, .systemRollback, .createSnapshot: true
    case .create, .delete, .deleteSnapshot, .ended: false
    }
  }

  /// One arrow of the state diagram.
  public struct Transition: Sendable, Equatable {
    public let from: ApplicationStatus
    public let to: ApplicationStatus
    public let label: String
  }

  /// The arrows of the state diagram: what begins, and how it ends.
  public static var transitions: [Transition] {
    var all: [Transition] = []
    for command in Command.allCases {
      for from in idleStatuses(of: command) {
        guard let shown = shown(by: command, from: from), shown != from else { continue }
        all.append(Transition(from: from, to: shown, label: command.rawValue))
      }
    }
    all += [
      Transition(from: .starting, to: .running, label: "it runs"),
      Transition(from: .starting, to: .ready, label: "failed"),
      Transition(from: .updating, to: .running, label: "it runs, or the old version was untouched"),
      Transition(from: .updating, to: .ready, label: "was READY, or failed without rollback"),
      Transition(from: .updating, to: .rollingBack, label: "failed or cancelled, rolled back"),
      Transition(from: .autoscaling, to: .running, label: "it runs, or the old one was untouched"),
      Transition(from: .autoscaling, to: .ready, label: "was READY, or failed without rollback"),
      Transition(from: .autoscaling, to: .rollingBack, label: "failed or cancelled, rolled back"),
      Transition(from: .rollingBack, to: .running, label: "it runs"),
      Transition(from: .rollingBack, to: .ready, label: "failed"),
      Transition(from: .stopping, to: .ready, label: "stopped"),
      Transition(from: .stopping, to: .running, label: "no snapshot could be had"),
      Transition(from: .forceStopping, to: .ready, label: "stopped"),
      Transition(from: .running, to: .ready, label: "ended by itself"),
      Transition(from: .deleting, to: .deleted, label: "deleted"),
    ]
    for from in ApplicationStatus.allCases {
      for kind in OperationKind.allCases
      where shownStatuses(of: kind).contains(from) && from != .running
        && verdict(.forceStop, status: from, inFlight: kind) == .cancelsWhatIsInFlight
      {
        let arrow = Transition(from: from, to: .forceStopping, label: Command.forceStop.rawValue)
        if !all.contains(arrow) { all.append(arrow) }
      }
    }
    return all
  }

  private static func shown(
    by command: Command, from: ApplicationStatus
  ) -> ApplicationStatus? {
    switch command {
    case .start: .starting
    case .stop: .stopping
    case .forceStop: .forceStopping
    case .update: .updating
    case .scale: .autoscaling
    case .rollback: .rollingBack
    case .delete: .deleting
    case .createSnapshot, .deleteSnapshot: from
    case .abandon: nil
    }
  }

  /// The statuses that an application can show while an operation of a kind is in flight.
  static func shownStatuses(of kind: OperationKind) -> [ApplicationStatus] {
    switch kind {
    case .start: [.starting]
    case .stop: [.stopping, .forceStopping]
    case .update: [.updating]
    case .scale: [.autoscaling]
    case .rollback, .systemRollback: [.rollingBack]
    case .delete: [.deleting]
    case .createSnapshot: [.running]
    case .deleteSnapshot: [.ready, .running]
    case .create: [.ready]
    case .ended: [.running]
    }
  }

  /// The state diagram in Mermaid's notation.
  public static var diagram: String {
    var lines = ["stateDiagram-v2", "  [*] --> READY: create"]
    lines += transitions.map { "  \($0.from.name) --> \($0.to.name): \($0.label)" }
    lines.append("  DELETED --> [*]")
    return lines.joined(separator: "\n")
  }

  /// The lifecycle table in Markdown: a row for each status and kind in flight.
  public static var table: String {
    var lines = [
      "| status | in flight | " + Command.allCases.map(\.rawValue).joined(separator: " | ") + " |",
      "|---|---|" + String(repeating: "---|", count: Command.allCases.count),
    ]
    for status in ApplicationStatus.allCases {
      var kinds: [OperationKind?] = OperationKind.allCases.filter {
        $0 != .create && shownStatuses(of: $0).contains(status)
      }
      if [.ready, .running, .deleted].contains(status) { kinds.insert(nil, at: 0) }
      for kind in kinds {
        let cells = Command.allCases.map { cell(verdict($0, status: status, inFlight: kind)) }
        lines.append(
          "| \(status.name) | \(kind?.name ?? "–") | " + cells.joined(separator: " | ") + " |")
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func cell(_ verdict: Verdict) -> String {
    switch verdict {
    case .accepted: "yes"
    case .cancelsWhatIsInFlight: "cancels it"
    case .wrongStatus, .busy: "–"
    }
  }
}
