#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "One application: the journal's status beside what is observed now.")

  @Argument(help: "Its name.") var name: String

  @Flag(name: [.customShort("w"), .long], help: "Show it again until nothing is in flight.")
  var watch = false

  @OptionGroup var options: ReadOptions

  func run() async throws {
    let session = try ReadSession(options.home)
    var report = try await StatusReport.read(name, session)
    try show(report)
    guard watch else { return }
    var screen = Screen()
    screen.shown(report.factSheet.render(for: .output))
    // An interrupted operation goes on by nobody's hand: there is nothing to wait for.
    while report.state.inFlight != nil && !report.isInterrupted && !Standard.isGone {
      try await Task.sleep(for: .milliseconds(options.output == .table ? 200 : 500))
      let next = try await StatusReport.read(name, session)
      defer { report = next }
      if options.output == .table && Terminal.output.width != nil {
        screen.replace(next.factSheet.render(for: .output))
      } else if next.isNews(after: report) {
        try show(next)
      }
    }
  }

  private func show(_ report: StatusReport) throws(RollbookError) {
    try options.answer.one("ApplicationDetail", report.detail) {
      report.factSheet.render(for: .output)
    }
  }
}

extension StatusReport {
  /// Whether it differs from an earlier one in more than the time.
  fileprivate func isNews(after other: StatusReport) -> Bool {
    state != other.state || lastStep != other.lastStep || observation != other.observation
      || isInterrupted != other.isInterrupted || suspects != other.suspects
  }
}

/// A part of the terminal that is drawn again in its place; source: ECMA-48, CUU and ED.
private struct Screen {
  private var lineCount = 0

  mutating func shown(_ text: String) {
    lineCount = text.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
  }

  mutating func replace(_ text: String) {
    Standard.write((lineCount > 0 ? "\u{1B}[\(lineCount)A\u{1B}[J" : "") + text)
    shown(text)
  }
}
#endif
