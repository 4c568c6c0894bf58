#if Flink
internal import Rollbook

/// The savepoints of a job: asking for them, waiting for them, finding and removing them.
struct Savepoints: Sendable {
  let job: Job
  let target: SnapshotTarget

  /// What Flink calls the request. Made of ids that are durable already, it is the same whoever asks:
  /// a second stop under another id would fail both and the job with them.
  var trigger: String {
    let text = "savepoint \(target.generation.token) \(target.id)"
    return String(SHA256.hexDigest(of: Array(text.utf8)).prefix(32))
  }

  /// A folder of its own, so that a savepoint whose request was lost can be found: in the folder
  /// that the application or the cluster names; nil where neither does.
  func folder() async throws(Cluster.Silence) -> String? {
    guard let base = try await base() else { return nil }
    return "\(base.withoutSlashesAtItsEnd)/rollbook-\(target.generation.token)-\(target.id)"
  }

  private func base() async throws(Cluster.Silence) -> String? {
    if let own = target.generation.version.configuration.snapshotDirectory { return own }
    // The second is the name that it has since Flink 2.
    return try await setting("state.savepoints.dir", "execution.checkpointing.savepoint-dir")
  }

  private func setting(_ names: String...) async throws(Cluster.Silence) -> String? {
    let settings =
      try await job.cluster.get("/jobmanager/config", as: [ClusterAnswers.Setting].self) ?? []
    return settings.first { names.contains($0.key) }?.value
  }

  enum Progress: Sendable {
    case underWay
    case complete(String)
    case failed(String)
    /// The cluster knows of no such request.
    case unknown
  }

  func progress() async throws(Cluster.Silence) -> Progress {
    let path = "\(job.path)/savepoints/\(trigger)"
    guard let answer = try await job.cluster.get(path, as: ClusterAnswers.Trigger.self) else {
      return .unknown
    }
    guard answer.status.id == "COMPLETED" else { return .underWay }
    if let location = answer.operation?.location { return .complete(location) }
    return .failed(answer.operation?.cause?.text ?? "Flink does not say why")
  }

  /// Waits until a request has come to its end.
  func end(within seconds: Double) async throws(Cluster.Silence) -> Progress {
    var patience = Patience(seconds: seconds)
    while true {
      let progress = try await progress()
      guard case .underWay = progress, !patience.isOver else { return progress }
      await patience.pause()
    }
  }

  /// The facts of a savepoint.
  func facts(_ location: String) async -> SnapshotFacts {
    if let path = Self.localPath(of: location), Files.exists(path) {
      return SnapshotFacts(location: location, size: FileTree.size(of: path))
    }
    let latest = try? await job.checkpoints()?.latest
    let isLatest = latest?.savepoint?.path.map(Self.spelled) == Self.spelled(location)
    return SnapshotFacts(location: location, size: isLatest ? latest?.savepoint?.size : nil)
  }

  /// A savepoint that was completed although nobody saw it.
  func find() async throws(Cluster.Silence) -> SnapshotFacts? {
    let progress = try await end(within: target.timeoutSeconds)
    if case .underWay = progress {
      throw Cluster.Silence(reason: "the savepoint of snapshot \(target.name) is still under way")
    }
    if case .complete(let location) = progress,
      !Self.isGone(location)
    {
      return await facts(location)
    }
    guard let folder = try await folder() else { return nil }
    // The request is forgotten some minutes after its end, or with a job manager that was restarted.
    if let newest = try await job.checkpoints()?.latest.savepoint, let location = newest.path,
      Files.isBelow(Self.spelled(location), Self.spelled(folder)), !Self.isGone(location)
    {
      return SnapshotFacts(location: location, size: newest.size)
    }
    // What is in the folder is complete, or is not.
    guard let path = Self.localPath(of: folder), let names = try? Files.names(in: path)
    else { return nil }
    let complete = names.sorted().last { Files.exists("\(path)/\($0)/_metadata") }
    guard let complete else { return nil }
    return await facts("\(folder)/\(complete)")
  }

  /// The newest checkpoint that a job left on this machine's disk, where the cluster has forgotten it.
  func leftCheckpoint() async throws(Cluster.Silence) -> SnapshotFacts? {
    // The second is the name that it has since Flink 2.
    guard
      let base = try await setting("state.checkpoints.dir", "execution.checkpointing.dir"),
      let folder = Self.localPath(of: base).map({ "\($0)/\(job.id)" }),
      let names = try? Files.names(in: folder)
    else { return nil }
    let numbers = names.filter { $0.hasPrefix("chk-") }.compactMap { Int($0.dropFirst(4)) }
    let complete = numbers.filter { Files.exists("\(folder)/chk-\($0)/_metadata") }
    guard let newest = complete.max() else { return nil }
    let path = "\(folder)/chk-\(newest)"
    return SnapshotFacts(location: "file:\(path)", size: FileTree.size(of: path))
  }

