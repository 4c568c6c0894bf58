import Glibc
import Rollbook
import Testing

@Suite struct FileTreeTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func copy(_ from: String = "a", to: String = "b") throws {
    try FileTree.copy(
      scratch.path + "/" + from, to: scratch.path + "/" + to, endpoints: .skipped)
  }

  private func digest(_ name: String) throws -> String {
    try FileTree.facts(of: scratch.path + "/" + name).digest
  }

  @Test("A copy has the same digest, and is private")
  func copies() throws {
    try scratch.write("one", to: "a/one", mode: 0o644)
    try scratch.write("two", to: "a/deep/er/two", mode: 0o755)
    try scratch.link("a/deep/up", to: "../one")
    try copy()
    #expect(try digest("a") == digest("b"))
    #expect(try FileTree.facts(of: scratch.path + "/b", syncing: true).size == 6)
    #expect(scratch.mode("b") == 0o700)
    #expect(scratch.mode("b/deep/er") == 0o700)
    #expect(scratch.mode("b/one") == 0o600)
    #expect(scratch.mode("b/deep/er/two") == 0o700)
  }

  @Test("A digest tells names, bytes, executability and folders apart")
  func digests() throws {
    try scratch.write("x", to: "a/f")
    try scratch.write("x", to: "name/g")
    try scratch.write("y", to: "bytes/f")
    try scratch.write("x", to: "mode/f", mode: 0o700)
    try scratch.write("x", to: "folder/f")
    try Files.makeFolder(scratch.path + "/folder/empty")
    let names = ["a", "name", "bytes", "mode", "folder"]
    let digests = try Set(names.map { try digest($0) })
    #expect(digests.count == names.count)
    // Computed with sha256sum over the entries that the documentation describes.
    #expect(
      try digest("a") == "b6a8901c902d1e4a870f6e5be87ef6ba095123edf1e1ae78598c36e45bc3e3fb")
  }

  @Test("Links that lead out are refused, and nothing is ever read through a link")
  func links() throws {
    for (number, text) in ["/etc/passwd", "../../x", "sub/../../x", ".."].enumerated() {
      try Files.makeFolder(scratch.path + "/a\(number)/sub")
      try scratch.link("a\(number)/l", to: text)
      #expect(throws: RollbookError.self) { try copy("a\(number)", to: "b\(number)") }
    }
    try scratch.link("root", to: "a0")
    #expect(throws: RollbookError.self) { try copy("root", to: "c") }
    #expect(throws: RollbookError.self) { try digest("root") }
  }

  @Test("Sockets and pipes are left out of states and refused in code; devices always")
  func endpoints() throws {
    try Files.makeFolder(scratch.path + "/a")
    try #require(unsafe mkfifo(scratch.path + "/a/pipe", 0o600) == 0)
    try copy()
    #expect(!Files.exists(scratch.path + "/b/pipe"))
    #expect(throws: RollbookError.self) {
      try FileTree.copy(scratch.path + "/a", to: scratch.path + "/c", endpoints: .refused)
    }
    #expect(throws: RollbookError.self) {
      try FileTree.copy("/dev/null", to: scratch.path + "/d", endpoints: .skipped)
    }
  }

  @Test("Names that are no UTF-8 are kept as they are")
  func rawNames() throws {
    try Files.makeFolder(scratch.path + "/a")
    let name: [CChar] = (scratch.path + "/a/").utf8.map { CChar(bitPattern: $0) } + [-1, 0]
    close(unsafe creat(name, 0o600))
    try copy()
    #expect(try digest("a") == digest("b"))
    try FileTree.remove(scratch.path + "/a")
    #expect(!Files.exists(scratch.path + "/a"))
  }

  @Test("A checkpoint ends a copy, and a missing source is named")
  func failures() throws {
    try scratch.write("x", to: "a/f")
    #expect(throws: RollbookError(.interrupted, "enough")) {
      try FileTree.copy(
        scratch.path + "/a", to: scratch.path + "/b", endpoints: .skipped
      ) { () throws(RollbookError) in throw RollbookError(.interrupted, "enough") }
    }
    let missing = scratch.path + "/missing"
    let error = RollbookError(
      .system, "cannot open \(missing): No such file or directory", systemError: ENOENT)
    #expect(throws: error) { try copy("missing", to: "c") }
    try FileTree.remove(missing)
  }
}
