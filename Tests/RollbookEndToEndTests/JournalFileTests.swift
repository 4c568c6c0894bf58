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