  /// Removes a savepoint's bytes; none there is no error.
  ///
  /// - Throws: `.unknown` where the cluster cannot, `.unreachable`.
  func remove() async throws(RuntimeFailure) {
    // What has no facts was never complete, or nobody saw it.
    var known = target.facts
    if known == nil {
      known = try await reaching { () throws(Cluster.Silence) in try await find() }
    }
    if let known { try await dispose(known.location) }
    let folder = try await reaching { () throws(Cluster.Silence) in try await self.folder() }
    // An incomplete one has no metadata by which the cluster could remove it.
    guard let folder, let path = Self.localPath(of: folder), Files.exists(path) else { return }
    do throws(RollbookError) {
      try FileTree.remove(path)
    } catch {
      // What the cluster has removed is gone, whosever its folder is.
      if known == nil { throw RuntimeFailure(.unknown, rootCause: error.message) }
    }
  }

  private func dispose(_ location: String) async throws(RuntimeFailure) {
    struct Request: Encodable {
      let path: String
      enum CodingKeys: String, CodingKey { case path = "savepoint-path" }
    }
    struct Begun: Decodable {
      let id: String
      enum CodingKeys: String, CodingKey { case id = "request-id" }
    }
    let cluster = job.cluster
    var patience = Patience(seconds: target.timeoutSeconds)
    let answer = try await reaching { () throws(Cluster.Silence) in
      try await cluster.post("/savepoint-disposal", Request(path: location))
    }
    guard answer.isSuccess else {
      throw RuntimeFailure(.unknown, answer, whileDoing: "removing the savepoint")
    }
    let cause = try await reaching { () throws(Cluster.Silence) -> String? in
      let path = "/savepoint-disposal/\(try answer.decode(Begun.self).id)"
      while true {
        guard let seen = try await cluster.get(path, as: ClusterAnswers.Trigger.self) else {
          throw Cluster.Silence(reason: "the cluster does not know \(path) any more")
        }
        if seen.status.id == "COMPLETED" { return seen.operation?.cause?.text }
        if patience.isOver { throw Cluster.Silence(reason: "removing \(location) takes too long") }
        await patience.pause()
      }
    }
    guard let cause, !cause.contains("FileNotFoundException") else { return }
    throw RuntimeFailure(
      .unknown, rootCause: JavaText.rootCause(of: cause) ?? "the savepoint could not be removed",
      text: cause)
  }

  // MARK: Locations

  /// `file:/a`, `file:///a` and `/a` are the same place.
  static func spelled(_ location: String) -> String {
    localPath(of: location) ?? location.withoutSlashesAtItsEnd
  }

  /// A path of this machine; nil for other storage.
  static func localPath(of location: String) -> String? {
    var path = Substring(location)
    if path.hasPrefix("file:") { path = path.dropFirst(5) }
    while path.hasPrefix("//") { path = path.dropFirst() }
    return path.hasPrefix("/") ? String(path).withoutSlashesAtItsEnd : nil
  }

  /// Whether a savepoint is seen not to be there: where its folder is on this machine, or others of
  /// ours are beside it. Else the cluster's storage may not be this machine's, and nothing can be seen.
  static func isGone(_ location: String) -> Bool {
    guard let path = localPath(of: location), !Files.exists(path + "/_metadata") else {
      return false
    }
    let folder = Files.parent(of: path)
    if Files.exists(folder) { return true }
    let others = (try? Files.names(in: Files.parent(of: folder))) ?? []
    return others.contains { $0.hasPrefix("rollbook-") }
  }

  /// Checks that a savepoint is there, as far as this machine can see.
  ///
  /// - Throws: `.untouched` where it is gone.
  static func verify(_ snapshot: Snapshot) throws(RuntimeFailure) {
    guard let location = snapshot.outcome?.facts?.location else {
      throw RuntimeFailure(.untouched, rootCause: "snapshot \(snapshot.name) is not complete")
    }
    if isGone(location) {
      throw RuntimeFailure(
        .untouched, rootCause: "the bytes of snapshot \(snapshot.name) are gone",
        text: "There is no savepoint at \(location).")
    }
  }
}

/// Does something that asks a cluster; where that does not answer, it is unreachable.
func reaching<Value>(
  _ body: () async throws(Cluster.Silence) -> Value
) async throws(RuntimeFailure) -> Value {
  do throws(Cluster.Silence) {
    return try await body()
  } catch {
    // No answer because nobody waits for one says nothing of the cluster.
    if Task.isCancelled { throw RuntimeFailure(.untouched, rootCause: "given up on request") }
    throw error.failure
  }
}

/// Does something to its end although its task is cancelled meanwhile: what a cluster was asked for
/// cannot be taken back.
func uncancelled<Value: Sendable>(
  _ body: @escaping @Sendable () async throws(RuntimeFailure) -> Value
) async throws(RuntimeFailure) -> Value {
  let task = Task { () -> Result<Value, RuntimeFailure> in
    do throws(RuntimeFailure) {
      return .success(try await body())
    } catch {
      return .failure(error)
    }
  }
  return try await task.value.get()
}
#endif
