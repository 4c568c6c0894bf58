#if CommandLine && Server
import Foundation
import Testing

/// The session of docs/AWS-API.md works as it is written there.
@Suite struct PageTests {
  @Test("The page's commands, typed one after the other, show what the page shows")
  func session() async throws {
    try await onStage { stage in
      let commands = try Self.commands()
      let serve = try #require(commands.firstIndex { $0.hasPrefix("rollbook serve ") })
      let clients = try await AWSClients.folder()
      let environment = ["PATH": "\(Stage.binaries):\(clients)/bin:/usr/bin:/bin"]
      func type(_ lines: some Sequence<String>) async throws -> Run {
        let script = "cd \"\(stage.folder)\"\n" + lines.joined(separator: "\n")
        return try await stage.run(["bash", "-c", script], environment: environment)
      }
      try await type(commands[..<serve]).exits(0)
      let options = commands[serve].replacing("$PWD", with: stage.folder)
        .split(separator: " ").dropFirst().map(String.init)
      let server = try stage.background(options + ["--listen", "127.0.0.1:0"])
      let port = try await wait(for: "the server's port") {
        server.out.split(separator: ":").last.flatMap {
          UInt16($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
      }
      let run = try await type(
        commands[(serve + 1)...].map { $0.replacing(":8080", with: ":\(port)") }
      ).exits(0)
      // Member for member, but for the times.
      let shown = try Self.withoutTimes(run.out)
      for answer in try Self.answers() {
        #expect(shown.contains(try Self.withoutTimes(answer)), "\(run.out)")
      }
      #expect(try await stage.standing("shop") == "RUNNING 2")
    }
  }

  private static func page() throws -> [String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "docs/AWS-API.md"), encoding: .utf8)
    return text.components(separatedBy: "\n## ")[0].components(separatedBy: "\n")
  }

  /// What is typed: from a dollar on, for as long as a quote is open or a line goes on.
  private static func commands() throws -> [String] {
    var commands: [String] = []
    var goesOn = false
    for line in try page() where goesOn || line.hasPrefix("    $ ") {
      if goesOn {
        commands[commands.count - 1] += "\n" + line
      } else {
        commands.append(String(line.dropFirst(6)))
      }
      let typed = commands[commands.count - 1]
      goesOn = typed.hasSuffix("\\") || typed.count { $0 == "'" } % 2 == 1
    }
    return commands
  }

  /// The answers that the page shows whole.
  private static func answers() throws -> [String] {
    let text = try page().filter { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }
      .joined(separator: "\n")
    let operations = text.components(separatedBy: "        {\n").dropFirst().prefix(2)
      .map { $0.components(separatedBy: "\n        }")[0] }
    let details = try #require(text.components(separatedBy: "--operation-id 4\n").last)
    return operations + [details]
  }

  private static func withoutTimes(_ text: String) throws -> String {
    text.replacing(try Regex("Time\": [0-9.]+"), with: "Time\": 0")
  }
}
#endif
