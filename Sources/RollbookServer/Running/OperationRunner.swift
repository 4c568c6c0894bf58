#if Server
internal import Logging
internal import Rollbook
internal import ServiceLifecycle
internal import Synchronization

/// Carries out what requests began: their answers come before.
///
/// When the server is to end, everything is asked to leave at a durable step; what is left is settled
/// at the next start.
final class OperationRunner: Service {
  let control: EngineControl
  private let engine: Engine
  let metrics: Metrics
  private let logger: Logger
  private let accepting = Mutex(true)
  private let prepared: AsyncStream<PreparedOperation>
  private let begin: AsyncStream<PreparedOperation>.Continuation

  init(engine: Engine, metrics: Metrics, logger: Logger) {
    self.engine = engine
    self.metrics = metrics
    self.logger = logger
    control = EngineControl { event in metrics.count(event) }
    (prepared, begin) = AsyncStream.makeStream(of: PreparedOperation.self)
  }

  /// - Throws: `ServiceUnavailableException` once the server is to end.
  func checkAccepts() throws(WireError) {
    if accepting.withLock({ $0 }) { return }
    throw WireError(.serviceUnavailable, "The server is ending: nothing was begun.")
  }

  /// Has an operation carried out; returns at once.
  func perform(_ operation: PreparedOperation) {
    begin.yield(operation)
  }

  func run() async throws {
    // Whatever step they are at is durable: the next start goes on from there.
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        for await operation in self.prepared {
          group.addTask { await self.carryOut(operation) }
        }
      }
    }
  }

  /// Begins nothing more, and has what is carried out leave at a durable step.
  func leave() {
    accepting.withLock { $0 = false }
    control.leave()
  }

  private func carryOut(_ prepared: PreparedOperation) async {
    do throws(RollbookError) {
      let report = try await engine.perform(prepared, control: control)
      if prepared.isRecordedOnly { metrics.count(report.record) }
      logger.info(
        "operation ended",
        metadata: [
          "operation": "\(report.record.operation.id)", "kind": "\(report.record.operation.name)",
          "application": "\(prepared.application.name)", "status": "\(report.record.status.name)",
        ])
    } catch {
      // It stays in progress: the settler takes it up.
      logger.warning(
        "operation left in progress",
        metadata: [
          "operation": "\(prepared.operation.id)", "kind": "\(prepared.operation.name)",
          "application": "\(prepared.application.name)", "error": "\(error.message.harmlessLine)",
        ])
    }
  }
}
#endif
