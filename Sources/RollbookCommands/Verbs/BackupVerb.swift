#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct BackupVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the home into a new folder, while everything goes on.",
    discussion: """
      The copy is a home itself: `rollbook --home FOLDER list` asks it. It holds the journal as it was \
      at one moment, the code of every version, and every snapshot that the home holds; each is checked. \
      What runs and the logs are not in it, nor are Flink's savepoints, which stay where Flink wrote them.

      Snapshots and code are removed by nobody until it is whole; a copy that is interrupted leaves a \
      folder whose name ends in .partial, which can be removed.

      To go on from a copy, make it the home, run `rollbook settle`, and start each application: what ran \
      as a process is found ended, and begins from its newest snapshot in the copy. Jobs on Flink are the \
      same in a copy as in its home: only one of the two may be used to change them.
      """)

  @Argument(help: "Where the copy is to be: a folder that is not there, or is empty.")
  var folder: String

  @Flag(help: "Give the copy's journal the indices that heavy questions in SQL want.")
  var indexed = false

  @Flag(help: "Copy the journal, and no code and no snapshots.")
  var journalOnly = false

  @OptionGroup var home: HomeOptions

  func run() throws {
    var backup = Backup(of: try home.home, at: try HomeOptions.absolute(folder))
    backup.isIndexed = indexed
    backup.isJournalOnly = journalOnly
    var progress = CopyProgress()
    defer { progress.end() }
    let report = try backup.make { progress.show($0, of: $1) }
    progress.end()
    Standard.tell(Self.line(report, in: backup.destination, isJournalOnly: journalOnly))
    guard report.missing.isEmpty else {
      Standard.note("The home does not hold, so that the copy does not either:")
      for line in report.missing { Standard.note("  " + line) }
      throw ExitCode(ExitStatus.other.rawValue)
    }
  }

  private static func line(
    _ report: Backup.Report, in folder: String, isJournalOnly: Bool
  ) -> String {
    let journal = "\(folder): journal \(bytesText(report.journalBytes))"
    if isJournalOnly { return journal + ", checked" }
    let elsewhere =
      report.snapshotsElsewhere == 0
      ? "" : "; \(report.snapshotsElsewhere) savepoints stay where they are"
    return journal
      + ", \(report.artifactCount) stored \(report.artifactCount == 1 ? "program" : "programs") "
      + "(\(bytesText(report.artifactBytes))), \(report.snapshotCount) "
      + "\(report.snapshotCount == 1 ? "snapshot" : "snapshots") "
      + "(\(bytesText(report.snapshotBytes))), all checked\(elsewhere)"
  }
}

/// How far the copy of a large journal is, on a terminal only.
private struct CopyProgress {
  private var isShown = false

  mutating func show(_ done: Int64, of all: Int64) {
    guard Terminal.error.width != nil, all > 64 << 20 else { return }
    Standard.writeError("\r\u{1B}[Kjournal: \(bytesText(done)) of \(bytesText(all))")
    isShown = true
  }

  mutating func end() {
    if isShown { Standard.writeError("\r\u{1B}[K") }
    isShown = false
  }
}
#endif
