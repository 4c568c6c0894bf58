#if CommandLine
internal import ArgumentParser

struct SnapshotVerbs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Take, list, show and delete snapshots.",
    subcommands: [
      SnapshotCreate.self, SnapshotList.self, SnapshotShow.self, SnapshotDelete.self,
    ])
}
#endif
