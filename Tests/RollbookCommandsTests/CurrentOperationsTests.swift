#if CommandLine
import Rollbook
import Testing

@testable import RollbookCommands

/// What this process drives, and what it had to leave: Ctrl-C is about the one, an error about the
/// other.
@Suite struct CurrentOperationsTests {
  private let current = CurrentOperations()

  private func application(_ id: Int64) -> Application {
    Application(
      id: ApplicationID(id), name: "app\(id)", runtime: "process", createdAt: .now(),
      deletedAt: nil)
  }

  private func operation(_ id: Int64, of application: Int64) -> Operation {
    Operation(
      id: OperationID(id), application: ApplicationID(application), kind: .update,
      startedAt: .now(), actor: "ada", reason: nil, parameters: OperationParameters(),
      versionFrom: nil, versionTo: nil, parallelismFrom: nil, parallelismTo: nil, causedBy: nil,
      links: OperationLinks())
  }

  @Test func whatAnErrorMadeItLeaveIsNotDrivenHereAnyMore() {
    current.follow(.began(operation(5, of: 1), application(1)))
    current.follow(.began(operation(4, of: 2), application(2)))
    #expect(current.all.map(\.id.rawValue) == [4, 5])
    current.follow(.left(application(1)))
    #expect(current.all.map(\.id.rawValue) == [4])
    #expect(current.left().map(\.id.rawValue) == [5])
    // The error of one application names nothing of another's.
    current.follow(.left(application(2)))
    #expect(current.left(of: "app2").map(\.id.rawValue) == [4])
    #expect(current.left(of: "app1").map(\.id.rawValue) == [5])
    #expect(current.left().map(\.id.rawValue) == [4, 5])
  }

  @Test func whatIsTakenUpAgainIsDriven() {
    current.follow(.began(operation(5, of: 1), application(1)))
    current.follow(.left(application(1)))
    current.follow(.step(operation(5, of: 1), .settling, StepDetail()))
    #expect(current.all.map(\.id.rawValue) == [5])
    #expect(current.left().isEmpty)
  }
}
#endif
