#if CommandLine
internal import ArgumentParser
internal import Glibc
internal import Rollbook

struct Prune: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Remove bytes that no good state needs; every row of history stays.",
    discussion: """
      Of each application is kept: the code of its newest N good states and of the version that it \
      shows, the snapshots that these would be restored from, the newest N snapshots that operations \
      took by themselves, every snapshot that was taken by hand, and folders and logs of what runs and of \
      the newest N deployments. Of deleted applications nothing is kept but their history. An application \
      with an operation in flight is left as it is. With --keep 1 there is no earlier version to go back \
      to by request.

      What it removes it records before, in the table `prunings`; snapshots of living applications are \
      removed by an operation each. A first run with --dry-run shows what would go.
      """)

  @Option(
    help: ArgumentHelp("How many good states of each application are kept whole.", valueName: "N"))
  var keep: Int

  @Flag(help: "Only say what would be removed.") var dryRun = false

  @Flag(name: [.customShort("y"), .long], help: "Do not ask.") var yes = false

  @Option(name: [.customShort("o"), .long], help: "How a dry run answers.")
  var output: OutputFormat = .table

  @OptionGroup var options: ChangeOptions

  func run() async throws {
    let retention = try Retention(keeping: keep)
    let session = try ReadSession(options.home)
    for runtime in try session.read({ (reader) throws(RollbookError) in try reader.allRuntimes() })
    {
      Runtimes.obtain(runtime, in: session.home)
    }
    if dryRun { return try show(try await plan(retention, session)) }
    if !yes {
      let plan = try await plan(retention, session)
      guard !plan.removals.isEmpty else {
        Standard.note("There is nothing to remove.")
        return tellLeft(plan)
      }
      try ask(plan)
    }
    let change = try ChangeSession(options, on: .everything)
    let done = try await change.watching { (engine, control) async throws(RollbookError) in
      try await engine.prune(retention, by: change.requester, control: control)
    }
    Standard.tell(
      done.removals.isEmpty
        ? "There was nothing to remove." : "Removed \(Self.summary(done)); every row stays.")
    tellLeft(done)
    if done.left.contains(where: \.isFailure) { throw ExitCode(ExitStatus.other.rawValue) }
  }

  private func plan(
    _ retention: Retention, _ session: ReadSession
  ) async throws(RollbookError) -> PrunePlan {
    let engine = try Engine(
      home: session.home, journal: session.journal, runtimes: Runtimes.all(in: session.home))
    return try await engine.planPruning(retention)
  }

  private func show(_ plan: PrunePlan) throws {
    let rows = plan.removals.map(PruningRow.init)
    try Answer(format: output).list("Prunings", rows) { PruningRow.table(rows) }
    if output == .table {
      Standard.tell(
        plan.removals.isEmpty
          ? "There is nothing to remove." : "Would remove \(Self.summary(plan)); nothing was done.")
    }
    tellLeft(plan)
  }

  private func ask(_ plan: PrunePlan) throws {
    guard isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 else {
      throw RollbookError(
        .invalidArgument, "Nobody can be asked here whether \(Self.summary(plan)) may go.",
        hint: "--dry-run shows what it is; --yes removes it without asking.")
    }
    let rows = plan.removals.map(PruningRow.init)
    Standard.writeError(PruningRow.table(rows).render(for: .error))
    Standard.writeError("Remove \(Self.summary(plan))? Every row of history stays. [y/N] ")
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
      Standard.note("Nothing was removed.")
      throw ExitCode(ExitStatus.refused.rawValue)
    }
  }

  private func tellLeft(_ plan: PrunePlan) {
    for left in plan.left {
      Standard.note("  left: \(left.application.map { "\($0.name): " } ?? "")\(left.reason)")
    }
  }

  /// `2 snapshots, 1 deployment and 3 versions' code, 12.0 MiB`.
  private static func summary(_ plan: PrunePlan) -> String {
    let counts = Pruning.Kind.allCases.compactMap { kind -> String? in
      let count = plan.removals.reduce(0) { $0 + ($1.kind == kind ? 1 : 0) }
      return count == 0 ? nil : "\(kind.counted(count))"
    }
    return "\(counts.joined(separator: ", ")) (\(bytesText(plan.size)))"
  }
}

extension Pruning.Kind {
  fileprivate func counted(_ count: Int) -> String {
    switch self {
    case .code: "\(count) stored \(count == 1 ? "program" : "programs")"
    case .snapshot: "\(count) \(count == 1 ? "snapshot" : "snapshots")"
    case .generation: "what \(count) \(count == 1 ? "deployment" : "deployments") left"
    }
  }
}

/// What would be removed.
private struct PruningRow: ListingRow {
  let kind: String
  let applicationName: String?
  let applicationId: Int64?
  let deleted: Bool?
  let name: String
  let bytes: Int64

  init(_ pruning: Pruning) {
    kind = pruning.kind.rawValue
    applicationName = pruning.application?.name
    applicationId = pruning.application?.id.rawValue
    deleted = pruning.application.map { $0.deletedAt != nil }
    name = pruning.name
    bytes = pruning.size
  }

  static let fieldNames = ["Kind", "ApplicationName", "ApplicationId", "Deleted", "Name", "Bytes"]
  var fields: [String] {
    [
      kind, applicationName ?? "", applicationId.map { String($0) } ?? "",
      deleted.map { String($0) } ?? "", name, String(bytes),
    ]
  }

  static func table(_ rows: [PruningRow]) -> Table {
    var table = Table(
      [
        Table.Column("REMOVES"), Table.Column("APPLICATION"), Table.Column("BYTES", isNumber: true),
      ], wide: "NAME")
    for row in rows {
      table.add([
        Table.Cell(row.kind),
        Table.Cell((row.applicationName ?? "") + (row.deleted == true ? " (deleted)" : "")),
        Table.Cell(bytesText(row.bytes)), Table.Cell(row.name),
      ])
    }
    return table
  }
}
#endif
