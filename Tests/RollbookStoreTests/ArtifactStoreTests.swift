import Glibc
import Rollbook
import Testing

@Suite struct ArtifactStoreTests {
  let scratch: Scratch
  let store: ArtifactStore

  init() throws {
    scratch = try Scratch()
    store = ArtifactStore(Home(path: scratch.path))
  }

  @Test("The same bytes are stored once, and nothing else is left")
  func once() throws {
    let first = try store.store(scratch.write("#!/bin/sh\n", to: "one", mode: 0o755))
    let second = try store.store(scratch.write("#!/bin/sh\n", to: "two", mode: 0o700))
    #expect(first == second)
    try store.verify(first)
    let plain = try store.store(scratch.write("#!/bin/sh\n", to: "plain"))
    #expect(plain != first, "an executable file is another artifact than one that is not")
    #expect(scratch.mode("artifacts/\(first)") == 0o700)
    #expect(scratch.mode("artifacts/\(plain)") == 0o600)
    try Files.removeFile(store.path(of: first))
    try Files.removeFile(store.path(of: plain))
    #expect(unsafe rmdir(scratch.path + "/artifacts") == 0)
  }

  @Test("A folder is an artifact; through a link too")
  func folders() throws {
    try scratch.write("#!/bin/sh\n", to: "app/run", mode: 0o755)
    try scratch.write("data", to: "app/lib/data")
    try scratch.link("current", to: "app")
    let digest = try store.store(scratch.path + "/current")
    #expect(try scratch.text("artifacts/\(digest)/lib/data") == "data")
  }

  @Test("What is no code, or no program, is refused with what to do")
  func refused() throws {
    try scratch.write("x", to: "site/index.html")
    func refuses(_ name: String, _ body: (String) throws -> String) {
      #expect {
        _ = try body(scratch.path + "/" + name)
      } throws: { error in
        guard let error = error as? RollbookError else { return false }
        return error.code == .artifactUnusable && error.hint != nil && error.message.contains(name)
      }
    }
    refuses("missing") { try store.store($0) }
    refuses("missing") { try ArtifactStore.usable($0) }
    refuses("site") { try ArtifactStore.usable($0) }
    _ = try store.store(scratch.path + "/site")
    try scratch.write("x", to: "folder/run/program")
    refuses("folder") { try ArtifactStore.usable($0) }
    try #require(unsafe mkfifo(scratch.path + "/pipe", 0o600) == 0)
    refuses("pipe") { try ArtifactStore.usable($0) }
    try scratch.link("dangling/run", to: "nowhere")
    refuses("dangling") { try ArtifactStore.usable($0) }
    try scratch.write("x", to: "real", mode: 0o755)
    try scratch.link("linked/run", to: "../real")
    #expect(try ArtifactStore.usable(scratch.path + "/linked") == scratch.path + "/linked")
  }

  @Test("Code that contains the home is refused before anything is written")
  func selfContaining() throws {
    try scratch.write("#!/bin/sh\n", to: "app/run", mode: 0o755)
    try Files.makeFolder(scratch.path + "/app/home")
    try scratch.link("way", to: "app/home")
    for path in ["/app/home", "/way"] {
      let inner = ArtifactStore(Home(path: scratch.path + path))
      #expect {
        _ = try inner.store(scratch.path + "/app")
      } throws: { error in
        guard let error = error as? RollbookError else { return false }
        return error.code == .artifactUnusable && error.message.contains("contains the home")
      }
    }
    #expect(try Files.names(in: scratch.path + "/app/home") == [])
    // A folder beside it whose name begins the same is another.
    try scratch.write("#!/bin/sh\n", to: "app/ho/run", mode: 0o755)
    _ = try ArtifactStore(Home(path: scratch.path + "/app/home")).store(scratch.path + "/app/ho")
  }

  @Test("Changed and missing bytes are found")
  func verifies() throws {
    let digest = try store.store(scratch.write("#!/bin/sh\n", to: "one", mode: 0o755))
    try scratch.write("#!/bin/sh\nexit 1\n", to: "artifacts/\(digest)", mode: 0o700)
    #expect(throws: RollbookError.self) { try store.verify(digest) }
    try Files.removeFile(store.path(of: digest))
    #expect(throws: RollbookError.self) { try store.verify(digest) }
  }

  @Test("A secret is the file's text without its last newline")
  func secrets() throws {
    let path = try scratch.write("s3cret\r\n", to: "secret")
    #expect(try SecretFile.value(at: path) == "s3cret")
    #expect(
      try SecretFile.reference(to: path)
        == SecretReference(path: path, digest: SHA256.hexDigest(of: Array("s3cret".utf8))))
    #expect(throws: RollbookError.self) { try SecretFile.value(at: path + "x") }
    let binary = try scratch.write("a\0b", to: "binary")
    #expect(throws: RollbookError.self) { try SecretFile.value(at: binary) }

    var configuration = VersionConfiguration(codeName: "shop")
    configuration.secretProperties = ["KEY": SecretReference(path: path, digest: "")]
    let secrets = try Secrets(of: configuration)
    #expect(secrets.values == ["KEY": "s3cret"])
    #expect(secrets.digests == ["KEY": SHA256.hexDigest(of: Array("s3cret".utf8))])
    // Not even by mistake.
    var dumped = ""
    dump(secrets, to: &dumped)
    #expect(!"\(secrets) \(String(reflecting: secrets)) \(dumped)".contains("s3cret"))
    configuration.secretProperties["OTHER"] = SecretReference(path: path + "x", digest: "")
    #expect {
      _ = try Secrets(of: configuration)
    } throws: {
      let error = $0 as? RollbookError
      return error?.code == .secretUnusable && error?.message.contains("OTHER") == true
        && error?.message.contains(path + "x") == true
    }
  }
}
