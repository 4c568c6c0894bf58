#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Logs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "What a program wrote: the newest 64 KiB of what runs, or ran last.")

  @Argument(help: "The application's name.") var name: String

  @Option(
    help: ArgumentHelp("Of the newest deployment of this version.", valueName: "version"))
  var version: Int64?

  @Flag(name: [.customShort("f"), .long], help: "Go on showing what is written.")
  var follow = false

  @OptionGroup var options: ReadOptions

  private static let pageSize = 65536

  func validate() throws {
    if let version { try checkVersionNumber(version) }
    if follow && (options.output == .json || options.output == .csv) {
      throw ValidationError("--follow goes with table or jsonl.")
    }
  }

  func run() async throws {
    let session = try ReadSession(options.home)
    let state = try session.state(of: name)
    let runtime = try Runtimes.runtime(of: state.application, in: session.home)
    guard var generation = try newestGeneration(session, state) else {
      throw RollbookError(
        .notFound,
        version.map { "Version \($0) of \(name) was never deployed." }
          ?? "\(name) was never deployed.",
        hint: "`rollbook operations \(name)` shows what happened.")
    }
    let part = await runtime.log(of: generation, from: nil, limit: Logs.pageSize)
    if part == nil { try tellRemoval(of: generation, session) }
    var writer = LogWriter(format: options.output)
    try writer.write(part?.bytes ?? [])
    var offset = part?.nextOffset ?? 0
    while follow && !Standard.isGone {
      let next = await runtime.log(of: generation, from: offset, limit: Logs.pageSize)
      try writer.write(next?.bytes ?? [])
      offset = next?.nextOffset ?? offset
      if next?.bytes.isEmpty == false { continue }
      try await Task.sleep(for: .milliseconds(200))
      if let newer = try newestGeneration(session, state), newer.token != generation.token {
        Standard.note("rollbook: version \(newer.version.version) follows")
        generation = newer
        offset = 0
      }
    }
    try writer.end()
  }

  /// Nothing written is not the same as nothing kept.
  private func tellRemoval(
    of generation: Generation, _ session: ReadSession
  ) throws(RollbookError) {
    let removed = try session.read { (reader) throws(RollbookError) in
      try reader.prunedAt(generation: generation.token)
    }
    guard let removed else { return }
    Standard.note(
      "rollbook: the log of version \(generation.version.version) was removed by `rollbook prune` at "
        + "\(removed.short).")
  }

  private func newestGeneration(
    _ session: ReadSession, _ state: ApplicationState
  ) throws(RollbookError) -> Generation? {
    try session.read { (reader) throws(RollbookError) in
      if version == nil, let running = try reader.runningGeneration(of: state.application),
        try reader.state(of: state.application).inFlight == nil
      {
        return running
      }
      return try reader.newestDeployment(of: state.application, version: version)
    }
  }
}

/// Writes a log as it is, or its lines as rows; onto a terminal without what would steer it.
private struct LogWriter {
  let format: OutputFormat
  private var rest: [UInt8] = []
  private var lines: [LogLine] = []

  init(format: OutputFormat) { self.format = format }

  mutating func write(_ bytes: [UInt8]) throws(RollbookError) {
    if format == .table && Terminal.output.width == nil { return Standard.write(bytes) }
    rest += bytes
    if format == .table { return writeHarmless(rest.count - LogText.cutCount(rest)) }
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      try add(rest[..<end])
      rest.removeSubrange(...end)
    }
  }

  /// The last line, and all of them where they make one document.
  mutating func end() throws(RollbookError) {
    if format == .table { return writeHarmless(rest.count) }
    if !rest.isEmpty { try add(rest[...]) }
    if format != .jsonl {
      try Answer(format: format).list("LogLines", lines) { Table([]) }
    }
  }

  private mutating func writeHarmless(_ count: Int) {
    Standard.write(String(decoding: rest[..<count], as: UTF8.self).harmless)
    rest.removeFirst(count)
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>) throws(RollbookError) {
    let line = LogLine(message: String(decoding: bytes, as: UTF8.self))
    if format == .jsonl {
      Standard.print(try JSONText.line(line))
    } else {
      lines.append(line)
    }
  }
}

enum LogText {
  /// How many bytes at the end of a part belong to a character whose others are still to come.
  static func cutCount(_ bytes: [UInt8]) -> Int {
    for count in 1...3 where count <= bytes.count {
      let byte = bytes[bytes.count - count]
      if byte < 0x80 { return 0 }
      // In UTF-8 a character's first byte says how many there are.
      if byte >= 0xC0 { return count < (byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2) ? count : 0 }
    }
    return 0
  }
}

private struct LogLine: ListingRow {
  var message: String
  static let fieldNames = ["Message"]
  var fields: [String] { [message] }
}
#endif
