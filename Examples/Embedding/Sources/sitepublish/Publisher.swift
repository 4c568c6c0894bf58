import Foundation
import Rollbook
import SiteRuntime

/// A deploy tool for one site: a journal, a runtime of its own, and the engine between them.
struct Publisher {
  private let folder: String
  private let runtime: SiteRuntime
  private let engine: Engine
  private let editor = Requester(actor: "editor@example.org", reason: "a new edition")

  init(folder: String) throws {
    self.folder = folder
    runtime = SiteRuntime(root: folder + "/www")
    let home = Home(path: folder + "/rollbook")
    let journal = try Journal(path: home.journal, access: .create)
    engine = try Engine(home: home, journal: journal, runtimes: [runtime])
  }

  /// Creates the site at version 1 and publishes it.
  func create(page: String) async throws {
    var configuration = VersionConfiguration(codeName: "pages")
    configuration.rollbackEnabled = true
    configuration.settleSeconds = 0.2
    let request = CreateRequest(
      name: "blog", runtime: runtime.name, codePath: try write(page, health: "ok"),
      configuration: configuration)
    _ = try await engine.create(request, by: editor)
    _ = try await engine.execute(
      .start(restore: nil, allowNonRestoredState: false), on: "blog", by: editor)
  }

  /// Publishes the next version; a failed one is rolled back before this returns.
  func publish(page: String, health: String = "ok") async throws -> OperationReport {
    var update = UpdateRequest { $0 }
    update.codePath = try write(page, health: health)
    return try await engine.execute(.update(update), on: "blog", by: editor)
  }

  /// The operations of the site, the newest first.
  func operations() async throws -> [OperationRecord] {
    let blog = try await engine.application(named: "blog")
    return try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.operations(of: blog.id, limit: 20).records
    }
  }

  // MARK: Pages and visitors

  /// A file as visitors see it.
  func read(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/www/1/current/\(name)", encoding: .utf8)
  }

  /// A visitor signs the guest book, which is the site's state.
  func sign(_ guest: String) throws {
    let path = "\(folder)/www/1/current/data/guests"
    let before = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    try (before + guest + "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func write(_ page: String, health: String) throws -> String {
    let pages = folder + "/pages"
    try FileManager.default.createDirectory(atPath: pages, withIntermediateDirectories: true)
    try page.write(toFile: pages + "/index.html", atomically: true, encoding: .utf8)
    try health.write(toFile: pages + "/health", atomically: true, encoding: .utf8)
    return pages
  }
}
