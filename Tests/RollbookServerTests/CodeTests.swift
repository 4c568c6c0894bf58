#if Server
import Foundation
import Rollbook
import Testing

@testable import RollbookServer

/// Code of requests: archives that are unpacked, objects that are found.
@Suite final class CodeTests {
  private let folder =
    NSTemporaryDirectory() + "rollbook-code-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// An archive that Python's own library makes of statements on `z`.
  private func archive(_ statements: String) throws -> [UInt8] {
    let path = folder + "/a.zip"
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c",
      "import zipfile, sys\nwith zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:\n"
        + statements.split(separator: "\n").map { "  \($0)\n" }.joined(), path,
    ]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return Array(try Data(contentsOf: URL(filePath: path)))
  }

  private func unpack(_ bytes: [UInt8]) throws -> String {
    let place = folder + "/out"
    try ZipArchive(bytes).unpack(into: place)
    return place
  }

  private func expectRefused(_ bytes: [UInt8], _ reason: String) {
    try? FileManager.default.removeItem(atPath: folder + "/out")
    #expect {
      try unpack(bytes)
    } throws: {
      ($0 as? RollbookError)?.message.contains(reason) == true
    }
    let made = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    #expect(Set(made).isSubset(of: ["a.zip", "out"]), "\(made)")
  }

  @Test func `an archive is unpacked, with folders and modes`() throws {
    let place = try unpack(
      try archive(
        """
        z.writestr('run', '#!/bin/sh\\n' * 1000)
        z.writestr('lib/deep/data', b'x', compress_type=zipfile.ZIP_STORED)
        i = zipfile.ZipInfo('tool'); i.external_attr = 0o100755 << 16; z.writestr(i, 'y')
        z.mkdir('empty')
        """))
    let files = FileManager.default
    #expect(files.contents(atPath: place + "/run")?.count == 10_000)
    #expect(files.contents(atPath: place + "/lib/deep/data") == Data("x".utf8))
    #expect(files.isExecutableFile(atPath: place + "/run"))
    #expect(files.isExecutableFile(atPath: place + "/tool"))
    #expect(!files.isExecutableFile(atPath: place + "/lib/deep/data"))
    var isFolder: ObjCBool = false
    #expect(unsafe files.fileExists(atPath: place + "/empty", isDirectory: &isFolder))
    #expect(isFolder.boolValue)
  }

  // To Swift a slash with a mark on it is no slash; to the system it is.
  @Test(arguments: [
    "../evil", "/evil", "a/../../evil", "a//b", "./a", "a\\\\b", "../\u{301}evil",
    "a/\u{301}/../../evil", "..\u{600}/../evil",
  ])
  func `names that lead out of it are refused`(name: String) throws {
    expectRefused(try archive("z.writestr('\(name)', 'x')"), "leads out of it")
  }

  @Test func `a size that nothing packed could have is not believed`() throws {
    var bytes = try archive("z.writestr('run', 'x' * 100)")
    // The size in the directory, which is the last record but one; source: APPNOTE.TXT, 4.3.12.
    let directory = try #require(
      (0..<bytes.count - 4).first { Array(bytes[$0..<$0 + 4]) == [0x50, 0x4b, 1, 2] })
    bytes.replaceSubrange(directory + 24..<directory + 28, with: [0, 0, 0, 0x10])
    expectRefused(bytes, "is not as large as its directory says")
  }

  @Test func `links are refused`() throws {
    expectRefused(
      try archive(
        "i = zipfile.ZipInfo('l'); i.external_attr = 0o120777 << 16; z.writestr(i, '/etc/passwd')"),
      "is a link")
  }

  @Test func `names that no disk can hold together are refused`() throws {
    expectRefused(try archive("z.writestr('a', 'x')\nz.writestr('a/b', 'y')"), "is below a file")
    expectRefused(try archive("z.writestr('a/b', 'y')\nz.writestr('a', 'x')"), "twice")
    expectRefused(try archive("z.writestr('n' * 256, 'x')"), "too long")
  }

  @Test func `an object that cannot be read is refused without the place where it lies`() throws {
    let bucket = Bucket(folder: folder, arn: "arn:aws:s3:::b")
    unsafe mkfifo(folder + "/pipe", 0o600)
    #expect {
      try bucket.copy("pipe", to: self.folder + "/copy")
    } throws: {
      let error = $0 as? RollbookError
      return error?.code == .invalidArgument && error?.message.contains(self.folder) == false
    }
  }

  @Test func `what would fill the disk is refused before it is unpacked`() throws {
    var bytes = try archive("z.writestr('run', b'0' * 1000)")
    // The size that the directory claims.
    let directory = try #require(bytes.firstRange(of: [0x50, 0x4b, 1, 2])).lowerBound
    bytes.replaceSubrange(directory + 24..<directory + 28, with: [0, 0, 0, 0x7f])
    expectRefused(bytes, "would take more than")
  }

  @Test func `an entry that is not what it says is refused`() throws {
    let whole = try archive("z.writestr('run', b'0123456789' * 100)")
    let directory = try #require(whole.firstRange(of: [0x50, 0x4b, 1, 2])).lowerBound
    var checksum = whole
    checksum[directory + 16] ^= 1
    expectRefused(checksum, "checksum")
    var short = whole
    short[directory + 24] -= 1
    expectRefused(short, "cannot be unpacked")
    var long = whole
    long[directory + 24] += 1
    expectRefused(long, "cannot be unpacked")
    var encrypted = whole
    encrypted[directory + 8] |= 1
    expectRefused(encrypted, "encrypted")
  }

  @Test func `an archive that is cut or damaged anywhere is refused, and traps nowhere`() throws {
    let whole = try archive("z.writestr('run', b'0123456789' * 10)\nz.writestr('b', 'c')")
    for length in 0..<whole.count {
      try? FileManager.default.removeItem(atPath: folder + "/out")
      #expect(throws: RollbookError.self) { try unpack(Array(whole[..<length])) }
    }
    for index in whole.indices {
      for bit in [0, 3, 7] {
        var damaged = whole
        damaged[index] ^= 1 << UInt8(bit)
        try? FileManager.default.removeItem(atPath: folder + "/out")
        _ = try? unpack(damaged)
      }
    }
  }

  @Test func `an object is found by its key, and nothing outside of its bucket`() throws {
    let files = FileManager.default
    let root = folder + "/bucket"
    try files.createDirectory(atPath: root + "/a", withIntermediateDirectories: true)
    try Data("x".utf8).write(to: URL(filePath: root + "/a/code"))
    try Data("secret".utf8).write(to: URL(filePath: folder + "/outside"))
    try Data("secret".utf8).write(to: URL(filePath: folder + "/\u{301}outside"))
    try files.createSymbolicLink(atPath: root + "/link", withDestinationPath: folder + "/outside")
    let bucket = Bucket(folder: root, arn: "arn:aws:s3:::b")
    #expect(try bucket.path(of: "a/code").hasSuffix("/bucket/a/code"))
    for key in [
      "a", "b", "../outside", "a/../a/code", "link", "/a/code", "a//code", "./a/code", "",
      "../\u{301}outside",
    ] {
      #expect(throws: RollbookError.self, "\(key)") { try bucket.path(of: key) }
    }
  }
}
#endif
