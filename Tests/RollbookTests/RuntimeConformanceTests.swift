import Rollbook
import RollbookTesting
import Testing

@Suite struct RuntimeConformanceTests {
  @Test(arguments: RuntimeConformance.checks(for: ScriptedSubject.self))
  func `the scripted runtime keeps the protocol`(
    _ check: RuntimeConformance.Check
  ) async throws {
    try await check.run(on: ScriptedSubject.self)
  }

  @Test func `every check has a name of its own`() {
    let names = RuntimeConformance.checks(for: ScriptedSubject.self).map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.count > 25)
  }

  /// What breaks a rule must be found, or the checks are worth nothing.
  @Test(arguments: BrokenRuntime.Fault.allCases)
  func `a runtime that breaks a rule is found out`(_ fault: BrokenRuntime.Fault) async throws {
    var violations: [RuntimeConformance.Violation] = []
    for check in RuntimeConformance.checks(for: ScriptedSubject.self) {
      do {
        try await check.run { home in BrokenSubject(home: home, fault) }
      } catch let violation as RuntimeConformance.Violation {
        #expect(violation.check == check.name)
        violations.append(violation)
      }
    }
    #expect(!violations.isEmpty)
  }
}

/// The scripted runtime as the conformance suite wants it.
struct ScriptedSubject: RuntimeConformanceSubject {
  static let programs = Set(RuntimeConformanceProgram.allCases)
  static let takesSnapshots = true

  let runtime = ScriptedRuntime()
  private let home: Home

  init(home: Home) {
    self.home = home
    runtime.change {
      $0.behaviours[RuntimeConformanceProgram.isRefused.rawValue] = .isRefused("no such main")
      $0.behaviours[RuntimeConformanceProgram.fails.rawValue] = .ends(
        afterObservations: 2, exitStatus: 3, "boom")
      $0.behaviours[RuntimeConformanceProgram.isNeverReady.rawValue] = .isNeverReady
    }
  }

  func makeRuntime() -> any RuntimeAdapter { runtime }

  func makeCode(_ program: RuntimeConformanceProgram) throws -> RuntimeConformanceCode {
    let path = "\(home.path)/program"
    try Files.write(Array("\(program)".utf8), to: path)
    return RuntimeConformanceCode(
      path: path, configuration: VersionConfiguration(codeName: "program"))
  }

  func work(_ word: String, in generation: Generation) {
    runtime.work(word, in: generation.application.id)
  }

  func memory(of generation: Generation) -> [String] {
    runtime.currentWorld.generations[generation.token]?.state ?? []
  }
}
