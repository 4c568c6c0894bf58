#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Look whether the journal, the code and the snapshots are what they should be.",
    discussion: """
      The journal's file by SQLite's own check, its triggers and views against Rollbook's, every row \
      against those that it belongs to; every program and every snapshot in the home against the digest \
      that the journal holds. Nothing is changed; everything goes on meanwhile.

      Exit status: 0 where all is sound, 1 where something is not, 74 where the journal cannot be read.
      """)

  @Flag(help: "Look at the journal, and at no code and no snapshots.")
  var journalOnly = false

  @Option(
    help: ArgumentHelp(
      "Look whether the history is still what `rollbook digest` said of it.", valueName: "line"))
  var digest: String?

  @OptionGroup var options: ReadOptions

  func run() throws {
    var verification = Verification(of: try options.home.home)
    verification.isJournalOnly = journalOnly
    verification.digest = try digest.map { (text) throws(RollbookError) in
      guard let digest = HistoryDigest(text) else {
        throw RollbookError(
          .invalidArgument, "\"\(text)\" is no digest of a history.",
          hint: "`rollbook digest` prints one: OPERATION.CHANGE.SHA256.")
      }
      return digest
    }
    var progress = CountProgress()
    defer { progress.end() }
    let report = try verification.run { progress.show($0, of: $1) }
    progress.end()
    try options.answer.one("Verification", VerificationShape(report)) {
      text(report)
    }
    if !report.isSound { throw ExitCode(ExitStatus.other.rawValue) }
  }

  private func text(_ report: Verification.Report) -> String {
    var sheet = FactSheet()
    let judgement = report.isSound ? "sound" : "NOT SOUND"
    sheet.add("JOURNAL", journalText(report))
    if digest != nil {
      let isSame = !report.findings.contains { $0.part == .digest }
      sheet.add("DIGEST", isSame ? "the history is what it was" : "the history is NOT what it was")
    }
    if !journalOnly {
      sheet.add(
        "CODE", counted(report.artifactCount, "program", "programs", report.artifactBytes))
      let elsewhere = report.snapshotsElsewhere
      sheet.add(
        "SNAPSHOTS",
        counted(report.snapshotCount, "snapshot", "snapshots", report.snapshotBytes)
          + (elsewhere == 0 ? "" : "; \(elsewhere) savepoints elsewhere are not looked at"))
    }
    sheet.add("VERDICT", judgement, report.isSound ? .good : .bad)
    var lines = sheet.render(for: .output)
    for finding in report.findings {
      lines += "\(finding.part.rawValue): \(finding.text.singleLine)\n"
    }
    return lines
  }

  private func journalText(_ report: Verification.Report) -> String {
    let applications = report.applicationCount
    return "\(report.operationCount) \(report.operationCount == 1 ? "operation" : "operations") of "
      + "\(applications) \(applications == 1 ? "application" : "applications"), through operation "
      + "\(report.newestOperation)"
  }

  private func counted(_ count: Int, _ one: String, _ many: String, _ bytes: Int64) -> String {
    "\(count) \(count == 1 ? one : many), \(bytesText(bytes))"
  }
}

/// How far it is, on a terminal only.
private struct CountProgress {
  private var isShown = false

  mutating func show(_ done: Int64, of all: Int64) {
    guard Terminal.error.width != nil, all > 100_000 else { return }
    Standard.writeError("\r\u{1B}[K\(done) of \(all) operations")
    isShown = true
  }

  mutating func end() {
    if isShown { Standard.writeError("\r\u{1B}[K") }
    isShown = false
  }
}
#endif
