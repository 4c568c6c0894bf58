public import Rollbook
internal import Synchronization

/// A clock that goes on by itself whenever somebody waits: tests of minutes take no time.
public final class ManualClock: EngineClock {
  private let seconds = Mutex(0.0)

  public init() {}

  public func uptime() -> Double { seconds.withLock { $0 } }

  public func sleep(seconds: Double) async {
    self.seconds.withLock { $0 += seconds }
    await Task.yield()
  }
}
