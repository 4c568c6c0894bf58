/// Judges from observations whether a generation counts as RUNNING, or goes on doing so.
///
/// A generation counts as RUNNING when it was ready in every observation of the settle window and
/// did not restart in it; the window must end within the timeout.
struct Watch: Sendable {
  enum Judgement: Sendable, Equatable {
    case goOn
    case passed
    case failed(RuntimeFailure, Failure.Phase)
    /// It restarted by itself; why is yet to be seen.
    case restarted(RuntimeFailure, Failure.Phase)
    case unreachable(String)
    /// The runtime has lost it: to be looked at until it is back or gone.
    case missing
  }

  private let start: Double
  /// How long it may take to be RUNNING.
  private let timeout: Double
  /// How long it must have been ready.
  private let window: Double
  private let isBaking: Bool
  /// Whether a lack of resources is waited for: what ran before will fit again, where a change may
  /// ask for more than there is.
  private let awaitsResources: Bool
  private var readySince: Double?
  private var incarnation: String?
  private var unreachableSince: Double?
  /// How long a runtime may be away during the bake time, or a program not be ready at its end, in
  /// seconds.
  private static let bakePatience: Double = 15

  /// For the time from the deployment to RUNNING, in seconds.
  init(now: Double, timeout: Double, settle: Double, awaitsResources: Bool = false) {
    self.awaitsResources = awaitsResources
    start = now
    self.timeout = timeout
    window = settle
    isBaking = false
  }

  /// For the time after RUNNING, in seconds.
  init(now: Double, bake: Double) {
    awaitsResources = false
    start = now
    timeout = .infinity
    window = bake
    isBaking = true
    readySince = now
  }

  /// - Parameters:
  ///   - now: when the look had ended, in seconds.
  ///   - begun: when it began, where it took a while: what it tells may be as old as that.
  mutating func observe(
    _ observation: Observation, at now: Double, begun: Double? = nil
  ) -> Judgement {
    if case .unreachable = observation {} else { unreachableSince = nil }
    switch observation {
    case .running(let isReady, let incarnation):
      return running(isReady: isReady, incarnation, at: now, seenAt: begun ?? now)
    case .ended(let ending): return .failed(failure(ending, .ended, at: now), phase)
    case .failing(let ending) where awaitsResources && ending.cause == .noResources:
      readySince = nil
      incarnation = nil
      return now < deadline ? .goOn : .failed(failure(ending, .unknown, at: now), phase)
    case .failing(let ending): return .failed(failure(ending, .unknown, at: now), phase)
    case .missing: return .missing
    case .absent:
      return .failed(
        RuntimeFailure(
          .ended, rootCause: "the program is not there any more",
          text: "It was deployed, and the runtime does not know it now."), phase)
    case .unreachable(let why):
      let since = unreachableSince ?? now
      unreachableSince = since
      let patience = isBaking ? since + Self.bakePatience : deadline
      return now < patience ? .goOn : .unreachable(why)
    }
  }

  /// How long to wait until the next observation, in seconds: while it is ready nothing is awaited but
  /// the end of the window.
  func pause(at now: Double, pollInterval: Double) -> Double {
    guard let readySince else { return pollInterval }
    let left = readySince + window - now
    return left > 0 ? min(left, max(pollInterval, Self.windowPause)) : pollInterval
  }

  private static let windowPause: Double = 0.3

  private func failure(
    _ ending: Ending, _ effect: RuntimeFailure.Effect, at now: Double
  ) -> RuntimeFailure {
    var evidence = ending.evidence
    evidence.seconds = now - start
    return RuntimeFailure(
      effect, rootCause: ending.rootCause, text: ending.text, evidence: evidence)
  }

  private mutating func running(
    isReady: Bool, _ seen: String, at now: Double, seenAt: Double
  ) -> Judgement {
    if let incarnation, incarnation != seen {
      return .restarted(
        RuntimeFailure(
          .unknown, rootCause: "the program restarted by itself",
          text: "Its incarnation changed from \(incarnation) to \(seen)."), phase)
    }
    if isReady || isBaking {
      incarnation = seen
      let since = readySince ?? now
      readySince = since
      // By when the window ended, not by when somebody looked.
      if isReady && seenAt - since >= window && since + window <= deadline { return .passed }
      if isBaking && !isReady && now - since >= window + Self.bakePatience {
        let what = "not ready at the end of its bake time"
        return .failed(RuntimeFailure(.unknown, rootCause: what), phase)
      }
    } else {
      // Not ready any more: the window begins again.
      readySince = nil
      incarnation = nil
    }
    guard now < deadline else { return timedOut(after: now - start) }
    return .goOn
  }

  private func timedOut(after seconds: Double) -> Judgement {
    var evidence = Evidence()
    evidence.seconds = seconds
    let limit = "\(timeout.formatted) s"
    let (rootCause, text) =
      readySince == nil
      ? (
        "not ready within \(limit)", "The program ran, but was not ready \(limit) after its start."
      )
      : (
        "ready, but not RUNNING within \(limit)",
        "The program was ready, but its settle window of \(window.formatted) s was not over "
          + "\(limit) after its start."
      )
    return .failed(
      RuntimeFailure(.unknown, rootCause: rootCause, text: text, evidence: evidence), phase)
  }

  private var deadline: Double { start + timeout }

  private var phase: Failure.Phase {
    if isBaking { return .bake }
    return readySince == nil ? .start : .settle
  }
}

extension Double {
  /// Without a fraction that is zero: `2`, `0.5`.
  package var formatted: String {
    self == rounded() && abs(self) < 1e15 ? String(Int64(self)) : String(self)
  }
}
