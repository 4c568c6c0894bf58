public import Rollbook

/// The rules of `RuntimeAdapter` as checks that every runtime passes, for any test framework.
///
/// With Swift Testing:
///
///     @Test(arguments: RuntimeConformance.checks(for: MySubject.self))
///     func keepsTheProtocol(_ check: RuntimeConformance.Check) async throws {
///       try await check.run(on: MySubject.self)
///     }
public enum RuntimeConformance {
  /// The checks that mean something for a subject: those whose needs it meets.
  public static func checks(for subject: any RuntimeConformanceSubject.Type) -> [Check] {
    (deploying + ending + stopping + snapshots + keepingSnapshots + cancelling).filter { check in
      check.programs.isSubset(of: subject.programs.union([.runs]))
        && (!check.needsSnapshots || subject.takesSnapshots)
    }
  }

  /// One check; its name is the rule that it checks.
  public struct Check: Sendable, CustomStringConvertible {
    public let name: String
    let programs: Set<RuntimeConformanceProgram>
    let needsSnapshots: Bool
    private let body: @Sendable (RuntimeConformanceBench) async throws -> Void

    init(
      _ name: String, programs: Set<RuntimeConformanceProgram> = [], needsSnapshots: Bool = false,
      _ body: @escaping @Sendable (RuntimeConformanceBench) async throws -> Void
    ) {
      self.name = name
      self.programs = programs
      self.needsSnapshots = needsSnapshots
      self.body = body
    }

    public var description: String { name }

    /// Runs the check on a subject of its own, in a fresh home that is removed afterwards.
    ///
    /// - Parameter folder: where the home is made.
    /// - Throws: `RuntimeConformance.Violation`, or what the subject threw.
    public func run(
      on subject: any RuntimeConformanceSubject.Type, under folder: String = "/tmp"
    ) async throws {
      try await run(under: folder) { home in try await subject.init(home: home) }
    }

    /// Runs the check on a subject that is made in a way of its own.
    public func run(
      under folder: String = "/tmp",
      makeSubject: (Home) async throws -> any RuntimeConformanceSubject
    ) async throws {
      let home = Home(path: "\(folder)/rollbook-conformance-\(GenerationToken.random())")
      try Files.makeFolder(home.path)
      defer { try? FileTree.remove(home.path) }
      let subject = try await makeSubject(home)
      let bench = RuntimeConformanceBench(
        home: home, subject: subject, runtime: try await subject.makeRuntime(), check: name)
      do {
        try await body(bench)
      } catch {
        await bench.finish()
        guard let failure = error as? RuntimeFailure else { throw error }
        throw bench.violation("what is asked of the runtime here succeeds", saw: failure)
      }
      await bench.finish()
    }
  }

  /// A rule of the protocol that a runtime did not keep.
  public struct Violation: Error, Sendable, CustomStringConvertible {
    /// The name of the check.
    public let check: String
    /// What the protocol says, at the point where it was not kept.
    public let rule: String
    /// What was seen instead.
    public let seen: String

    public var description: String { "\(check)\n  the rule: \(rule)\n  seen: \(seen)" }
  }
}
