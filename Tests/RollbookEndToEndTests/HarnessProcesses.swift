#if CommandLine
import Foundation
import Glibc

/// A process as `/proc` shows it.
struct ProcessFacts: Sendable, Equatable {
  let pid: pid_t
  let parent: pid_t
  /// The letter that proc(5) gives for its state: `T` is stopped.
  let state: String
  let arguments: [String]
  let environment: [String: String]

  /// Nil for one that is gone, or dead and not yet reaped.
  init?(_ pid: pid_t) {
    guard let stat = ProcessList.read("/proc/\(pid)/stat"),
      let name = stat.range(of: ")", options: .backwards)
    else { return nil }
    let fields = stat[name.upperBound...].split(separator: " ")
    guard fields.count > 1, let parent = pid_t(fields[1]), fields[0] != "Z", fields[0] != "X"
    else { return nil }
    self.pid = pid
    self.parent = parent
    state = String(fields[0])
    arguments = ProcessList.words("/proc/\(pid)/cmdline")
    let pairs = ProcessList.words("/proc/\(pid)/environ").compactMap { word in
      word.firstIndex(of: "=").map { (String(word[..<$0]), String(word[$0...].dropFirst())) }
    }
    environment = Dictionary(pairs) { $1 }
  }
}

enum ProcessList {
  static func all() -> [ProcessFacts] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.compactMap(ProcessFacts.init)
  }

  /// The living processes that name a folder in their arguments or their environment.
  static func naming(_ folder: String) -> [ProcessFacts] {
    all().filter { process in
      process.pid != getpid()
        && (process.arguments + process.environment.values).contains { $0.contains(folder) }
    }
  }

  fileprivate static func words(_ path: String) -> [String] {
    (read(path) ?? "").split(separator: "\0").map(String.init)
  }

  fileprivate static func read(_ path: String) -> String? {
    guard let file = FileHandle(forReadingAtPath: path),
      let data = try? file.readToEnd()
    else { return nil }
    return String(decoding: data, as: UTF8.self)
  }
}

/// An instance of a deployed program.
struct Instance: Sendable, Equatable {
  let pid: pid_t
  let application: String
  let version: Int
  let index: Int
  let generation: String
  /// Its state folder.
  let state: String
}

extension Stage {
  /// The instances that live, in the order of their indices; children of theirs do not count.
  func instances(of application: String) -> [Instance] {
    let members = ProcessList.naming(home).filter {
      $0.environment["ROLLBOOK_APPLICATION"] == application
    }
    let generations = Dictionary(
      members.map { ($0.pid, $0.environment["ROLLBOOK_GENERATION"]) }, uniquingKeysWith: { $1 })
    return members.compactMap { process in
      let environment = process.environment
      guard let generation = environment["ROLLBOOK_GENERATION"],
        generations[process.parent] != .some(generation),
        let version = environment["ROLLBOOK_VERSION"].flatMap(Int.init),
        let index = environment["ROLLBOOK_INSTANCE"].flatMap(Int.init),
        let state = environment["ROLLBOOK_STATE"]
      else { return nil }
      return Instance(
        pid: process.pid, application: application, version: version, index: index,
        generation: generation, state: state)
    }.sorted { ($0.index, $0.pid) < ($1.index, $1.pid) }
  }

  /// The versions of the instances that live: `[3]` where one of version 3 runs.
  func running(_ application: String) -> [Int] { instances(of: application).map(\.version) }

  /// As when the machine goes down at once: first the keepers, so that they see nothing.
  func endEverything() {
    for keeper in keepers() { kill(keeper.pid, SIGKILL) }
    while true {
      let left = ProcessList.naming(home)
      if left.isEmpty { return }
      for process in left { kill(process.pid, SIGKILL) }
      sched_yield()
    }
  }

  /// Makes a generation one of which nobody can say whether it runs: the lock of its keeper cannot be
  /// opened, which holds for root too.
  ///
  /// - Returns: what mends it.
  func breakLock(of instance: Instance) throws -> () throws -> Void {
    let lock = instance.state.dropLast("state".count) + "alive"
    let files = FileManager.default
    try files.moveItem(atPath: String(lock), toPath: lock + ".away")
    try files.createSymbolicLink(atPath: String(lock), withDestinationPath: "alive")
    return {
      try files.removeItem(atPath: String(lock))
      try files.moveItem(atPath: lock + ".away", toPath: String(lock))
    }
  }

  /// The keepers of the home that live.
  func keepers() -> [ProcessFacts] {
    ProcessList.naming(home).filter { $0.arguments.first?.hasSuffix("/rollbook-keeper") == true }
  }
}
#endif
