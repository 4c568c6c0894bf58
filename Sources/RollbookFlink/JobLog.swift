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
      let part = try await job.cluster.part(of: path, from: offset, limit: limit)
      // Shorter than it was: it has begun anew.
      guard let part, let offset, offset > part.end else { return part?.log }
      return try await job.cluster.part(of: path, from: 0, limit: limit)?.log
    } catch {
      return nil
    }
  }
}
#endif
