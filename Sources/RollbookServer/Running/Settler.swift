#if Server
internal import Logging
internal import Rollbook
internal import ServiceLifecycle

/// Settles what dead holders left, at the start and again and again; ends suspects, and notices
/// programs that are gone.
struct Settler: Service {
  let engine: Engine
  let control: EngineControl
  let logger: Logger
  /// Source: BEHAVIOUR §5.4.
  var intervalSeconds: Double = 10

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await settle()
        try? await Task.sleep(for: .seconds(intervalSeconds))
      }
    }
  }

  private func settle() async {
    let reports: [SettlingReport]
    do throws(RollbookError) {
      reports = try await engine.settleAll(control: control)
    } catch {
      logger.error("settling failed", metadata: ["error": "\(error.message)"])
      return
    }
    for report in reports {
      let application: Logger.MetadataValue = "\(report.application.name)"
      switch report.finding {
      case .settled(let id):
        logger.notice("settled", metadata: ["application": application, "operation": "\(id)"])
      case .ended(let id):
        logger.warning(
          "application ended", metadata: ["application": application, "operation": "\(id)"])
      case .waiting(let error) where error.code != .interrupted:
        logger.warning(
          "waiting", metadata: ["application": application, "error": "\(error.message)"])
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
}
#endif
