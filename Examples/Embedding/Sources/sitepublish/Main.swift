import Foundation
import Rollbook

/// Publishes three good editions of a site and a broken one, and checks what came of it.
@main struct Main {
  static func main() async {
    do {
      try await tellStory()
      print("All is as it should be.")
    } catch {
      print("Not as it should be: \(error)")
      exit(1)
    }
  }

  private static func tellStory() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/sitepublish-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await Story(publisher: Publisher(folder: folder)).tell()
  }
}

struct Story {
  let publisher: Publisher

  func tell() async throws {
    try await publisher.create(page: "first edition")
    for (page, visitor) in [("second edition", "Ada"), ("third edition", "Grace")] {
      try publisher.sign(visitor)
      let report = try await publisher.publish(page: page)
      try expect(report.record.status == .successful, "\(page) is published")
    }
    try publisher.sign("Mary")

    let report = try await publisher.publish(page: "fourth edition", health: "on fire")
    try await show(report)

    try expect(report.record.status == .failed, "the fourth edition fails")
    try expect(report.record.outcome?.decision?.code == .rollbackStarted, "it is rolled back")
    try expect(report.following.map(\.status) == [.successful], "the rollback succeeds")
    try expect(report.state.status == .running && report.state.version == 3, "version 3 runs")
    try expect(try publisher.read("index.html") == "third edition", "visitors see it")
    try expect(
      try publisher.read("data/guests") == "Ada\nGrace\nMary\n", "no guest has been forgotten")
    let newest = try await publisher.operations().prefix(2)
    try expect(newest.map(\.operation.kind) == [.systemRollback, .update], "the journal says so")
  }

  /// Prints what the journal holds.
  private func show(_ report: OperationReport) async throws {
    print("Version 4: \(report.failure?.rootCause ?? "no failure")")
    print("Rollback: \(report.record.outcome?.decision?.reason ?? "none")\n")
    for record in try await publisher.operations() {
      let operation = record.operation
      let to = operation.versionTo.map { "to version \($0)" } ?? ""
      print("\(operation.startedAt)  \(operation.kind.name)  \(record.status.name)  \(to)")
    }
    print("")
  }

  private func expect(_ condition: Bool, _ what: String) throws {
    if !condition { throw Surprise(expected: what) }
  }
}

struct Surprise: Error {
  let expected: String
}
