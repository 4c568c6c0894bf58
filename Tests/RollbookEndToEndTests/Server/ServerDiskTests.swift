#if CommandLine && Server
import Foundation
import Glibc
import Testing

/// What happens to a server whose journal or disk is taken away.
@Suite struct ServerDiskTests {
  @Test("A journal that is deleted or replaced under a server: it refuses, says why, and goes on")
  func replaced() async throws {
    try await onServer { server in
      try await server.create()
      let stage = server.stage
      let arn = try await server.detail()["ApplicationARN"].text
      let aside = stage.path("aside.db")
      // Both of its connections that read are open.
      for _ in 0..<20 { _ = try await server.detail() }
      for replaces in [false, true] {
        try FileManager.default.moveItem(atPath: stage.journal, toPath: aside)
        if replaces { try FileManager.default.copyItem(atPath: aside, toPath: stage.journal) }
        let answer = try await server.wire.call(
          "TagResource", "{\"ResourceARN\":\"\(arn)\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"}]}")
        #expect(answer.status == 503, "\(answer.body)")
        #expect(answer.body.contains("replaced or deleted while it was in use"), "\(answer.body)")
        // What nobody can give back is said.
        #expect(answer.body.contains("in the file that is gone is in no other"), "\(answer.body)")
        #expect(try await server.wire.get("/readyz").status == 503)
        if replaces { try stage.remove(stage.journal) }
        try FileManager.default.moveItem(atPath: aside, toPath: stage.journal)
        #expect(try await server.wire.get("/readyz").status == 200)
      }
      try await server.start()
      #expect(try await stage.standing("shop") == "RUNNING 1")
      try await stage.rollbook("verify").exits(0)
    }
  }

  @Test(
    "A disk that is full for a while: a server answers, refuses, and goes on by itself",
    .enabled(if: SmallDisk.canBeMade, "NOT TESTED HERE: no tmpfs can be mounted"))
  func full() async throws {
    try await onStage { stage in
      let disk = try await SmallDisk(stage)
      try await disk.use {
        let server = try await stage.serve()
        try await server.create()
        let arn = try await server.detail()["ApplicationARN"].text
        let tag = "{\"ResourceARN\":\"\(arn)\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"}]}"
        for _ in 1...2 {
          disk.fill()
          let start = try await server.call("StartApplication")
          #expect(start.status == 503 && start.body.contains("disk is full"), "\(start.body)")
          let tagged = try await server.wire.call("TagResource", tag)
          #expect(tagged.status == 503 && tagged.body.contains("disk is full"), "\(tagged.body)")
          #expect(try await server.status() == "READY")
          try disk.free()
        }
        #expect(try await server.wire.call("TagResource", tag).status == 200)
        try await server.start()
        #expect(try await server.call("StopApplication", ",\"Force\":true").status == 200)
        try await server.wait(for: "READY")
        server.command.send(SIGTERM)
        try await server.command.end().exits(0)
        // What was refused has left nothing.
        #expect(
          try await stage.operations("shop") == [
            "StopApplication SUCCESSFUL", "StartApplication SUCCESSFUL",
            "CreateApplication SUCCESSFUL",
          ])
        try await stage.rollbook("verify").exits(0)
      }
    }
  }

  @Test(
    "A file system that makes itself read-only under a server: it answers, refuses, and loses nothing",
    .enabled(
      if: FailingFileSystem.canBeMade,
      "NOT TESTED HERE: no file system can be made in a file, and told to fail"))
  func readOnly() async throws {
    try await onStage { stage in
      let disk = try await FailingFileSystem(stage)
      try await disk.use {
        let server = try await stage.serve(["--bake", "600"])
        try await server.create()
        try await server.start()
        let update = try await server.call(
          "UpdateApplication",
          ",\"CurrentApplicationVersionId\":1,\"ApplicationConfigurationUpdate\":{}")
        #expect(update.status == 200, "\(update.body)")
        try await wait(until: "it is watched for ten minutes") {
          try await stage.steps("UpdateApplication", of: "shop").contains("running")
        }
        try disk.fail()
        let stop = try await server.call("StopApplication", ",\"Force\":true")
        #expect(stop.status == 503 && stop.body.contains("Read-only file system"), "\(stop.body)")
        #expect(try await server.status() == "UPDATING")
        server.command.send(SIGKILL)
        _ = try await server.command.end()
        stage.endEverything()
        try await disk.repair()
        // What had been acknowledged is there; what was in progress is carried on.
        try await stage.rollbook("verify").exits(0)
        let next = try await stage.serve(["--bake", "600"])
        #expect(try await next.status() == "UPDATING")
        let again = try await next.call("StopApplication", ",\"Force\":true")
        #expect(again.status == 200, "\(again.body)")
        try await next.wait(for: "READY")
        next.command.send(SIGTERM)
        try await next.command.end().exits(0)
      }
    }
  }
}

/// A file system in a file, on which a stage has its home, and which can be told that it is broken: then
/// it makes itself read-only, whoever has files of it open.
private struct FailingFileSystem {
  let stage: Stage
  private var image: String { stage.path("image") }

  /// Whether one can be made here: that is root's right, and containers may not have it.
  static let canBeMade: Bool = {
    guard getuid() == 0, let stage = try? Stage() else { return false }
    defer { stage.clear() }
    let script = """
      truncate -s 4M image && mkfs.ext4 -q -O ^has_journal image && mkdir place \
      && mount -o loop,errors=remount-ro image place || exit 1
      test -w "/sys/fs/ext4/$(basename "$(findmnt -no SOURCE place)")/trigger_fs_error"
      status=$?
      umount -l place
      exit $status
      """
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = URL(filePath: stage.folder)
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  init(_ stage: Stage) async throws {
    self.stage = stage
    try await shell(
      """
      truncate -s 24M '\(image)' && mkfs.ext4 -q -O ^has_journal '\(image)' \
      && mkdir -p '\(stage.home)' && mount -o loop,errors=remount-ro '\(image)' '\(stage.home)'
      """)
  }

  /// Runs a part of a test, and takes the file system away however that ends.
  func use(_ body: () async throws -> Void) async throws {
    defer { _ = unsafe umount2(stage.home, Int32(MNT_DETACH)) }
    try await body()
  }

  func fail() throws {
    let device = try String(contentsOfFile: "/proc/mounts", encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: " ") }.last { $0.count > 1 && $0[1] == stage.home }?.first
    let name = try #require(device).split(separator: "/").last ?? ""
    // Not by an atomic write, which would make another file.
    let file = try #require(FileHandle(forWritingAtPath: "/sys/fs/ext4/\(name)/trigger_fs_error"))
    try file.write(contentsOf: Data("1".utf8))
    try file.close()
  }

  /// As whoever looks after the machine does.
  func repair() async throws {
    try await shell(
      """
      umount '\(stage.home)' && { e2fsck -fy '\(image)' >/dev/null || test $? -le 1; } \
      && mount -o loop,errors=remount-ro '\(image)' '\(stage.home)'
      """)
  }

  private func shell(_ script: String) async throws {
    try await stage.run(
      ["sh", "-c", script], environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
    ).exits(0)
  }
}
#endif
