#if Flink
internal import Rollbook
internal import Synchronization

/// A job that this process has asked a cluster to start.
///
/// The request goes on when its caller leaves: `main()` runs on the cluster meanwhile, and only the
/// answer tells that no job will come of it.
final class Submission: Sendable {
  enum Progress: Sendable {
    /// `main()` runs, as far as anybody knows.
    case pending
    case accepted
    /// Nothing will come of it.
    case refused(Cluster.Answer)
    /// Nobody has asked for it yet.
    case notAsked
    /// Nobody will ever answer; a job may come of it or not.
    case lost(String)
  }

  private let state: Mutex<Progress>
  private let leftAt = Mutex<ContinuousClock.Instant?>(nil)

  var progress: Progress { state.withLock { $0 } }

  /// Seconds since its caller stopped to wait for the answer; nil where it waits, or has one.
  var secondsSinceLeft: Double? {
    leftAt.withLock { $0 }.map { (ContinuousClock.now - $0) / .seconds(1) }
  }

  /// Nothing will come of it, unless somebody asks.
  var isFruitless: Bool {
    switch progress {
    case .refused, .notAsked: true
    case .pending, .accepted, .lost: false
    }
  }

  /// For a job that is about to be asked for.
  init() { state = Mutex(.notAsked) }

  init(_ request: @escaping @Sendable () async throws(Cluster.Silence) -> Cluster.Answer) {
    state = Mutex(.pending)
    Task { [self] in
      let progress: Progress
      do throws(Cluster.Silence) {
        let answer = try await request()
        progress = answer.isSuccess ? .accepted : .refused(answer)
      } catch {
        progress = .lost(error.reason)
      }
      state.withLock { $0 = progress }
    }
  }

  private func leave() {
    leftAt.withLock { $0 = $0 ?? .now }
  }

  /// Waits for the answer.
  ///
  /// - Returns: `.pending` where the time is over or the task is cancelled before there is one.
  func answer(within seconds: Double) async -> Progress {
    let patience = Patience(seconds: seconds)
    while true {
      let progress = progress
      guard case .pending = progress, !patience.isOver, !Task.isCancelled else {
        leave()
        return progress
      }
      try? await Task.sleep(for: .milliseconds(10))
    }
  }
}

/// The submissions of this process by their job's token.
final class Submissions: Sendable {
  private let all = Mutex<[GenerationToken: Submission]>([:])

  subscript(token: GenerationToken) -> Submission? {
    get { all.withLock { $0[token] } }
    set { all.withLock { $0[token] = newValue } }
  }
}
#endif
