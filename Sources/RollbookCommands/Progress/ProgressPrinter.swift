#if CommandLine
internal import Dispatch
internal import Rollbook
internal import Synchronization

/// Shows what happens on standard error: live on a terminal, plain lines elsewhere.
///
/// On a terminal the newest line shows how long it has been going on, until the next one comes.
final class ProgressPrinter: Sendable {
  private struct State {
    /// The line that is still going on.
    var line: String?
    var since = Timestamp.now()
    var timer: (any DispatchSourceTimer)?
  }

  private let terminal: Terminal
  private let state: Mutex<State>
  private static let eraseLine = "\r\u{1B}[2K"

  init(terminal: Terminal = .error) {
    self.terminal = terminal
    state = Mutex(State())
  }

  func show(_ event: ProgressEvent) {
    guard let text = ProgressText.line(event)?.singleLine else { return }
    guard isLive else { return Standard.note(text) }
    state.withLock { state in
      finishLine(&state)
      switch event {
      case .ended(_, let outcome, _):
        Standard.writeError(outcome.status.style.apply(to: text, on: terminal) + "\n")
      case .began, .step, .waiting:
        state.line = text
        state.since = .now()
        paint(state)
        startTimer(&state)
      case .left: break
      }
    }
  }

  /// Says something beside the events.
  func say(_ text: String) {
    state.withLock { state in
      finishLine(&state)
      Standard.note(text)
    }
  }

  /// Ends the line that is going on.
  func end() {
    state.withLock { state in
      finishLine(&state)
      state.timer?.cancel()
      state.timer = nil
    }
  }

  private var isLive: Bool { terminal.width != nil }

  private func finishLine(_ state: inout State) {
    guard let line = state.line else { return }
    let seconds = Timestamp.now().seconds(since: state.since)
    Standard.writeError(ProgressPrinter.eraseLine + line + suffix(seconds) + "\n")
    state.line = nil
  }

  private func paint(_ state: State) {
    guard let line = state.line, let width = terminal.width else { return }
    let suffix = suffix(Timestamp.now().seconds(since: state.since))
    // A line that wraps could not be erased.
    let shown = line.cut(to: max(1, width - 1 - suffix.count)) + suffix
    Standard.writeError(
      ProgressPrinter.eraseLine + Style.busy.apply(to: shown, on: terminal))
  }

  private func suffix(_ seconds: Double) -> String {
    seconds < 0.1 ? "" : "  \(durationText(seconds))"
  }

  private func startTimer(_ state: inout State) {
    guard state.timer == nil else { return }
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "rollbook.progress"))
    timer.schedule(deadline: .now() + 0.1, repeating: 0.1)
    timer.setEventHandler { [self] in self.state.withLock { paint($0) } }
    timer.activate()
    state.timer = timer
  }
}
#endif
