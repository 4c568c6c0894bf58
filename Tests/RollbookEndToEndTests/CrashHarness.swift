#if CommandLine
import Foundation
import Glibc
import Testing

extension Program {
  /// Does one piece of work in memory, saves only in its SIGTERM handler, and is otherwise quiet.
  ///
  /// Instance 0 tells the ledger; each begins by making a file in the working folder.
  static let saver = """
    #!/bin/sh
    file="$ROLLBOOK_STATE/count-$ROLLBOOK_INSTANCE"
    n=0
    tell() {
      [ "$ROLLBOOK_INSTANCE" != 0 ] || echo "$ROLLBOOK_VERSION $1 $n" >> "$LEDGER"
    }
    trap 'echo "$n" > "$file"; tell ended; exit 0' TERM
    [ ! -f "$file" ] || read -r n < "$file"
    tell began
    n=$((n + 1))
    : > "began-$ROLLBOOK_INSTANCE"
    while :; do sleep 3600 & wait $!; done

    """

  /// The ready check of a saver: passes as soon as its handler is there.
  static let saverCheck = "until [ -e began-0 ]; do sleep 0.01; done"

  /// A saver whose instance 1 exits with success once the file that the property LEAVE names is
  /// there.
  static let leaver = saver.replacingOccurrences(
    of: "tell began\n",
    with: """
      tell began
      if [ "$ROLLBOOK_INSTANCE" = 1 ]; then
        until [ -e "$LEAVE" ]; do sleep 0.01; done
        exit 0
      fi

      """)

  /// A saver whose SIGTERM handler first says so, and then waits for the file that the property
  /// MAYEND names.
  static let lingerer = saver.replacingOccurrences(
    of: "trap 'echo",
    with: "trap ': > asked; until [ -e \"$MAYEND\" ]; do sleep 0.01; done; echo")
}

extension Stage {
  /// Makes an application out of a saver.
  func createSaver(_ name: String = "shop", _ options: String...) async throws {
    let code = try write(Program.saver, to: "\(name).sh")
    let words = ["create", name, "--code", code, "--property", "LEDGER=\(ledgerPath)"]
    let check = ["--ready-check", Program.saverCheck, "--rollback"]
    try await rollbook(words + Stage.short + check + options).exits(0)
  }

  /// The counts with which generations began, in their order.
  func beginnings() -> [Int] { ledger().filter { $0.event == "began" }.map(\.count) }

  /// The tokens of the generations of which any process lives, helpers too.
  func livingGenerations() -> Set<String> {
    Set(ProcessList.naming(home).compactMap { $0.environment["ROLLBOOK_GENERATION"] })
  }

  /// The rows that `rollbook sql` answers.
  func sql(_ query: String) async throws -> [JSON] {
    try await rollbook("sql", query, "--output", "json").exits(0).json().array
  }

  /// Waits until an operation has made a step.
  func waitForStep(_ step: String, of operation: Int) async throws {
    try await wait(until: "the step \(step) is durable") {
      try await sql(
        "SELECT step FROM operation_steps WHERE operation_id = \(operation) AND step = '\(step)'"
      ).count == 1
    }
  }
}

/// A verb that waits at a point of a call of the runtime's.
struct HeldCommand {
  let command: Command
  fileprivate let file: String

  /// Lets it go on.
  func release() throws { try FileManager.default.removeItem(atPath: file) }

  /// Sends a signal, and waits until the verb has said a word about it.
  func send(_ signal: Int32, until said: String) async throws {
    command.send(signal)
    try await wait(until: "it says: \(said)") { command.err.contains(said) }
  }
}

extension Stage {
  /// Starts a verb, and waits until it has reached a point such as `before deploy`.
  func hold(_ words: String..., at point: String) async throws -> HeldCommand {
    try await hold(words, at: point)
  }

  func hold(_ words: [String], at point: String) async throws -> HeldCommand {
    let file = path("hold-\(UUID().uuidString)")
    let command = try background(
      words, environment: ["ROLLBOOK_HOLD_AT": point, "ROLLBOOK_HOLD_FILE": file])
    try await wait(until: "\(words) is \(point)") {
      if let status = command.status { throw EndedTooSoon(status: status, said: command.err) }
      return text(file) != nil
    }
    return HeldCommand(command: command, file: file)
  }

  /// What `status` says is in flight; `null` where nothing is.
  func inFlight(_ name: String = "shop") async throws -> JSON {
    try await json("status", name)["ApplicationDetail"]["OperationInProgress"]
  }

  /// What `status` says is observed: `ENDED`, and how.
  func observed(
    _ name: String = "shop", environment: [String: String] = [:]
  ) async throws -> (state: String, detail: String) {
    let run = try await rollbook(["status", name, "--output", "json"], environment: environment)
    let observed = try run.exits(0).json()["ApplicationDetail"]["Observed"]
    return (observed["State"].text, observed["Detail"].text)
  }
}

struct EndedTooSoon: Error {
  let status: Int32
  let said: String
}

/// What the open descriptors of a process are.
func readLinks(of pid: pid_t) -> [String] {
  let folder = "/proc/\(pid)/fd"
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return names.compactMap {
    try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
  }
}

/// Does something for each item, a few at a time.
func inParallel<Item: Sendable>(
  _ items: [Item], atMost limit: Int, _ body: @escaping @Sendable (Item) async throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for (index, item) in items.enumerated() {
      if index >= limit { try await group.next() }
      group.addTask { try await body(item) }
    }
    try await group.waitForAll()
  }
}
#endif
