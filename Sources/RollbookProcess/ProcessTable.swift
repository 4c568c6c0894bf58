internal import Glibc
package import Rollbook

/// A process as `/proc` shows it.
package struct ProcessEntry: Sendable {
  package let pid: Int32
  /// The letter that proc(5) gives for its state.
  package let state: Character
  let parent: Int32
  let group: Int32
  let session: Int32
  /// Clock ticks since the machine started; with the pid it names the process for good.
  package let startTime: UInt64

  /// A zombie is dead.
  package var isAlive: Bool { state != "Z" && state != "X" }
  package var isStopped: Bool { state == "T" || state == "t" }

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
  package static func members(
    token: String, keeper: KeeperIdentity?
  ) throws(RollbookError) -> [ProcessEntry] {
    let session = keeper.flatMap(sessionOwner)
    var members: [ProcessEntry] = []
    for pid in try pids() where pid != keeper?.pid || session == nil {
      guard let entry = ProcessEntry(pid), entry.isAlive else { continue }
      // What was there before the keeper cannot be its child's child.
      if let keeper, entry.startTime < keeper.startTime { continue }
      if let session, entry.session == session.pid, entry.startTime >= session.startTime {
        members.append(entry)
      } else if carries(token, pid) {
        members.append(entry)
      }
    }
    return members
  }

  /// The keeper, unless its pid has been given to another process, whose session is another too.
  private static func sessionOwner(_ keeper: KeeperIdentity) -> KeeperIdentity? {
    guard let entry = ProcessEntry(keeper.pid) else { return keeper }
    return entry.startTime == keeper.startTime ? keeper : nil
  }

  private static func carries(_ token: String, _ pid: Int32) -> Bool {
    // Processes of other users are not shown, and are not ours.
    guard let bytes = try? Files.read("/proc/\(pid)/environ") else { return false }
    let wanted = Array("ROLLBOOK_GENERATION=\(token)".utf8)
    var start = bytes.startIndex
    while start < bytes.endIndex {
      if bytes[start...].starts(with: wanted) { return true }
      guard let end = bytes[start...].firstIndex(of: 0) else { return false }
      start = end + 1
    }
    return false
  }

  private static func pids() throws(RollbookError) -> [Int32] {
    try Files.names(in: "/proc").compactMap { Int32($0) }
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
