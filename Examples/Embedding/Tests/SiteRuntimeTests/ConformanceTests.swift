import Foundation
import Rollbook
import RollbookTesting
import SiteRuntime
import Testing

@Suite struct ConformanceTests {
  @Test(arguments: RuntimeConformance.checks(for: SiteSubject.self))
  func `the site runtime keeps the protocol`(_ check: RuntimeConformance.Check) async throws {
    try await check.run(on: SiteSubject.self)
  }
}

/// The site runtime as the conformance suite wants it: a page, and guests who sign its book.
struct SiteSubject: RuntimeConformanceSubject {
  static let programs: Set<RuntimeConformanceProgram> = [.runs, .isRefused]
  static let takesSnapshots = true

  private let home: Home
  private let runtime: SiteRuntime

  init(home: Home) {
    self.home = home
    runtime = SiteRuntime(root: home.path + "/www")
  }

  func makeRuntime() -> any RuntimeAdapter { SiteRuntime(root: home.path + "/www") }

  func makeCode(_ program: RuntimeConformanceProgram) throws -> RuntimeConformanceCode {
    let pages = home.path + "/pages"
    try FileManager.default.createDirectory(atPath: pages, withIntermediateDirectories: true)
    try write("a page", to: pages + "/index.html")
    try write(program == .isRefused ? "on fire" : "ok", to: pages + "/health")
    return RuntimeConformanceCode(
      path: pages, configuration: VersionConfiguration(codeName: "pages"))
  }

  func work(_ word: String, in generation: Generation) throws {
    let words = try memory(of: generation) + [word]
    try write(words.joined(separator: "\n"), to: guests(generation))
  }

  func memory(of generation: Generation) throws -> [String] {
    let path = try guests(generation)
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
  }

  private func guests(_ generation: Generation) throws -> String {
    try #require(runtime.site(of: generation.application.id).current) + "/data/guests"
  }

  private func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
