import Foundation
import Rollbook

/// The folder of one site: its releases, the link to the one that is published, its snapshots.
public struct Site {
  let path: String

  private var link: String { path + "/current" }

  /// The release that visitors see.
  public var current: String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: link)
  }

  func release(_ token: GenerationToken) -> Release { Release(path: "\(path)/releases/\(token)") }

  /// Switches the site to a release: visitors see the old one or the new one, never nothing.
  func publish(_ release: Release) throws {
    try Data().write(to: URL(filePath: release.mark))
    let next = link + ".next"
    try FileTree.remove(next)
    try FileManager.default.createSymbolicLink(atPath: next, withDestinationPath: release.path)
    guard rename(next, link) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  func takeOffline() throws { try FileManager.default.removeItem(atPath: link) }

  // MARK: Snapshots

  private func snapshot(_ id: SnapshotID) -> String { "\(path)/snapshots/\(id)" }

  /// Keeps a copy of a site's data; one that is there already is left as it is.
  func keep(_ data: String, as id: SnapshotID) throws -> SnapshotFacts {
    if let facts = try kept(id) { return facts }
    let partial = snapshot(id) + ".partial"
    try FileManager.default.createDirectory(
      atPath: path + "/snapshots", withIntermediateDirectories: true)
    try FileTree.remove(partial)
    try FileTree.copy(data, to: partial, endpoints: .refused)
    let facts = try FileTree.facts(of: partial, syncing: true)
    // It has its name once it is complete and durable.
    try FileManager.default.moveItem(atPath: partial, toPath: snapshot(id))
    return SnapshotFacts(location: snapshot(id), size: facts.size, digest: facts.digest)
  }

  /// The facts of a complete snapshot; nil where there is none.
  func kept(_ id: SnapshotID) throws -> SnapshotFacts? {
    guard FileManager.default.fileExists(atPath: snapshot(id)) else { return nil }
    let facts = try FileTree.facts(of: snapshot(id))
    return SnapshotFacts(location: snapshot(id), size: facts.size, digest: facts.digest)
  }

  /// Where the data of a snapshot is, once it is sure that it is what was kept.
  func data(of kept: Snapshot) throws -> String {
    guard let facts = try self.kept(kept.id), facts == kept.outcome?.facts else {
      throw RollbookError(.noUsableSnapshot, "snapshot \(kept.name) is gone or has changed")
    }
    return facts.location
  }

  func remove(_ id: SnapshotID) throws {
    try FileTree.remove(snapshot(id))
    try FileTree.remove(snapshot(id) + ".partial")
  }
}

/// One release of a site: its pages, its data, and whether it was ever published.
struct Release {
  let path: String

  var data: String { path + "/data" }
  var mark: String { path + ".published" }
  var wasPublished: Bool { FileManager.default.fileExists(atPath: mark) }

  /// Copies the pages and the data; what an earlier attempt left is made anew.
  func prepare(from artifact: String, state: String?) throws {
    try FileTree.remove(path)
    try FileManager.default.createDirectory(
      at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileTree.copy(artifact, to: path, endpoints: .refused)
    try FileTree.remove(data)
    if let state {
      try FileTree.copy(state, to: data, endpoints: .refused)
    } else {
      try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
    }
    _ = try FileTree.facts(of: path, syncing: true)
  }

  /// What is wrong with the release; nil where it can be shown to visitors.
  var problem: String? {
    guard FileManager.default.fileExists(atPath: path + "/index.html") else {
      return "the release has no index.html"
    }
    let health = try? String(contentsOfFile: path + "/health", encoding: .utf8)
    let said = health?.trimmingCharacters(in: .whitespacesAndNewlines)
    return said == "ok" ? nil : "the health check says “\(said ?? "nothing")”, not “ok”"
  }
}
