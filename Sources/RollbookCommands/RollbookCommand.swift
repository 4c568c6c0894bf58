#if CommandLine
internal import ArgumentParser

/// The command `rollbook` and its verbs.
struct RollbookCommand: ParsableCommand {
  /// Not the parser's to show: it would offer `--version` on every verb, and `logs` has its own.
  static let version = "0.1.0-dev"

  static let configuration = CommandConfiguration(
    commandName: "rollbook",
    abstract: "Deploys programs, journals every change, and rolls back by itself what fails.",
    usage: """
      rollbook [--home DIR] VERB …
      rollbook --version
      """,
    discussion: """
      Everything is kept in one folder, the home: --home DIR before or after the verb, else \
      $ROLLBOOK_HOME, else $XDG_STATE_HOME/rollbook, else ~/.local/state/rollbook.

      Exit status: 0 done; 3 failed or cancelled, and a version runs; 4 failed or cancelled, and \
      nothing runs; 5 refused; 64 wrong usage; 74 the journal cannot be read or written; 130 and 143 \
      left by Ctrl-C or SIGTERM before the end, what is in progress is settled by the next command; \
      1 else.
      """,
    groupedSubcommands: [
      CommandGroup(
        name: "Change an application",
        subcommands: [
          Create.self, Start.self, Update.self, Scale.self, Rollback.self, Stop.self, Delete.self,
          SnapshotVerbs.self,
        ]),
      CommandGroup(
        name: "Look at it",
        subcommands: [
          List.self, Status.self, Operations.self, OperationVerb.self, Versions.self,
          VersionVerb.self, Diff.self, Logs.self, SQL.self,
        ]),
      CommandGroup(name: "Wait and settle", subcommands: [Wait.self, Settle.self]),
      CommandGroup(
        name: "Keep it",
        subcommands: [
          BackupVerb.self, Verify.self, DigestVerb.self, Export.self, Prune.self,
        ]),
      CommandGroup(name: "Serve other tools", subcommands: [Serve.self]),
      CommandGroup(name: "", subcommands: [LifecycleTables.self]),
    ])
}
#endif
