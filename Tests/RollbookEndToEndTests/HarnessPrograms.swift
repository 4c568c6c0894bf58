#if CommandLine
import Foundation
import Testing

/// Programs that tests deploy.
enum Program {
  /// Counts in its state folder, a file for each instance, and saves when it is asked to end.
  ///
  /// Every beginning and every end is told to the file that the property LEDGER names, which no
  /// rollback restores.
  static let counter = """
    #!/bin/sh
    file="$ROLLBOOK_STATE/count-$ROLLBOOK_INSTANCE"
    n=0
    save() {
      echo "$n" > "$file.new"
      mv "$file.new" "$file"
    }
    tell() {
      [ -z "$LEDGER" ] || echo "$ROLLBOOK_VERSION $1 $n" >> "$LEDGER"
    }
    trap 'save; tell ended; exit 0' TERM
    [ ! -f "$file" ] || read -r n < "$file"
    tell began
    while :; do
      n=$((n + 1))
      save
      sleep 0.02
    done
    """

  /// Another program that does the same: other bytes, so that the artifact changes.
  static func counter(_ remark: String) -> String { "\(counter)\n# \(remark)\n" }

  /// A counter that fails with exit status 7 once the file that the property TRIGGER names is there.
  static let counterThatFailsWhenTold = counter.replacing(
    "  sleep 0.02",
    with: """
        [ ! -e "$TRIGGER" ] || { echo "fatal error: told to fail" >&2; exit 7; }
        sleep 0.02
      """)

  /// The article's version 4: throws in its main, where the property TRIGGER names a file once
  /// it is there.
  static let throwing = """
    #!/bin/sh
    echo "starting up"
    while [ -n "$TRIGGER" ] && [ ! -e "$TRIGGER" ]; do sleep 0.02; done
    echo 'Exception in thread "main" java.lang.RuntimeException: '"$MESSAGE" >&2
    echo "    at com.example.Main.main(Main.java:42)" >&2
    exit 1
    """

  /// Throws at once.
  static let throwingAtOnce = """
    #!/bin/sh
    echo "fatal error: it does not work" >&2
    exit 1
    """

  /// Waits to be ended.
  static let idle = "#!/bin/sh\nwhile :; do sleep 0.05; done\n"

  static let exitsAtOnce = "#!/bin/sh\nexit 0\n"

  static let killsItself = "#!/bin/sh\nkill -KILL $$\n"
}

/// What a counter told of its life.
struct LedgerLine: Sendable, Equatable {
  let version: Int
  /// `began` or `ended`.
  let event: String
  let count: Int
}

extension Stage {
  var ledgerPath: String { path("ledger") }

  func ledger() -> [LedgerLine] {
    (text(ledgerPath) ?? "").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 3, let version = Int(words[0]), let count = Int(words[2]) else {
        return nil
      }
      return LedgerLine(version: version, event: String(words[1]), count: count)
    }
  }

  /// The versions of the counters that began, in their order.
  func begun() -> [Int] { ledger().filter { $0.event == "began" }.map(\.version) }

  /// Expects that every counter began where the one before it had ended: nothing was counted twice,
  /// nothing was lost.
  func expectContinuity(sourceLocation: SourceLocation = #_sourceLocation) {
    let lines = ledger()
    #expect(lines.first?.count == 0, "\(lines)", sourceLocation: sourceLocation)
    for (line, next) in zip(lines, lines.dropFirst()) {
      #expect(line.event != next.event, "\(lines)", sourceLocation: sourceLocation)
      if next.event == "began" {
        #expect(line.count == next.count, "\(lines)", sourceLocation: sourceLocation)
      }
    }
  }

  /// The count of an instance that runs; nil where there is none yet.
  func count(of application: String, instance: Int = 0) -> Int? {
    guard let found = instances(of: application).first(where: { $0.index == instance }),
      let text = text("\(found.state)/count-\(instance)")
    else { return nil }
    return Int(text.split(separator: "\n").first ?? "")
  }

  /// Waits until the counter that runs has gone on.
  func waitUntilCounting(_ application: String, above least: Int = 0) async throws {
    try await wait(until: "\(application) counts on from \(least)") {
      (count(of: application) ?? -1) > least
    }
  }

  /// Windows that keep tests short; whatever comes later on the command line counts.
  static let short = ["--settle", "0.1", "--timeout", "30", "--stop-grace", "10"]

  /// Makes an application out of a program's text, with the ledger where it is told.
  @discardableResult
  func create(
    _ name: String, _ program: String = Program.counter, _ options: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> Run {
    try await create(name, program, options, sourceLocation)
  }

  /// Makes an application and starts it.
  func createAndStart(
    _ name: String, _ program: String = Program.counter, _ options: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await create(name, program, options, sourceLocation)
    try await rollbook("start", name).exits(0, sourceLocation: sourceLocation)
  }

  @discardableResult
  private func create(
    _ name: String, _ program: String, _ options: [String], _ sourceLocation: SourceLocation
  ) async throws -> Run {
    let code = try write(program, to: "\(name).sh")
    let settings = ["--property", "LEDGER=\(ledgerPath)"] + Stage.short + options
    return try await rollbook(["create", name, "--code", code] + settings)
      .exits(0, sourceLocation: sourceLocation)
  }

  /// Long enough for a program that fails at once to have failed, on any machine.
  static let long = ["--settle", "20"]

  /// Updates to another program.
  func update(_ name: String, _ program: String, _ options: String...) async throws -> Run {
    let code = try write(program, to: "\(name)-\(UUID().uuidString).sh")
    return try await rollbook(["update", name, "--code", code] + options)
  }
}
#endif
