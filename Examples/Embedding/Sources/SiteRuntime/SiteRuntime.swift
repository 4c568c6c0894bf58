import Foundation
import Rollbook

/// Publishes static sites: a version is a folder of pages, and it runs while the link `current`
/// of its site points to its release.
///
///     <root>/<application>/releases/<token>/          the pages, and `data/`, the site's state
///     <root>/<application>/releases/<token>.published says that visitors have seen it
///     <root>/<application>/current                    a link to the release that they see
///     <root>/<application>/snapshots/<id>/            copies of `data/`
///
/// Each call looks at what is there, so that it can be made again after a crash at any point.
public struct SiteRuntime: RuntimeAdapter {
  public let name = "site"
  public let pollInterval = 0.05
  private let root: String

  /// - Parameter root: an absolute path.
  public init(root: String) { self.root = root }

  public func site(of application: ApplicationID) -> Site {
    Site(path: "\(root)/\(application)")
  }

  public func check(
    _ configuration: VersionConfiguration, codePath: String?
  ) async throws(RollbookError) -> String {
    if let codePath, !FileManager.default.fileExists(atPath: codePath + "/index.html") {
      throw RollbookError(
        .invalidArgument, "\(codePath) has no index.html", hint: "Name the folder of a site.")
    }
    return "SITE-1"
  }

  // MARK: Running

  public func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    let generation = deployment.generation
    let site = site(of: generation.application.id)
    let release = site.release(generation.token)
    if site.current == release.path { return }
    try failing(.ended) {
      try release.prepare(
        from: deployment.artifactPath, state: deployment.restore.map { try site.data(of: $0) })
    }
    if let problem = release.problem {
      try? FileTree.remove(release.path)
      throw RuntimeFailure(.ended, rootCause: problem)
    }
    do {
      try await recordPlace(["release": release.path])
    } catch {
      try? FileTree.remove(release.path)
      throw error
    }
    // From here on visitors see it.
    if Task.isCancelled { throw RuntimeFailure(.ended, rootCause: "cancelled") }
    try failing(.unknown) { try site.publish(release) }
  }

  public func observe(_ generation: Generation) async -> Observation {
    let site = site(of: generation.application.id)
    let release = site.release(generation.token)
    guard site.current == release.path else {
      return release.wasPublished ? .ended(ending(.finished, "taken offline")) : .absent
    }
    if let problem = release.problem { return .ended(ending(.failed, problem)) }
    return .running(ready: true, incarnation: generation.token.rawValue)
  }

  private func ending(_ cause: Ending.Cause, _ what: String) -> Ending {
    var evidence = Evidence()
    evidence.exceptions = [what]
    return Ending(cause: cause, rootCause: what, text: what, evidence: evidence)
  }

  public func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    if Task.isCancelled { throw RuntimeFailure(.untouched, rootCause: "cancelled") }
    let site = site(of: generation.application.id)
    let release = site.release(generation.token)
    guard release.wasPublished else { return nil }
    // Offline first: what visitors leave until then is part of the state.
    let wasOnline = site.current == release.path
    if wasOnline { try failing(.untouched) { try site.takeOffline() } }
    guard let target else { return nil }
    do {
      return try site.keep(release.data, as: target.id)
    } catch {
      if wasOnline { try failing(.ended) { try site.publish(release) } }
      throw RuntimeFailure(wasOnline ? .untouched : .ended, rootCause: "\(error)")
    }
  }

  // MARK: Snapshots

  public func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts {
    let site = site(of: generation.application.id)
    let release = site.release(generation.token)
    guard site.current == release.path else {
      throw RuntimeFailure(.ended, rootCause: "the site is not online")
    }
    return try failing(.untouched) { try site.keep(release.data, as: target.id) }
  }

  public func findSnapshot(
    _ target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    try failing(.untouched) { try site(of: target.application.id).kept(target.id) }
  }

  public func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) {
    _ = try failing(.untouched) { try site(of: snapshot.application).data(of: snapshot) }
  }

  public func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {
    try failing(.unknown) { try site(of: target.application.id).remove(target.id) }
  }

  public func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? {
    nil
  }

  /// Gives errors of files their meaning for a generation.
  private func failing<Value>(
    _ effect: RuntimeFailure.Effect, _ body: () throws -> Value
  ) throws(RuntimeFailure) -> Value {
    do {
      return try body()
    } catch {
      throw RuntimeFailure(effect, rootCause: "\(error)")
    }
  }
}
