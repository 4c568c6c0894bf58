#if CommandLine
import Foundation
import Glibc
import Testing

/// Homes and journals that may not be read or written.
@Suite struct JournalPermissionTests {
  /// A home with one application and nothing that runs; its journal is in one file.
  private func prepared(_ stage: Stage) async throws {
    try await stage.create("shop", Program.idle)
    try await stage.rollbook("update", "shop", "--description", "two").exits(0)
    #expect(!FileManager.default.fileExists(atPath: stage.journal + "-wal"))
  }

  @Test(
    "A journal that may only be read can be read, and is not written", .enabled(if: Reader.isThere))
  func readOnly() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      try await stage.rollbook("stop", "shop").exits(0)
      let reader = try await Reader(stage)
      defer { reader.giveBack() }
      let before = try stage.fingerprint()
      for (verb, answer) in [
        (["list"], "shop  READY"), (["status", "shop"], "STATUS       READY"),
        (["operations", "shop"], "StopApplication    SUCCESSFUL"),
        (["versions", "shop"], "shop.sh"), (["version", "shop", "1"], "LEDGER="),
        (["snapshot", "list", "shop"], "auto-v1-3"),
        (["sql", "SELECT * FROM operation_history"], "StopApplication"),
      ] {
        let run = try await reader.rollbook(verb)
        run.exits(0).shows(answer)
        // Nothing can be missing: the last command left no WAL behind.
        #expect(run.err == "")
      }
      try await reader.rollbook(["wait", "shop"]).exits(0).shows("READY at version 1")
      for verb in [["start", "shop"], ["update", "shop", "--description", "x"], ["settle"]] {
        try await reader.rollbook(verb).exits(74).says("cannot be written (Permission denied)")
          .says("It can be read")
      }
      #expect(try stage.fingerprint() == before)
    }
  }

  @Test(
    "A home of which only the journal may be written is not written", .enabled(if: Reader.isThere))
  func lockedLocks() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      try await stage.rollbook("stop", "shop").exits(0)
      let reader = try await Reader(stage, folders: 0o777, files: 0o666)
      defer { reader.giveBack() }
      try stage.setMode(0o444, of: stage.home + "/locks/1")
      for verb in [["start", "shop"], ["delete", "shop", "--yes"]] {
        try await reader.rollbook(verb).exits(74).says("The home cannot be written")
          .says("locks/1: Permission denied").says("Check the permissions")
      }
    }
  }

  @Test("A home that may not be looked into is not to be made anew", .enabled(if: Reader.isThere))
  func lockedHome() async throws {
    try await onStage { stage in
      try await prepared(stage)
      let reader = try await Reader(stage)
      defer { reader.giveBack() }
      try stage.setMode(0o000, of: stage.home)
      for verb in [["list"], ["status", "shop"], ["start", "shop"]] {
        let run = try await reader.rollbook(verb)
        run.exits(74).says("Permission denied")
        #expect(!run.err.contains("rollbook create"))
      }
    }
  }

  @Test("Whoever cannot read the WAL is told so", .enabled(if: Reader.isThere))
  func unreadableWAL() async throws {
    try await onStage { stage in
      try await prepared(stage)
      // It dies right after its commit: what it wrote is in the WAL only.
      try await stage.rollbook(
        ["update", "shop", "--description", "three"], environment: ["ROLLBOOK_DIE_AT": "2"]
      ).exits(128 + SIGKILL)
      #expect(stage.text(stage.journal + "-wal") != "")
      #expect(try await stage.standing("shop") == "READY 3")
      try stage.remove(stage.journal + "-shm")
      let reader = try await Reader(stage)
      defer { reader.giveBack() }
      try await reader.rollbook(["versions", "shop"]).exits(0)
        .says("the journal's newest changes may be missing")
    }
  }

  /// Somebody who may read a home and not write to it.
  private struct Reader {
    let stage: Stage
    let prefix: [String]

    /// Root may do everything: another user is needed there, and a program that becomes one.
    static var isThere: Bool { geteuid() != 0 || setpriv != nil }

    private static var setpriv: String? {
      ["/usr/bin/setpriv", "/bin/setpriv"].first {
        FileManager.default.isExecutableFile(atPath: $0)
      }
    }

    init(_ stage: Stage, folders: Int = 0o555, files: Int = 0o444) async throws {
      self.stage = stage
      // The built executables may be where only their owner comes. By another process: what this one
      // writes would stay open in what other tests start this moment, and could not be executed.
      for name in ["rollbook", "rollbook-keeper"] {
        try await stage.run(["cp", Stage.binaries + "/" + name, stage.path(name)]).exits(0)
      }
      try stage.setMode(0o755, of: stage.folder)
      let user = ["--reuid", "65534", "--regid", "65534", "--clear-groups"]
      prefix = geteuid() == 0 ? [Reader.setpriv ?? "setpriv"] + user : []
      try setModes(folders: folders, files: files)
    }

    /// Lets the home be removed.
    func giveBack() { try? setModes(folders: 0o755, files: 0o644) }

    private func setModes(folders: Int, files: Int) throws {
      try stage.setMode(folders, of: stage.home)
      for case let name as String in FileManager.default.enumerator(atPath: stage.home) ?? .init() {
        let path = stage.home + "/" + name
        var isFolder: ObjCBool = false
        _ = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        try stage.setMode(isFolder.boolValue ? folders : files, of: path)
      }
    }

    func rollbook(_ arguments: [String]) async throws -> Run {
      try await stage.run(prefix + [stage.path("rollbook")] + arguments)
    }
  }
}
#endif
