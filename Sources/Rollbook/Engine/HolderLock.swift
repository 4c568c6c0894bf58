internal import Glibc
internal import Synchronization

/// The lock of an application: whoever drives its operation holds it; the system frees it when the
/// holder dies.
final class HolderLock: Sendable {
  private let lock: Mutex<FileLock?>

  private init(_ lock: consuming FileLock) { self.lock = Mutex(lock) }

  /// Takes the lock; nil where somebody has it.
  static func tryAcquire(
    _ application: ApplicationID, in home: Home
  ) throws(RollbookError) -> HolderLock? {
    do throws(RollbookError) {
      guard let lock = try FileLock.tryAcquire(home.lock(of: application)) else { return nil }
      lock.write(Holder.current.text)
      return HolderLock(lock)
    } catch {
      throw error.ofHome()
    }
  }

  func release() { lock.withLock { $0 = nil } }
}

/// Who holds an application's lock.
public struct Holder: Sendable, Equatable {
  public let pid: Int32
  /// The process's start, in the kernel's clock ticks; 0 where it is not known.
  public let startTicks: UInt64
  public let since: Timestamp

  static var current: Holder {
    Holder(pid: getpid(), startTicks: ownStartTicks, since: .now())
  }

  /// Read once: it never changes.
  private static let ownStartTicks = startTicks(of: getpid()) ?? 0

  var text: String { "\(pid) \(startTicks) \(since.rawValue)\n" }

  /// Who wrote the lock file of an application last; nil where nobody did.
  public static func of(_ application: ApplicationID, in home: Home) -> Holder? {
    guard let text = FileLock.read(home.lock(of: application)) else { return nil }
    let parts = text.split(whereSeparator: \.isWhitespace)
    guard parts.count == 3, let pid = Int32(parts[0]), let ticks = UInt64(parts[1]),
      let since = Int64(parts[2])
    else { return nil }
    return Holder(pid: pid, startTicks: ticks, since: Timestamp(rawValue: since))
  }

  private init(pid: Int32, startTicks: UInt64, since: Timestamp) {
    self.pid = pid
    self.startTicks = startTicks
    self.since = since
  }

  var described: String {
    let seconds = Int(Timestamp.now().seconds(since: since))
    return "process \(pid), for \(seconds) s (since \(since))"
  }

  /// Ends the holder, if it is still the process that took the lock.
  ///
  /// - Returns: false where it is gone already, or is another process.
  func kill() -> Bool {
    guard pid != getpid(), let ticks = Holder.startTicks(of: pid), ticks == startTicks else {
      return false
    }
    return Glibc.kill(pid, SIGKILL) == 0
  }

  /// Field 22 of /proc/PID/stat; source: proc(5).
  private static func startTicks(of pid: Int32) -> UInt64? {
    guard let text = readSmallFile("/proc/\(pid)/stat"),
      let afterName = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: afterName)...].split(separator: " ")
    return fields.count > 19 ? UInt64(fields[19]) : nil
  }
}

/// The first 4 KiB of a file; nil where it cannot be read.
package func readSmallFile(_ path: String) -> String? {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var buffer = [UInt8](repeating: 0, count: 4096)
  let count = unsafe buffer.withUnsafeMutableBytes { bytes in
    unsafe read(descriptor, bytes.baseAddress, bytes.count)
  }
  guard count >= 0 else { return nil }
  return String(decoding: buffer.prefix(count), as: UTF8.self)
}
