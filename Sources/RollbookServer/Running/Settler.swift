#if Server
internal import Logging
internal import Rollbook
internal import ServiceLifecycle
internal import Synchronization

/// Settles what dead holders left, at the start and again and again; ends suspects, and notices
/// programs that are gone.
///
/// Each application has a task of its own: one whose operation goes on for an hour keeps no other
/// waiting.
final class Settler: Service {
  private let engine: Engine
  private let control: EngineControl
  private let logger: Logger
  private let inProgress = Mutex(Set<ApplicationID>())
  private let begun: AsyncStream<Application>
  private let begin: AsyncStream<Application>.Continuation

  /// Source: BEHAVIOUR §5.4.
  private static let intervalSeconds = 10
  /// At the same time; each holds a file open. The others wait for a free place.
  static let limit = 256
  private let limit: Int

  init(
    engine: Engine, control: EngineControl, logger: Logger, limit: Int = Settler.limit
  ) {
    self.limit = limit
    self.engine = engine
    self.control = control
    self.logger = logger
    (begun, begin) = AsyncStream.makeStream(of: Application.self)
  }

  /// Has an application looked at now.
  func wake(for application: Application) {
    let isNew = inProgress.withLock { $0.insert(application.id).inserted }
    if isNew { begin.yield(application) }
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask { await self.lookAgainAndAgain() }
        for await application in self.begun {
          group.addTask {
            await self.settle(application)
            self.inProgress.withLock { _ = $0.remove(application.id) }
          }
        }
      }
    }
  }

  private func lookAgainAndAgain() async {
    while !Task.isCancelled {
      do throws(RollbookError) {
        for application in try await engine.applicationsToSettle() {
          await waitForPlace()
          wake(for: application)
        }
      } catch {
        logger.error("settling failed", metadata: ["error": "\(error.message.harmlessLine)"])
      }
      try? await Task.sleep(for: .seconds(Settler.intervalSeconds))
    }
  }

  private func waitForPlace() async {
    while inProgress.withLock({ $0.count >= limit }), !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  private func settle(_ application: Application) async {
    do throws(RollbookError) {
      for report in try await engine.settle(application, control: control) { log(report) }
    } catch {
      logger.error(
        "settling failed",
        metadata: [
          "application": "\(application.name)", "error": "\(error.message.harmlessLine)",
        ])
    }
  }

  private func log(_ report: SettlingReport) {
    let application: Logger.MetadataValue = "\(report.application.name)"
    switch report.finding {
    case .settled(let id):
      logger.notice("settled", metadata: ["application": application, "operation": "\(id)"])
    case .ended(let id):
      logger.warning(
        "application ended", metadata: ["application": application, "operation": "\(id)"])
    case .waiting(let error) where error.code != .interrupted:
      logger.warning(
        "waiting", metadata: ["application": application, "error": "\(error.message.harmlessLine)"])
    case .swept(let swept):
      logger.notice(
        "suspect",
        metadata: [
          "application": application, "generation": "\(swept.suspect.token)",
          "outcome": "\(swept.resolution ?? swept.leftBecause ?? "")",
        ])
    case .held, .waiting: break
    }
  }
}
#endif
