#if CommandLine
import Foundation
import Glibc
import Testing

/// One application runs on what this installation does not have: the others are looked after all the
/// same.
@Suite struct MissingRuntimeTests {
  /// Only `rollbook` and its keeper, as where `rollbook-full` was not installed.
  private func install(_ stage: Stage) async throws -> String {
    for name in ["rollbook", "rollbook-keeper"] {
      try await stage.run(["cp", Stage.binaries + "/" + name, stage.path(name)]).exits(0)
    }
    return stage.path("rollbook")
  }

  /// Moves an application to a runtime that nobody has here.
  private func move(_ name: String, to runtime: String, _ stage: Stage) async throws {
    let sql = "UPDATE applications SET runtime = '\(runtime)' WHERE name = '\(name)'"
    try await stage.run(["sqlite3", stage.journal, sql]).exits(0)
  }

  @Test(
    "settle goes on with the others, and says what the one waits for",
    arguments: [
      ("flink", "`rollbook-full`"), ("elsewhere", "There is no runtime named elsewhere"),
    ])
  func settle(_ runtime: String, _ saying: String) async throws {
    try await onStage { stage in
      let rollbook = try await install(stage)
      try await stage.createAndStart("far", Program.idle)
      try await stage.createAndStart("near", Program.idle)
      let held = try await stage.hold("update", "near", "--redeploy", at: "before stop")
      held.command.send(SIGKILL)
      _ = try await held.command.end()
      try await move("far", to: runtime, stage)
      try await stage.run([rollbook, "settle"]).exits(1)
        .shows("near: operation 5 settled; RUNNING at version 2").shows("far: waiting: ")
        .shows(saying)
      #expect(stage.running("near") == [2])
      try await stage.run([rollbook, "settle"]).exits(1).shows("far: waiting: ")
      try await move("far", to: "process", stage)
      try await stage.run([rollbook, "settle"]).exits(0)
    }
  }

  @Test("start --interrupted starts the others, and says what the one waits for")
  func startInterrupted() async throws {
    try await onStage { stage in
      let rollbook = try await install(stage)
      try stage.write("one\n", to: "boot")
      let boot = ["ROLLBOOK_BOOT_ID_FILE": stage.path("boot")]
      for name in ["far", "near"] {
        try await stage.create(name, Program.idle)
        try await stage.rollbook(["start", name], environment: boot).exits(0)
      }
      stage.endEverything()
      try stage.write("two\n", to: "boot")
      try await move("far", to: "flink", stage)
      try await stage.run([rollbook, "start", "--interrupted"], environment: boot).exits(1)
        .shows("near: RUNNING at version 1").says("far: waiting: ").says("`rollbook-full`")
      #expect(stage.running("near") == [1])
      #expect(stage.running("far") == [])
    }
  }
}
#endif
