import Foundation
import Glibc
import Testing

/// Where a crowd's journal is: in memory where the system has such a place, on the disk in the long form.
final class CrowdPlace {
  let folder: String
  var journal: String { folder + "/journal.db" }

  init() throws {
    let disk = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let base = CrowdTests.longTurns == nil ? folderInMemory : disk
    folder = "\(base)/rollbook-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }
}

/// Processes that write to one journal, and begin at the same time.
final class Crowd {
  typealias Report = [String: Double]

  private let members: [Member]

  private struct Member {
    let process: Process
    let input = Pipe()
    let output = Pipe()
  }

  init(_ journal: String, processes: Int) throws {
    let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
    var members: [Member] = []
    for index in 0..<processes {
      let member = Member(process: Process())
      member.process.executableURL = folder.appending(path: "CrowdWriter")
      member.process.arguments = [
        journal, "\(index)", "\(CrowdTests.tasks)", "\(CrowdTests.turns)",
      ]
      member.process.standardInput = member.input
      member.process.standardOutput = member.output
      try member.process.run()
      members.append(member)
    }
    self.members = members
  }

  /// Waits until all have opened the journal and made their applications.
  func ready() async {
    for member in members {
      #expect(await text(from: member.output, until: { $0.contains("\n") }) == "ready\n")
    }
  }

  /// Lets all begin.
  func begin() {
    for member in members { member.input.fileHandleForWriting.write(Data("begin\n".utf8)) }
  }

  /// What each says once it is done.
  func reports() async -> [Report] {
    var reports: [Report] = []
    for member in members {
      let said = await text(from: member.output)
      member.process.waitUntilExit()
      #expect(member.process.terminationStatus == 0, Comment(rawValue: said))
      let pairs = said.split(whereSeparator: \.isWhitespace).compactMap { pair in
        let parts = pair.split(separator: "=")
        return parts.count == 2 ? Double(parts[1]).map { (String(parts[0]), $0) } : nil
      }
      reports.append(Dictionary(pairs) { $1 })
    }
    return reports
  }

  /// Ends those that a failed test left.
  func kill() {
    for member in members where member.process.isRunning {
      _ = Glibc.kill(member.process.processIdentifier, SIGKILL)
      member.process.waitUntilExit()
    }
  }

  /// One line of all: writes a second, and the slowest of any process.
  static func tell(_ reports: [Report], _ circumstances: String = "") {
    func worst(_ name: String) -> Double { reports.map { $0[name] ?? 0 }.max() ?? 0 }
    let writes = reports.reduce(0) { $0 + ($1["writes"] ?? 0) }
    let rates = reports.map { Int(($0["writes"] ?? 0) / ($0["seconds"] ?? 1)) }.sorted()
    let growth = reports.map { Int(($0["late"] ?? 0) - ($0["early"] ?? 0)) }.max() ?? 0
    print(
      """
      \(circumstances)\(reports.count) processes of \(CrowdTests.tasks) tasks: \(Int(writes)) writes in \
      \(worst("seconds")) s, \(Int(writes / worst("seconds")))/s (of a process \(rates[0]) to \
      \(rates[rates.count - 1])); p50 \(worst("p50")) ms, p99 \(worst("p99")) ms, worst \
      \(worst("worst")) ms; memory at most \(Int(worst("late"))) KiB, grown by at most \(growth) KiB
      """)
  }
}

/// What a program says, up to where it is enough or the program ends.
///
/// Read on a thread of its own: Swift's threads are not to wait.
func text(
  from pipe: Pipe, until isEnough: @escaping @Sendable (String) -> Bool = { _ in false }
) async -> String {
  let descriptor = pipe.fileHandleForReading.fileDescriptor
  return await withCheckedContinuation { continuation in
    Thread.detachNewThread {
      var text = ""
      var buffer = [UInt8](repeating: 0, count: 4096)
      while !isEnough(text) {
        let count = unsafe read(descriptor, &buffer, buffer.count)
        if count <= 0 { break }
        text += String(decoding: buffer.prefix(count), as: UTF8.self)
      }
      continuation.resume(returning: text)
    }
  }
}
