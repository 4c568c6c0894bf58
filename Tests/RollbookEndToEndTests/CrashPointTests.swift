#if CommandLine
import Foundation
import Glibc
import Testing

/// The command line is killed at every point of a verb: before and after each commit of the journal
/// and each call of the runtime. Then one `settle` leads to the end that the verb would have had.
@Suite(.serialized) struct CrashPointTests {
  @Test(arguments: CrashScenario.all)
  func `killed at every point, a verb ends as if nothing had happened`(
    _ scenario: CrashScenario
  ) async throws {
    let calm = try await scenario.calmly()
    #expect(calm.points.count >= scenario.least, "\(calm.points)")
    try await inParallel(Array(1...calm.points.count), atMost: 4) { number in
      try await scenario.die(at: number, calm)
    }
  }
}

/// A verb, and the situation that it is used in.
struct CrashScenario: Sendable, CustomTestStringConvertible {
  let name: String
  var prepare: @Sendable (Stage) async throws -> Void = CrashScenario.running
  let verb: @Sendable (Stage) throws -> [String]
  /// How the verb ends where nobody kills it.
  var status: Int32 = 0
  /// So many points it has at least.
  var least = 10
  /// With which count the program begins anew after it; nil where it goes on as it is.
  var count: Int? = 1
  /// Whether who settles it looks at a runtime, and says what was seen.
  var isLookedAt = true
  /// Whether what was not complete when its holder died may have failed.
  var mayFail = false

  var testDescription: String { name }

  static let running: @Sendable (Stage) async throws -> Void = { stage in
    try await stage.createSaver()
    try await stage.rollbook("start", "shop").exits(0)
  }

  static let all: [CrashScenario] = [
    CrashScenario(name: "update", verb: { _ in ["update", "shop", "--redeploy"] }),
    CrashScenario(
      name: "failing update with rollback",
      verb: { ["update", "shop", "--code", try $0.write(Program.throwingAtOnce, to: "bad.sh")] },
      status: 3),
    CrashScenario(
      name: "requested rollback",
      prepare: { stage in
        try await running(stage)
        try await stage.rollbook("update", "shop", "--redeploy").exits(0)
      }, verb: { _ in ["rollback", "shop"] }),
    CrashScenario(name: "scale", verb: { _ in ["scale", "shop", "--parallelism", "2"] }),
    CrashScenario(
      name: "start",
      prepare: { stage in
        try await running(stage)
        try await stage.rollbook("stop", "shop").exits(0)
      }, verb: { _ in ["start", "shop"] }),
    CrashScenario(name: "stop", verb: { _ in ["stop", "shop"] }),
    CrashScenario(
      name: "forced stop", verb: { _ in ["stop", "shop", "--force"] }, least: 6, count: 0),
    CrashScenario(
      name: "snapshot", verb: { _ in ["snapshot", "create", "shop", "mine"] }, least: 6,
      count: nil, mayFail: true),
    CrashScenario(
      name: "deletion of a snapshot",
      prepare: { stage in
        try await running(stage)
        try await stage.rollbook("snapshot", "create", "shop", "mine").exits(0)
      }, verb: { _ in ["snapshot", "delete", "shop", "mine"] }, least: 6,
      count: nil, isLookedAt: false),
  ]

  /// What is true at the end.
  struct End: Sendable, Equatable {
    var standing: String
    /// Newest first.
    var operations: [String]
    /// The versions of the instances that live.
    var instances: [Int]
  }

  /// A verb that nobody killed.
  struct Calm: Sendable {
    var before: End
    var after: End
    /// The names of the points that it passed.
    var points: [String]
  }

  private func end(_ stage: Stage) async throws -> End {
    End(
      standing: try await stage.standing("shop"), operations: try await stage.operations("shop"),
      instances: stage.running("shop"))
  }

  func calmly() async throws -> Calm {
    var calm: Calm?
    try await onStage { stage in
      try await prepare(stage)
      let before = try await end(stage)
      let environment = ["ROLLBOOK_DIE_COUNT_FILE": stage.path("points")]
      try await stage.rollbook(try verb(stage), environment: environment).exits(status)
      let points = (stage.text(stage.path("points")) ?? "").split(separator: "\n").map(String.init)
      calm = Calm(before: before, after: try await end(stage), points: points)
    }
    return try #require(calm)
  }

  /// Dies at a point, settles, and looks whether all is as it must be.
  func die(at number: Int, _ calm: Calm) async throws {
    try await onStage { stage in
      try await prepare(stage)
      let begun = stage.beginnings().count
      let died = try await stage.rollbook(
        try verb(stage), environment: ["ROLLBOOK_DIE_AT": String(number)])
      died.exits(128 + SIGKILL)
      let settled = try await stage.rollbook("settle").exits(0)
      let place = Comment(
        rawValue: "\(name): died \(calm.points[number - 1]) (\(number)/\(calm.points.count))\n"
          + "\(settled.described)\n\(stage.ledger())")

      // Before its first commit it has done nothing; from then on it ends as it would have.
      let wasNothing = number == 1
      var end = try await end(stage)
      let hasFailed = mayFail && end.operations.first?.hasSuffix(" FAILED") == true
      if hasFailed { end.operations[0] = calm.after.operations[0] }
      #expect(end == (wasNothing ? calm.before : calm.after), place)
      #expect(stage.livingGenerations().count == (end.instances.isEmpty ? 0 : 1), place)
      #expect(stage.keepers().count == (end.instances.isEmpty ? 0 : 1), place)
      let open = try await stage.sql("SELECT operation_id FROM open_operations")
      #expect(open == [], place)

      // Who settled, what was seen, and what followed from it is journalled: where there was
      // something to settle.
      let steps = try await stage.sql(
        """
        SELECT json_extract(detail, '$.holder') AS holder, json_extract(detail, '$.observed')
               AS observed, json_extract(detail, '$.verdict') AS verdict
        FROM operation_steps WHERE step = 'settling'
        """)
      let hadEnded = number == calm.points.count
      #expect(steps.count == (wasNothing || hadEnded || !isLookedAt ? 0 : 1), place)
      #expect(
        steps.allSatisfy { step in
          ["holder", "observed", "verdict"].allSatisfy { step[$0].text != "" }
        }, place)

      // The state: nothing is lost that was saved, and nothing begins anew.
      if end.instances.isEmpty { try await stage.rollbook("start", "shop").exits(0) }
      let beginnings = stage.beginnings().dropFirst(begun)
      #expect(beginnings.allSatisfy { $0 == count }, place)
      let goesOn = wasNothing && !calm.before.instances.isEmpty
      #expect(beginnings.isEmpty == (goesOn || count == nil), place)
      try await stage.rollbook("verify").exits(0)
    }
  }
}
#endif
