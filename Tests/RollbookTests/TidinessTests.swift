import Foundation
import Rollbook
import Testing

/// What a machine can see of the rules of the house.
@Suite struct TidinessTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  struct Source {
    let path: String
    let lines: [Substring]
  }

  static func sources(below folders: String...) throws -> [Source] {
    try folders.flatMap { folder -> [Source] in
      let base = root.appending(path: folder)
      let names = FileManager.default.enumerator(atPath: base.path)?.allObjects ?? []
      return try names.compactMap { name in
        guard let name = name as? String, name.hasSuffix(".swift"), !name.contains(".build") else {
          return nil
        }
        let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
        return Source(
          path: "\(folder)/\(name)",
          lines: text.split(separator: "\n", omittingEmptySubsequences: false))
      }
    }
  }

  /// Which of our own modules each room may import.
  static let rooms: [String: Set<String>] = [
    "Sources/RollbookSQLite/": ["CRollbookSQLite"],
    "Sources/Rollbook/Model/": [],
    "Sources/Rollbook/Rules/": [],
    "Sources/Rollbook/Store/": [],
    "Sources/Rollbook/Journal/": ["RollbookSQLite", "RollbookMigrations"],
    "Sources/Rollbook/Engine/": [],
    "Sources/Rollbook/Keeping/": [],
    "Sources/RollbookTesting/": ["Rollbook"],
    "Sources/RollbookProcess/": ["Rollbook", "CRollbookProcess"],
    "Sources/RollbookFlink/": ["Rollbook"],
    "Sources/RollbookServer/": ["Rollbook", "CRollbookZlib"],
    "Sources/RollbookCommands/": ["Rollbook", "RollbookProcess"],
    "Sources/RollbookLight/": ["RollbookCommands"],
    "Sources/RollbookFull/": [
      "Rollbook", "RollbookCommands", "RollbookFlink", "RollbookServer",
    ],
    "Sources/RollbookKeeper/": ["RollbookProcess"],
  ]

  @Test func `every room imports only what it may know`() throws {
    let sources = try Self.sources(below: "Sources")
    #expect(sources.count > 50)
    for source in sources {
      let room = try #require(
        Self.rooms.first { source.path.hasPrefix($0.key) }, "\(source.path) is in no room")
      for line in source.lines {
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index < 2, words.count > index + 1,
          !line.contains("//")
        else { continue }
        let module = String(words[index + 1])
        if module.contains("Rollbook") {
          #expect(room.value.contains(module), "\(source.path) imports \(module)")
        }
        // The products that embedders use depend on nothing but the toolchain.
        let mayDepend = [
          "RollbookCommands", "RollbookLight", "RollbookFlink", "RollbookServer", "RollbookFull",
        ]
        if !mayDepend.contains(where: source.path.contains) {
          let ours = module.contains("Rollbook")
          #expect(
            ours
              || ["Glibc", "Dispatch", "Synchronization", "FoundationEssentials"].contains(module),
            "\(source.path) imports \(module)")
        }
      }
    }
  }

  @Test func `SQL stands in the journal's room only`() throws {
    let words = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "BEGIN "]
    for source in try Self.sources(below: "Sources") {
      if source.path.hasPrefix("Sources/Rollbook/Journal/") { continue }
      for line in source.lines {
        let code = line.trimmingCharacters(in: .whitespaces)
        let isComment = code.hasPrefix("//")
        // An example in a help text is no statement of ours.
        let isHelp = code.contains("rollbook sql") || code.contains("UPDATE or")
        for word in words where !isComment && !isHelp {
          #expect(!code.contains("\"\(word)") && !code.hasPrefix(word), "\(source.path): \(code)")
        }
      }
    }
  }

  @Test func `files are at most 500 lines and functions at most 70`() throws {
    for source in try Self.sources(below: "Sources", "Tests", "migrations", "Examples") {
      #expect(source.lines.count <= 500, "\(source.path) has \(source.lines.count) lines")
      for (name, length) in functions(of: source) {
        #expect(length <= 70, "\(source.path): \(name) has \(length) lines")
      }
    }
  }

  /// Functions by their indentation, which the formatter guarantees.
  private func functions(of source: Source) -> [(String, Int)] {
    var found: [(String, Int)] = []
    var open: (name: String, indent: Int, line: Int)?
    for (number, line) in source.lines.enumerated() {
      let indent = line.prefix { $0 == " " }.count
      let code = line.dropFirst(indent)
      if let function = open {
        if indent == function.indent, code.hasPrefix("}") {
          found.append((function.name, number - function.line + 1))
          open = nil
        } else if indent < function.indent && !code.isEmpty {
          // It was a protocol's, without a body.
          open = nil
        }
      } else if !code.hasPrefix("//"),
        code.contains("func ") || code.hasPrefix("init") || code.contains(" init("),
        !code.hasSuffix("}")
      {
        open = (String(code), indent, number)
      }
    }
    return found
  }

  @Test func `no trap on what input, disk or network can cause`() throws {
    for source in try Self.sources(below: "Sources", "migrations") {
      for line in source.lines where !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") {
        for trap in ["try!", "fatalError(", " as! ", "preconditionFailure("] {
          #expect(!line.contains(trap), "\(source.path): \(line)")
        }
      }
    }
  }

  @Test func `unchecked sendability is justified where it stands`() throws {
    for source in try Self.sources(below: "Sources") {
      for (number, line) in source.lines.enumerated()
      where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
        guard !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") else { continue }
        let above = source.lines[max(0, number - 8)..<number]
        #expect(above.contains { $0.contains("//") }, "\(source.path):\(number + 1)")
      }
    }
  }

  @Test func `the documentation shows the rules' own tables`() throws {
    let text = try String(
      contentsOf: Self.root.appending(path: "docs/ARCHITECTURE.md"), encoding: .utf8)
    #expect(text.contains(Lifecycle.table))
    #expect(text.contains(Lifecycle.diagram))
    #expect(text.contains(Settling.table))
  }

  @Test func `every public column of the views is documented`() async throws {
    let text = try String(contentsOf: Self.root.appending(path: "docs/SQL.md"), encoding: .utf8)
    let views = try String(
      contentsOf: Self.root.appending(path: "migrations/V0003__views.sql"), encoding: .utf8)
    let names = views.split(separator: "\n").filter { $0.hasPrefix("CREATE VIEW ") }
      .compactMap { $0.split(separator: " ").dropFirst(2).first.map(String.init) }
    #expect(names.count == 5)
    let bench = try Bench()
    for name in names {
      #expect(text.contains("## `\(name)`"))
      for column in try bench.columns(of: name) {
        #expect(text.contains("| `\(column)` |"), "\(name).\(column)")
      }
    }
  }
}
