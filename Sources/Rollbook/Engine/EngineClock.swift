/// The time by which the engine waits; a test's own goes on by itself.
public protocol EngineClock: Sendable {
  /// Seconds since some fixed point; never goes back.
  func uptime() -> Double
  /// Waits; returns early where the task is cancelled.
  func sleep(seconds: Double) async
}

/// The system's monotonic clock.
public struct SystemClock: EngineClock {
  private let start = ContinuousClock.now

  public init() {}

  public func uptime() -> Double {
    let passed = ContinuousClock.now - start
    return Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18
  }

  public func sleep(seconds: Double) async {
    // Cancellation ends the sleep; whoever sleeps looks for itself why it woke.
    try? await Task.sleep(for: .seconds(seconds))
  }
}
