#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Rollback: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Go back to the newest earlier version that worked.",
    discussion: """
      While an update or a scaling is in flight it is given up. A second rollback goes further \
      back; it never goes forward again.
      """)

  @Argument(help: "The application's name.") var name: String

  @Option(help: ArgumentHelp("A version to go back to.", valueName: "version"))
  var toVersion: Int64?

  @Option(
    help: ArgumentHelp(
      "The snapshot to begin with, or `none` (default: the newest that can be read).",
      valueName: "snapshot"))
  var snapshot: String?

  @Flag(help: "Only say what would be done: target, snapshot, and the age of its state.")
  var dryRun = false

  @Option(name: [.customShort("o"), .long], help: "How a dry run answers.")
  var output: OutputFormat = .table

  @OptionGroup var versionCheck: VersionCheckOptions
  @OptionGroup var options: ChangeOptions

  func validate() throws {
    if let toVersion { try checkVersionNumber(toVersion) }
  }

  func run() async throws {
    let request = RollbackRequest(
      ifVersion: versionCheck.ifVersion, toVersion: toVersion,
      restore: snapshot.map(RestoreSource.init(argument:)))
    guard dryRun else {
      return try await ChangeSession(options, on: .application(name)).run(
        .rollback(request), on: name)
    }
    let session = try ReadSession(options.home)
    let engine = try Engine(
      home: session.home, journal: session.journal, runtimes: Runtimes.all(in: session.home))
    let plan = try await engine.planRollback(request, on: name)
    let state = try session.state(of: name)
    if let expected = versionCheck.ifVersion, expected != state.version {
      throw RollbookError(
        .staleVersion, "\(name) is at version \(state.version), not \(expected).",
        hint: "Look at what changed: `rollbook operations \(name)`.")
    }
    let row = RollbackPlanShape(plan, from: state)
    try Answer(format: output).one("RollbackPlan", row) {
      row.factSheet.render(for: .output)
    }
  }
}

/// What a rollback would do.
struct RollbackPlanShape: ListingRow {
  var applicationName: String
  var applicationVersionRolledBackFrom: Int64
  var applicationVersionRolledBackTo: Int64
  var parallelismFrom: Int
  var parallelismTo: Int
  var targetReason: String
  var snapshotName: String?
  var snapshotVersionId: Int64?
  var snapshotTime: String?
  var snapshotReason: String
  /// How much time of state is left behind.
  var snapshotAgeSeconds: Double?
  /// A snapshot of what runs is taken first.
  var takesSnapshotFirst: Bool
  /// It would begin with that one.
  var usesThatSnapshot: Bool

  init(_ plan: RollbackPlan, from state: ApplicationState, now: Timestamp = .now()) {
    applicationName = state.application.name
    applicationVersionRolledBackFrom = state.version
    applicationVersionRolledBackTo = plan.target.version
    parallelismFrom = state.parallelism
    parallelismTo = plan.target.parallelism
    targetReason = plan.targetReason
    snapshotName = plan.snapshot?.name
    snapshotVersionId = plan.snapshot?.version
    let taken = plan.snapshot.map { $0.outcome?.endedAt ?? $0.startedAt }
    snapshotTime = taken?.description
    snapshotReason = plan.snapshotReason
    snapshotAgeSeconds = taken.map { now.seconds(since: $0) }
    takesSnapshotFirst = plan.takesSnapshotFirst
    usesThatSnapshot = plan.usesThatSnapshot
  }

  var factSheet: FactSheet {
    var sheet = FactSheet()
    sheet.add(
      "TARGET", "version \(applicationVersionRolledBackTo), parallelism \(parallelismTo)")
    sheet.add(
      "FROM", "version \(applicationVersionRolledBackFrom), parallelism \(parallelismFrom)")
    sheet.add("WHY", targetReason)
    sheet.add("SNAPSHOT", usesThatSnapshot ? "a new one" : snapshotName ?? "none")
    sheet.add("WHY THIS", snapshotReason)
    if let snapshotAgeSeconds {
      sheet.add(
        "STATE", "\(durationText(snapshotAgeSeconds)) old: what came since is left behind")
    } else {
      sheet.add(
        "STATE", usesThatSnapshot ? "as it is: nothing is left behind" : "none: it begins anew")
    }
    if takesSnapshotFirst && !usesThatSnapshot {
      sheet.add("BEFORE", "a snapshot of what runs is taken, for going forward again")
    }
    sheet.add("NOTE", "nothing was done")
    return sheet
  }

  static let fieldNames = [
    "ApplicationName", "ApplicationVersionRolledBackFrom", "ApplicationVersionRolledBackTo",
    "ParallelismFrom", "ParallelismTo", "TargetReason", "SnapshotName", "SnapshotVersionId",
    "SnapshotTime", "SnapshotReason", "SnapshotAgeSeconds",
    "TakesSnapshotFirst", "UsesThatSnapshot",
  ]

  var fields: [String] {
    [
      applicationName, String(applicationVersionRolledBackFrom),
      String(applicationVersionRolledBackTo), String(parallelismFrom), String(parallelismTo),
      targetReason, snapshotName ?? "", snapshotVersionId.map(String.init) ?? "",
      snapshotTime ?? "", snapshotReason, snapshotAgeSeconds.map { String($0) } ?? "",
      String(takesSnapshotFirst), String(usesThatSnapshot),
    ]
  }
}
#endif
