import Foundation
import Rollbook
import Testing

@Suite struct JournalAloneTests {
  @Test func `a journal records what other tools do`() async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/journal-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let home = Home(path: folder)
    let journal = try Journal(path: home.journal, access: .create)
    let site = try await journal.write { (writer) throws(RollbookError) in
      let site = try writer.insertApplication(name: "blog", runtime: "by hand")
      var draft = OperationDraft(application: site.id, kind: .create, actor: "editor@example.org")
      draft.versionTo = 1
      let operation = try writer.begin(draft)
      let standing = StandingState(status: .ready, version: 1, parallelism: 1)
      var outcome = OutcomeDraft(status: .failed, standing: standing)
      outcome.failure = Failure(phase: .deploy, rootCause: "disk full", text: "disk full")
      try writer.end(operation, outcome)
      return site
    }
    let failures = OperationFilter(status: .failed)
    let failed = try await journal.read { (reader) throws(RollbookError) in
      try reader.operations(of: site.id, filter: failures, limit: 20).records
    }
    #expect(failed.map(\.operation.kind) == [.create])
  }
}
