internal import Glibc
package import Rollbook

/// A process as `/proc` shows it.
package struct ProcessEntry: Sendable {
  package let pid: Int32
  /// The letter that proc(5) gives for its state.
  package let state: Character
  package let parent: Int32
  let group: Int32
  let session: Int32
  /// Clock ticks since the machine started; with the pid it names the process for good.
  package let startTime: UInt64

  /// A zombie is dead.
  package var isAlive: Bool { state != "Z" && state != "X" }
  package var isStopped: Bool { state == "T" || state == "t" }

  package init(pid: Int32, parent: Int32, state: Character) {
    self.pid = pid
    self.state = state
    self.parent = parent
    group = pid
    session = pid
    startTime = 0
  }

  /// The process with this id; nil where there is none.
  package init?(_ pid: Int32) {
    guard let bytes = try? Files.read("/proc/\(pid)/stat", limit: 4096) else { return nil }
    // The name stands in parentheses and may hold anything, parentheses too.
    guard let end = bytes.lastIndex(of: 0x29) else { return nil }
    let fields = String(decoding: bytes[(end + 1)...], as: UTF8.self).split(separator: " ")
    guard fields.count > 19, let state = fields[0].first, let parent = Int32(fields[1]),
      let group = Int32(fields[2]), let session = Int32(fields[3]),
      let startTime = UInt64(fields[19])
    else { return nil }
    self.pid = pid
    self.state = state
    self.parent = parent
    self.group = group
    self.session = session
    self.startTime = startTime
  }
}

/// The processes of this machine.
package enum ProcessTable {
  /// The living processes of a generation: those in its keeper's session, and those that left it
  /// but carry the token. The keeper itself is not among them.
  ///
  /// What runs in another folder is none of its: a copy of a home holds the same tokens.
  package static func members(
    of folder: GenerationFolder, token: String, keeper: KeeperIdentity?
  ) throws(RollbookError) -> [ProcessEntry] {
    let place = GenerationPlace(folder, token: token)
    let session = keeper.map { place.session(of: $0) } ?? .foreign
    var members: [ProcessEntry] = []
    // Of a dead keeper's session, and nothing else tells whose they are.
    var unknown: [ProcessEntry] = []
    var isForeign = false
    for pid in try pids() where pid != keeper?.pid || session == .foreign {
      guard let entry = ProcessEntry(pid), entry.isAlive else { continue }
      // What was there before the keeper cannot be its child's child.
      if let keeper, entry.startTime < keeper.startTime { continue }
      let isInSession = session != .foreign && entry.session == keeper?.pid
      if isInSession && session == .ours {
        members.append(entry)
        continue
      }
      switch place.owner(of: pid) {
      case .us: members.append(entry)
      case .others: isForeign = isForeign || isInSession
      case .unknown: if isInSession { unknown.append(entry) }
      }
    }
    return isForeign ? members : members + unknown
  }

  private static func pids() throws(RollbookError) -> [Int32] {
    try Files.names(in: "/proc").compactMap { Int32($0) }
  }
}

/// Where a generation runs, and by what its processes are known.
private struct GenerationPlace {
  /// Whose a session is that a keeper's identity names.
  enum Session {
    /// The keeper lives, and keeps this folder.
    case ours
    /// The keeper is dead: the session's processes may be ours, or a copy's.
    case orphaned
    /// Another process has the keeper's number, or it keeps another folder.
    case foreign
  }

  private let folder: String
  private let token: String

  init(_ folder: GenerationFolder, token: String) {
    self.folder = Files.realPath(folder.path) ?? folder.path
    self.token = token
  }

  func session(of keeper: KeeperIdentity) -> Session {
    guard let entry = ProcessEntry(keeper.pid) else { return .orphaned }
    // Its number has been given to another process, whose session is another too.
    guard entry.startTime == keeper.startTime else { return .foreign }
    guard entry.isAlive, let place = Files.realPath("/proc/\(keeper.pid)/cwd") else {
      return .orphaned
    }
    return place == folder ? .ours : .foreign
  }

  /// Whose a process is.
  enum Owner {
    case us
    /// The same generation's in another home that is there: one is a copy of the other.
    case others
    /// It does not carry the token, or its folders tell nothing.
    case unknown
  }

  func owner(of pid: Int32) -> Owner {
    // Processes of other users are not shown, and are not ours.
    guard let bytes = try? Files.read("/proc/\(pid)/environ") else { return .unknown }
    let variables = bytes.split(separator: 0)
    let mark = Array("ROLLBOOK_GENERATION=\(token)".utf8)
    guard variables.contains(where: { $0.elementsEqual(mark) }) else { return .unknown }
    let name = Array("ROLLBOOK_STATE=".utf8)
    let variable = variables.first { $0.starts(with: name) }
    let places = [
      variable.map { String(decoding: $0.dropFirst(name.count), as: UTF8.self) },
      // A home that was moved took the working folders along.
      Files.realPath("/proc/\(pid)/cwd"),
    ].compactMap { $0 }
    if places.contains(where: isHere) { return .us }
    return places.contains(where: isInAnotherHome) ? .others : .unknown
  }

  /// Whether a path is this folder's or leads into it: a program may give its children a folder
  /// within its state folder.
  private func isHere(_ path: String) -> Bool {
    let path = Files.realPath(path) ?? path
    return path == folder || Files.isBelow(path, folder)
  }

  /// Whether a path leads into the folder that this generation has in another home.
  private func isInAnotherHome(_ path: String) -> Bool {
    let parts = Files.parts(of: Files.realPath(path) ?? path)
    // `run/<application>/<token>`
    let name = Files.parts(of: folder).suffix(3)
    return parts.indices.dropLast(name.count - 1).contains { start in
      let end = start + name.count
      return parts[start..<end].elementsEqual(name)
        && Files.isFolder(parts[..<end].joined(separator: "/"))
    }
  }
}

extension KeeperIdentity {
  /// Whether this very process lives.
  func isAlive(bootID current: String) -> Bool {
    guard bootID == current, let entry = ProcessEntry(pid) else { return false }
    return entry.startTime == startTime && entry.isAlive
  }
}

/// The machine's boots: a new id each time it starts.
enum Boot {
  static func id() throws(RollbookError) -> String {
    let path = file()
    guard let bytes = try Files.read(path, limit: 256) else {
      throw RollbookError(.system, "there is no \(path): is /proc mounted?")
    }
    return String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self)
  }

  private static func file() -> String {
    #if DEBUG
    // So that tests can see a machine restart.
    if let path = unsafe getenv("ROLLBOOK_BOOT_ID_FILE") { return unsafe String(cString: path) }
    #endif
    return "/proc/sys/kernel/random/boot_id"
  }
}

/// Seconds of a clock that is never set back.
enum Monotonic {
  static func now() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static func sleep(_ seconds: Double) {
    var time = timespec(
      tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    unsafe nanosleep(&time, nil)
  }
}
