#if CommandLine
import Foundation
import Testing

/// A disk that is full, or may not be written: what is said, what can be read, and how it goes on.
@Suite(
  .enabled(
    if: SmallDisk.canBeMade,
    "NOT TESTED HERE: no tmpfs can be mounted, so nobody knows what a full disk does"))
struct FullDiskTests {
  @Test("On a full disk all can be read, and a change says what is full and what to do")
  func full() async throws {
    try await onStage { stage in
      let disk = try await SmallDisk(stage)
      try await disk.use {
        try await stage.create("shop", Program.idle)
        disk.fill()
        for (verb, answer) in [
          (["list"], "shop  READY"), (["status", "shop"], "STATUS       READY"),
          (["operations", "shop"], "CreateApplication  SUCCESSFUL"),
          (["versions", "shop"], "shop.sh"),
          (["sql", "SELECT application FROM operation_history"], "shop"),
        ] { try await stage.rollbook(verb).exits(0).shows(answer) }
        for verb in [["update", "shop", "--description", "x"], ["start", "shop"], ["settle"]] {
          try await stage.rollbook(verb).exits(74).says("disk is full").says(stage.home)
            .says("Free space")
        }
        try disk.free()
        try await stage.rollbook("update", "shop", "--description", "x").exits(0)
      }
    }
  }

  @Test("Code that does not fit is a full disk too, and nothing of it stays")
  func code() async throws {
    try await onStage { stage in
      let disk = try await SmallDisk(stage)
      try await disk.use {
        try await stage.create("shop", Program.idle)
        // More than the whole disk.
        let big = try stage.write(
          Program.idle + String(repeating: "#", count: 4 << 20), to: "big.sh")
        let artifacts = stage.home + "/artifacts"
        let before = try FileManager.default.contentsOfDirectory(atPath: artifacts)
        for words in [["update", "shop", "--code", big], ["create", "other", "--code", big]] {
          try await stage.rollbook(words).exits(74).says("disk is full").says(artifacts)
            .says("Free space")
          #expect(try FileManager.default.contentsOfDirectory(atPath: artifacts) == before)
        }
        let small = try stage.write(Program.counter, to: "small.sh")
        disk.fill()
        try await stage.rollbook("update", "shop", "--code", small).exits(74).says("disk is full")
        try disk.free()
        try await stage.rollbook("update", "shop", "--code", small).exits(0)
        #expect(try await stage.standing("shop") == "READY 2")
        // Code that cannot be read is nothing that the disk could help.
        try await stage.rollbook("update", "shop", "--code", stage.path("none")).exits(64)
      }
    }
  }

  @Test("A change whose disk fills says what stays in progress, and settle carries it on")
  func fillsMeanwhile() async throws {
    try await onStage { stage in
      let disk = try await SmallDisk(stage)
      try await disk.use {
        try await stage.createAndStart("shop", Program.idle)
        let held = try await stage.hold("update", "shop", "--redeploy", at: "before stop")
        disk.fill()
        try held.release()
        try await held.command.end().exits(74).says("disk is full").says(stage.journal)
          .says("In progress still: UpdateApplication 3.").says("`rollbook settle`")
        try disk.free()
        try await stage.rollbook("settle").exits(0)
        #expect(try await stage.standing("shop").hasPrefix("RUNNING"))
        #expect(stage.instances(of: "shop").count == 1)
        try await stage.rollbook("stop", "shop", "--force").exits(0)
      }
    }
  }

  @Test("On a disk that may only be read, verbs that look work, and the others say why not")
  func readOnly() async throws {
    try await onStage { stage in
      let disk = try await SmallDisk(stage)
      try await disk.use {
        try await stage.create("shop", Program.idle)
        disk.protect()
        for verb in [["list"], ["status", "shop"], ["wait", "shop"]] {
          try await stage.rollbook(verb).exits(0).shows("shop")
        }
        let code = try stage.write(Program.idle, to: "other.sh")
        for verb in [["start", "shop"], ["settle"], ["create", "other", "--code", code]] {
          let run = try await stage.rollbook(verb)
          run.exits(74).says("Read-only file system").says("It can be read")
          #expect(!run.err.contains("Check that you may read"))
        }
      }
    }
  }
}
#endif
