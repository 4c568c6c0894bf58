#if CommandLine
import Foundation
import Glibc
import Testing

/// Programs that save in their SIGTERM handler, and programs that are paused.
@Suite struct CrashPauseTests {
  @Test("What is saved in the SIGTERM handler is there after update, rollback, scale and stop")
  func saved() async throws {
    try await onStage { stage in
      try await stage.createSaver()
      try await stage.rollbook("start", "shop").exits(0)
      try await stage.rollbook("update", "shop", "--redeploy").exits(0)
      _ = try await stage.update("shop", Program.throwingAtOnce).exits(3)
      try await stage.rollbook("scale", "shop", "--parallelism", "2").exits(0)
      try await stage.rollbook("stop", "shop").exits(0)
      try await stage.rollbook("start", "shop").exits(0)
      stage.expectContinuity()
      #expect(stage.beginnings() == [0, 1, 2, 3, 4])
    }
  }

  @Test("A rollback by request keeps what the newer version saved, for going forward again")
  func forwardAgain() async throws {
    try await onStage { stage in
      try await stage.createSaver()
      try await stage.rollbook("start", "shop").exits(0)
      try await stage.rollbook("update", "shop", "--redeploy").exits(0)
      try await stage.rollbook("rollback", "shop").exits(0)
      // Version 1 begins with what it can read; version 2 had saved 2.
      #expect(stage.beginnings() == [0, 1, 1])
      let id = try #require(try await stage.operationList("shop").first?["OperationId"].text)
      try await stage.rollbook("update", "shop", "--redeploy", "--from", "auto-v2-\(id)").exits(0)
      #expect(stage.beginnings() == [0, 1, 1, 2])
    }
  }

  @Test(
    "A paused program goes on when whoever paused it is killed",
    arguments: [
      ["snapshot", "create", "shop"], ["stop", "shop"], ["update", "shop", "--redeploy"],
    ])
  func paused(_ words: [String]) async throws {
    try await onStage { stage in
      try await stage.createSaver()
      try await stage.rollbook("start", "shop").exits(0)
      let instance = try #require(stage.instances(of: "shop").first)
      // It holds nothing, and takes long to copy.
      let large = instance.state + "/large"
      #expect(FileManager.default.createFile(atPath: large, contents: nil))
      #expect(unsafe truncate(large, 64 << 30) == 0)
      let command = try stage.background(words)
      try await wait(until: "it is paused and being copied") {
        if let status = command.status { throw EndedTooSoon(status: status, said: command.err) }
        return ProcessFacts(instance.pid)?.state == "T"
          && snapshotNames(stage).contains { $0.hasSuffix(".partial") }
      }
      command.send(SIGKILL)
      try await command.end().exits(128 + SIGKILL)
      try await wait(until: "nothing of it is paused") {
        let members = ProcessList.naming(stage.home).filter {
          $0.environment["ROLLBOOK_GENERATION"] == instance.generation
        }
        return members.count == 2 && !members.contains { $0.state == "T" }
      }
      try FileManager.default.removeItem(atPath: large)
      try await stage.rollbook("settle").exits(0)
      #expect(try await stage.sql("SELECT operation_id FROM open_operations") == [])
      let rest = snapshotNames(stage)
      #expect(!rest.contains { $0.contains("partial") || $0.contains("paused") }, "\(rest)")
      if words[0] == "snapshot" {
        #expect(stage.instances(of: "shop") == [instance])
        #expect(try await stage.operations("shop").first == "CreateApplicationSnapshot FAILED")
      }
      if words[0] == "stop" { try await stage.rollbook("start", "shop").exits(0) }
      if words[0] != "snapshot" { #expect(stage.beginnings() == [0, 1]) }
    }
  }

  /// What stands in the folder of the only application's snapshots.
  private func snapshotNames(_ stage: Stage) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: stage.home + "/snapshots/1")) ?? []
  }
}
#endif
