#if CommandLine
import Foundation
import Testing

/// What is shown to somebody who sits before a terminal.
@Suite struct TerminalTests {
  private static let escape = "\u{1B}["
  private static let colour = "\u{1B}[3"

  private func terminal(
    _ stage: Stage, _ words: [String], _ environment: [String: String] = [:]
  ) throws -> Terminal {
    try Terminal(
      [Stage.binaries + "/rollbook"] + words,
      environment: ["ROLLBOOK_HOME": stage.home, "TERM": "xterm", "PATH": "/usr/bin:/bin"]
        .merging(environment) { $1 })
  }

  @Test("Colours are for terminals, where NO_COLOR is not set")
  func colours() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.idle)
      for words in [["status", "shop"], ["operations", "shop"]] {
        let coloured = try terminal(stage, words)
        #expect(try await wait(for: "its end") { coloured.status } == 0)
        #expect(coloured.text.contains(Self.colour), "\(coloured.text)")
        let plain = try terminal(stage, words, ["NO_COLOR": "1"])
        #expect(try await wait(for: "its end") { plain.status } == 0)
        #expect(plain.text.contains("SUCCESSFUL") || plain.text.contains("RUNNING"))
        #expect(!plain.text.contains(Self.escape), "\(plain.text)")
        let piped = try await stage.rollbook(words)
        #expect(!piped.exits(0).out.contains(Self.escape))
      }
    }
  }

  @Test("Progress is drawn in its place on a terminal, and a line for each step elsewhere")
  func progress() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.idle)
      let live = try terminal(stage, ["update", "shop", "--redeploy"])
      let status = try await wait(for: "its end") {
        // Read on the way: nobody writes to a terminal that is full.
        _ = live.text
        return live.status
      }
      #expect(status == 0)
      let erase = "\r\u{1B}[2K"
      #expect(live.text.components(separatedBy: erase).count > 4, "\(live.text)")
      #expect(live.text.contains("deployed, waiting until it is RUNNING"))
      let plain = try await stage.rollbook("update", "shop", "--redeploy").exits(0)
      #expect(!plain.err.contains("\r") && !plain.err.contains(Self.escape), "\(plain.err)")
      #expect(plain.err.split(separator: "\n").count == 6, "\(plain.err)")
    }
  }

  @Test("Watching shows each change in its place, and ends when nothing is in flight")
  func watch() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.idle)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before stop")
      let watching = try terminal(stage, ["status", "shop", "--watch"])
      try await wait(until: "the update is shown") { watching.text.contains("UPDATING") }
      #expect(watching.status == nil)
      try held.release()
      try await held.command.end().exits(0)
      #expect(try await wait(for: "its end") { watching.status } == 0)
      let last = watching.text.components(separatedBy: "\u{1B}[J").last ?? ""
      #expect(last.contains("RUNNING") && last.contains("version 2 runs"), "\(watching.text)")
      #expect(!last.contains("UPDATING"))
    }
  }
}
#endif
