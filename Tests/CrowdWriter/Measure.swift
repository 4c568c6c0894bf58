internal import Glibc
internal import Synchronization

/// What the writes of one process took, in memory that does not grow with them.
final class Measure: Sendable {
  private struct State {
    /// How many waits were so many steps long; the last holds all that were longer.
    var waits = [Int](repeating: 0, count: 100_000)
    var worst = Duration.zero
    var count = 0
    var start = ContinuousClock.now
    var earlyPages = 0

    /// In milliseconds.
    func percentile(_ percent: Int) -> Double {
      var left = count * percent / 100
      let index = waits.firstIndex { waited in
        left -= waited
        return left < 0
      }
      return Double(index ?? 0) * (Measure.step / .milliseconds(1))
    }
  }

  private static let step = Duration.microseconds(100)

  private let state = Mutex(State())
  /// After so many writes the memory is looked at first: what is had once has been had by then.
  private let early: Int

  init(early: Int) { self.early = early }

  func begin() { state.withLock { $0.start = .now } }

  func add(_ wait: Duration) {
    state.withLock { state in
      state.waits[min(Int(wait / Measure.step), state.waits.count - 1)] += 1
      state.worst = max(state.worst, wait)
      state.count += 1
      if state.count == early { state.earlyPages = Measure.residentPages() }
    }
  }

  /// What it came to: `name=number` pairs; times in milliseconds, memory in KiB.
  func summary() -> String {
    state.withLock { state in
      let seconds = (ContinuousClock.now - state.start) / .seconds(1)
      let kilobytes = Int(getpagesize()) / 1024
      return """
        writes=\(state.count) seconds=\(seconds) p50=\(state.percentile(50)) \
        p99=\(state.percentile(99)) worst=\(state.worst / .milliseconds(1)) \
        early=\(state.earlyPages * kilobytes) late=\(Measure.residentPages() * kilobytes)
        """
    }
  }

  /// The pages in memory: the second number of `/proc/self/statm`, see proc(5).
  private static func residentPages() -> Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard unsafe fgets(&line, 256, file) != nil else { return 0 }
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(separator: " ")
    return fields.count > 1 ? Int(fields[1]) ?? 0 : 0
  }
}

enum Say {
  static func line(_ text: String) { write(text, to: 1) }
  static func error(_ text: String) { write(text, to: 2) }

  /// Unbuffered: whoever waits for the line is to have it.
  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array("\(text)\n".utf8)
    _ = unsafe Glibc.write(descriptor, bytes, bytes.count)
  }
}
