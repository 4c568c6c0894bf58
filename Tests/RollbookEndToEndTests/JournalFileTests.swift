#if CommandLine
import Foundation
import Glibc
import Testing

/// Journals that cannot be used, and what is then left alone.
@Suite struct JournalFileTests {
  /// A home with one application and nothing that runs; its journal is in one file.
  private func prepared(_ stage: Stage) async throws {
    try await stage.create("shop", Program.idle)
    try await stage.rollbook("update", "shop", "--description", "two").exits(0)
    #expect(!FileManager.default.fileExists(atPath: stage.journal + "-wal"))
  }

  /// Verbs that read and verbs that write.
  private static let verbs = [
    ["list"], ["status", "shop"], ["operations", "shop"], ["sql", "SELECT 1"], ["settle"],
    ["start", "shop"], ["update", "shop", "--description", "x"], ["stop", "shop", "--force"],
  ]

  /// Expects that every verb is refused with 74 and that nothing at all changes.
  private func expectRefusal(_ stage: Stage, saying text: String) async throws {
    let code = try stage.write(Program.idle, to: "other.sh")
    let before = try stage.fingerprint()
    for verb in JournalFileTests.verbs + [["create", "other", "--code", code]] {
      try await stage.rollbook(verb).exits(74).says(text)
      #expect(try stage.fingerprint() == before, "\(verb)")
    }
  }

  @Test("A journal of a newer version is refused")
  func newer() async throws {
    try await onStage { stage in
      try await prepared(stage)
      // The user version, bytes 60 to 63; source: the SQLite database file format.
      try stage.overwrite(stage.journal, at: 60, with: [0, 0, 3, 231])
      try await expectRefusal(stage, saying: "written by a newer Rollbook (schema 999")
      try await stage.rollbook("list").says(stage.journal)
    }
  }

  @Test("A file that is not a journal is refused")
  func notAJournal() async throws {
    try await onStage { stage in
      try await prepared(stage)
      try stage.write(String(repeating: "no journal ", count: 1000), to: "home/journal.db")
      try await expectRefusal(stage, saying: stage.journal)
    }
  }

  @Test("A truncated journal is refused", arguments: [100, 4096, 4096 + 100])
  func truncated(by bytes: Int) async throws {
    try await onStage { stage in
      try await prepared(stage)
      let data = try #require(FileManager.default.contents(atPath: stage.journal))
      try data.dropLast(bytes).write(to: URL(fileURLWithPath: stage.journal))
      try await expectRefusal(stage, saying: stage.journal)
    }
  }

  @Test("An empty file is no journal, for those who read it")
  func emptyFile() async throws {
    try await onStage { stage in
      try FileManager.default.createDirectory(
        atPath: stage.home, withIntermediateDirectories: true)
      try stage.write("", to: "home/journal.db")
      for verb in [["list"], ["status", "shop"], ["sql", "SELECT 1"]] {
        try await stage.rollbook(verb).exits(74).says("empty")
      }
    }
  }

  @Test("A home that is not there is not made by verbs that do not create")
  func missing() async throws {
    try await onStage { stage in
      for verb in JournalFileTests.verbs {
        try await stage.rollbook(verb).exits(74).says("journal")
        #expect(!FileManager.default.fileExists(atPath: stage.home), "\(verb)")
      }
    }
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

  @Test("What is no journal at all is called so by every verb", arguments: ["hello", "folder"])
  func neverAJournal(_ what: String) async throws {
    try await onStage { stage in
      try FileManager.default.createDirectory(
        atPath: stage.home, withIntermediateDirectories: true)
      if what == "folder" {
        try FileManager.default.createDirectory(
          atPath: stage.journal, withIntermediateDirectories: true)
      } else {
        try stage.write("hello", to: "home/journal.db")
      }
      try await expectRefusal(
        stage, saying: what == "folder" ? "is a folder" : "not a Rollbook journal")
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

  @Test(
    "A disk that fails to read the WAL is no reason to answer without it",
    .enabled(if: Unreadable.isThere, "NOT TESTED HERE: no unreadable file can be mounted"))
  func failingWAL() async throws {
    try await onStage { stage in
      try await prepared(stage)
      try stage.write("", to: "home/journal.db-wal")
      try await Unreadable.cover(stage.journal + "-wal") {
        for verb in [["list"], ["status", "shop"], ["sql", "SELECT 1"]] {
          try await stage.rollbook(verb).exits(74).says("cannot be read or written")
            .says(stage.journal)
        }
      }
      try stage.remove(stage.journal + "-wal")
      try await stage.rollbook("list").exits(0)
    }
  }

  @Test("A command that ends leaves a journal of one file")
  func oneFile() async throws {
    try await onStage { stage in
      try await stage.create("shop", Program.idle)
      for (verb, status) in [
        (["update", "shop", "--description", "two"], 0), (["start", "shop"], 0),
        (["update", "shop", "--if-version", "1"], 5), (["start", "shop"], 5),
        (["stop", "shop"], 0), (["settle"], 0), (["wait", "shop"], 0),
      ] as [([String], Int32)] {
        try await stage.rollbook(verb).exits(status)
        for ending in ["-wal", "-shm"] {
          #expect(!FileManager.default.fileExists(atPath: stage.journal + ending), "\(verb)")
        }
      }
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

/// A file that is there and cannot be read, as on a disk that fails: the speed of a network that has
/// none.
private enum Unreadable {
  private static let source = "/sys/class/net/lo/speed"

  static let isThere: Bool = {
    let path = NSTemporaryDirectory() + "rollbook-mount-\(UUID().uuidString)"
    guard FileManager.default.createFile(atPath: path, contents: Data()) else { return false }
    defer { _ = unsafe unlink(path) }
    var facts = stat()
    guard unsafe stat(source, &facts) == 0, facts.st_size > 32,
      FileManager.default.contents(atPath: source)?.isEmpty != false
    else { return false }
    guard unsafe mount(source, path, nil, UInt(MS_BIND), nil) == 0 else { return false }
    return unsafe umount2(path, Int32(MNT_DETACH)) == 0
  }()

  /// Puts it over another file while something is done.
  static func cover(_ path: String, _ body: () async throws -> Void) async throws {
    guard unsafe mount(source, path, nil, UInt(MS_BIND), nil) == 0 else {
      throw CannotStart(words: ["mount", path], errorNumber: errno)
    }
    defer { _ = unsafe umount2(path, Int32(MNT_DETACH)) }
    try await body()
  }
}

extension Stage {
  /// The path and bytes of every file in the home, without locks, and what SQLite shares between
  /// readers.
  func fingerprint() throws -> [String: Data] {
    var found: [String: Data] = [:]
    for case let name as String in FileManager.default.enumerator(atPath: home) ?? .init() {
      if name.hasPrefix("locks") || name.hasSuffix("-shm") { continue }
      let path = home + "/" + name
      // A pipe of a program that runs would be waited for.
      let bytes = isFile(path) ? FileManager.default.contents(atPath: path) ?? Data() : Data()
      if name.hasSuffix("-wal") && bytes.isEmpty { continue }
      found[name] = bytes
    }
    return found
  }

  private func isFile(_ path: String) -> Bool {
    let facts = try? FileManager.default.attributesOfItem(atPath: path)
    return facts?[.type] as? FileAttributeType == .typeRegular
  }

  func overwrite(_ path: String, at offset: UInt64, with bytes: [UInt8]) throws {
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    try file.seek(toOffset: offset)
    try file.write(contentsOf: Data(bytes))
    try file.close()
  }
}
#endif
