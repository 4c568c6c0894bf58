#if CommandLine
internal import Rollbook

/// How a piece of text looks on a terminal.
enum Style: Sendable, Equatable {
  case plain
  case good
  case bad
  case busy
  case faint
  case heading

  /// The text between the sequences that switch the style on and off; source: ECMA-48, SGR.
  func apply(to text: String, on terminal: Terminal) -> String {
    guard terminal.hasColour, self != .plain, !text.isEmpty else { return text }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }

  private var code: String {
    switch self {
    case .plain: "0"
    case .good: "32"
    case .bad: "31"
    case .busy: "33"
    case .faint: "2"
    case .heading: "1"
    }
  }
}

extension OperationStatus {
  var style: Style {
    switch self {
    case .successful: .good
    case .failed: .bad
    case .cancelled, .inProgress: .busy
    }
  }
}

extension ApplicationStatus {
  var style: Style {
    switch self {
    case .running: .good
    case .ready: .plain
    case .deleted: .faint
    case .starting, .stopping, .forceStopping, .updating, .autoscaling, .rollingBack, .deleting:
      .busy
    }
  }
}

extension SnapshotStatus {
  var style: Style {
    switch self {
    case .ready: .good
    case .failed: .bad
    case .creating: .busy
    case .deleted: .faint
    }
  }
}
#endif
