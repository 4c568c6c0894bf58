#if CommandLine
internal import Rollbook

/// A journal that is open for reading only: no lock is taken, nothing is written.
struct ReadSession: Sendable {
  let home: Home
  let journal: Journal

  init(_ options: HomeOptions) throws {
    home = try options.home
    journal = try Journal(path: home.journal, access: .readOnly)
    try journal.keepFewPages()
    if !journal.isWALReadable {
      Standard.note(
        "rollbook: the journal's newest changes may be missing: only its main file could be read."
      )
    }
  }

  func read<Result: Sendable>(
    _ body: (borrowing JournalReader) throws(RollbookError) -> Result
  ) throws(RollbookError) -> Result {
    try journal.blockingRead(body)
  }

  /// The living application of a name, else the newest deleted one, which is said on stderr.
  func state(of name: String) throws(RollbookError) -> ApplicationState {
    let found = try read { (reader) throws(RollbookError) -> ApplicationState? in
      guard let application = try reader.application(named: name) else { return nil }
      return try reader.state(of: application)
    }
    guard let found else {
      throw RollbookError(
        .notFound, "There is no application named \(name).",
        hint: "`rollbook list` shows what there is, `rollbook list --deleted` what there was.")
    }
    if let deletedAt = found.application.deletedAt {
      Standard.note("rollbook: \(name) was deleted at \(deletedAt.short); this is its history.")
    }
    return found
  }

  /// Whether the operation in flight has lost its holder.
  func isInterrupted(_ state: ApplicationState) throws(RollbookError) -> Bool {
    try state.isInterrupted(in: home, journal: journal)
  }
}
#endif
