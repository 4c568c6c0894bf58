#if Server
import Foundation
import Rollbook
import RollbookTesting
import Testing

@testable import RollbookServer

/// What is answered of an application that is being deleted.
@Suite struct DeletionTests {
  @Test("Whoever looks while an application is deleted sees it, or is told that there is none")
  func looks() async throws {
    try await ScriptedEndpoint.run { endpoint in
      for _ in 1...40 {
        try await endpoint.create()
        let seen = try await withThrowingTaskGroup(of: Set<String>.self) { group in
          for _ in 1...4 {
            group.addTask {
              var seen: Set<String> = []
              while true {
                do {
                  seen.insert(try await endpoint.status())
                } catch let error as WireError {
                  seen.insert(error.code.rawValue)
                  return seen
                }
              }
            }
          }
          let created = try await endpoint.detail()["CreateTimestamp"]?.seconds ?? 0
          try await endpoint.call("DeleteApplication", ",\"CreateTimestamp\":\(Int(created))")
          return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        #expect(seen.isSubset(of: ["READY", "DELETING", "ResourceNotFoundException"]), "\(seen)")
      }
    }
  }
}
#endif
