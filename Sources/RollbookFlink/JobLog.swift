#if Flink
internal import Rollbook

/// What the cluster logs: of the task manager that runs a job's tasks, else of the job manager.
///
/// Flink keeps no log for each job; the REST interface gives the logs of whole processes.
struct JobLog: Sendable {
  let job: Job

  /// - Parameter offset: nil for the newest bytes; beyond the end, as after a restart, reading begins
  ///   anew at 0.
  func part(from offset: Int64?, limit: Int) async -> LogPart? {
    do throws(Cluster.Silence) {
      let manager = try await job.holders().first
      let path = manager.map { "/taskmanagers/\($0)/log" } ?? "/jobmanager/log"
      let answer = try await job.cluster.get(path, seconds: 30)
      guard answer.isSuccess else { return nil }
      let size = answer.body.count
      var start = offset.map { Int(clamping: $0) } ?? max(0, size - limit)
      if start < 0 || start > size { start = 0 }
      let bytes = Array(answer.body[start..<min(size, start + limit)])
      return LogPart(bytes: bytes, nextOffset: Int64(start + bytes.count))
    } catch {
      return nil
    }
  }
}
#endif
