import Testing

@testable import Rollbook

@Suite struct LifecycleTests {
  /// Every combination of status, kind in flight and command, against the rules as written.
  @Test func `the table is what the rules say`() {
    for status in ApplicationStatus.allCases {
      for kind in OperationKind.allCases.map(Optional.some) + [nil] {
        for command in Command.allCases {
          let verdict = Lifecycle.verdict(command, status: status, inFlight: kind)
          #expect(verdict == expected(command, status, kind), "\(command) \(status) \(kind as Any)")
        }
      }
    }
  }

  private func expected(
    _ command: Command, _ status: ApplicationStatus, _ kind: OperationKind?
  ) -> Lifecycle.Verdict {
    if status == .deleted { return .wrongStatus }
    switch (command, kind) {
    case (.abandon, .some): return .cancelsWhatIsInFlight
    case (.abandon, nil): return .wrongStatus
    case (.forceStop, .some(let kind)):
      let cancels: Set<OperationKind> = [
        .start, .stop, .update, .scale, .rollback, .systemRollback, .createSnapshot,
        .deleteSnapshot,
      ]
      let statuses: Set<ApplicationStatus> = [
        .starting, .updating, .autoscaling, .stopping, .rollingBack, .running,
      ]
      return cancels.contains(kind) && statuses.contains(status) ? .cancelsWhatIsInFlight : .busy
    case (.rollback, .update), (.rollback, .scale): return .cancelsWhatIsInFlight
    case (_, .some): return .busy
    case (.start, nil): return status == .ready ? .accepted : .wrongStatus
    case (.stop, nil), (.forceStop, nil), (.createSnapshot, nil):
      return status == .running ? .accepted : .wrongStatus
    default: return status == .ready || status == .running ? .accepted : .wrongStatus
    }
  }

  @Test func `every arrow of the diagram ends in a status that can be left, but the last`() {
    let arrows = Lifecycle.transitions
    for status in ApplicationStatus.allCases where status != .deleted {
      #expect(arrows.contains { $0.from == status }, "\(status) is a dead end")
    }
    for status in ApplicationStatus.allCases where status != .ready {
      #expect(arrows.contains { $0.to == status }, "\(status) is never reached")
    }
  }
}

@Suite struct RollbackPlanningTests {
  private let top = GoodState(id: OperationID(9), version: 3, parallelism: 2, below: OperationID(4))
  private let below = GoodState(id: OperationID(4), version: 2, parallelism: 2, below: nil)

  @Test func `every circumstance of a failed change has its decision`() {
    for kind in OperationKind.allCases {
      for bits in 0..<32 {
        let now = RollbackPlanning.Circumstances(
          kind: kind, isEnabled: bits & 1 != 0, oldIsUntouched: bits & 2 != 0,
          top: bits & 4 != 0 ? top : nil, targetWantsSnapshot: bits & 8 != 0,
          hasUsableSnapshot: bits & 16 != 0)
        #expect(RollbackPlanning.decision(now) == expected(now), "\(now)")
      }
    }
  }

  private func expected(_ now: RollbackPlanning.Circumstances) -> RollbackDecision.Code? {
    switch now.kind {
    case .start: return .startIsNotRolledBack
    case .rollback, .systemRollback: return .rollbackFailed
    case .update, .scale: break
    default: return nil
    }
    guard !now.oldIsUntouched else { return .oldVersionUntouched }
    guard now.isEnabled else { return .notEnabled }
    guard now.top != nil else { return .nothingToReturnTo }
    guard !now.targetWantsSnapshot || now.hasUsableSnapshot else { return .noUsableSnapshot }
    return .rollbackStarted
  }

  @Test func `running goes below the top, ready returns to the top it has left`() {
    func target(_ status: ApplicationStatus, _ version: Int64, _ parallelism: Int) -> OperationID? {
      RollbackPlanning.requestedTarget(
        status: status, version: version, parallelism: parallelism, top: top, below: below)?.entry
    }
    #expect(target(.running, 3, 2) == below.id)
    #expect(target(.ready, 3, 2) == below.id)
    #expect(target(.ready, 4, 2) == top.id)
    #expect(target(.ready, 3, 1) == top.id)
    #expect(
      RollbackPlanning.requestedTarget(
        status: .running, version: 3, parallelism: 2, top: top, below: nil) == nil)
    #expect(
      RollbackPlanning.requestedTarget(
        status: .ready, version: 3, parallelism: 2, top: nil, below: nil) == nil)
  }

  @Test func `a state is pushed unless it is the top`() {
    #expect(RollbackPlanning.pushes(version: 1, parallelism: 1, top: nil))
    #expect(!RollbackPlanning.pushes(version: 3, parallelism: 2, top: top))
    #expect(RollbackPlanning.pushes(version: 3, parallelism: 1, top: top))
    #expect(RollbackPlanning.pushes(version: 2, parallelism: 2, top: top))
  }
}

@Suite struct SnapshotChoiceTests {
  @Test(arguments: [
    ("FLINK-1_9", "FLINK-1_19", true), ("FLINK-1_19", "FLINK-1_9", false),
    ("FLINK-1_19", "FLINK-1_19", true), ("FLINK-2_2", "FLINK-1_20", false),
    ("FLINK-1_20", "FLINK-2_2", true), ("PROCESS-1", "PROCESS-1", true),
    ("PROCESS-1", "FLINK-1_19", false), ("FLINK-1", "FLINK-1_0", true),
  ])
  func `environments are compared as numbers`(_ written: String, _ reader: String, _ ok: Bool) {
    #expect(SnapshotChoice.isReadable(written, by: reader) == ok)
  }
}

@Suite struct SettlingTests {
  private let replace = Settling.Task(stopsOld: true, startsNew: true)
  private let end = Settling.Task(stopsOld: true, startsNew: false)

  /// Every row: what must hold whatever is seen.
  @Test func `the table keeps the rules`() {
    for task in [replace, end, Settling.Task(stopsOld: false, startsNew: true)] {
      for stage in Settling.Stage.allCases {
        for isCancelled in [false, true] {
          for old in Settling.Sight.allCases {
            for new in Settling.Sight.allCases.map(Optional.some) + [nil] {
              check(task, stage, isCancelled, old, new)
            }
          }
        }
      }
    }
  }

  private func check(
    _ task: Settling.Task, _ stage: Settling.Stage, _ isCancelled: Bool, _ old: Settling.Sight,
    _ new: Settling.Sight?
  ) {
    let verdict = Settling.verdict(task, stage: stage, isCancelled: isCancelled, old: old, new: new)
    let place: Comment = "\(task) \(stage) \(isCancelled) \(old) \(new as Any): \(verdict)"
    let hasStarted = [.deploying, .deployed, .running].contains(stage)
    let mayHaveOld = task.stopsOld && [.begun, .stopping].contains(stage)
    // A recorded failure is never forgotten.
    if stage == .failing { #expect(verdict == .endFailed, place) }
    // Nothing new is started while the old generation may run, or the last new one is unknown.
    if mayHaveOld { #expect(verdict != .deploy && verdict != .succeed, place) }
    if hasStarted && new == .unreachable { #expect(verdict == .waitForRuntime, place) }
    if hasStarted && new == .runs { #expect(verdict != .deploy, place) }
    // What somebody gave up is not carried on.
    if isCancelled && stage != .failing {
      #expect([.giveUp, .stopOld, .waitForRuntime].contains(verdict), place)
    }
    // An end from outside is no failure of the program.
    if hasStarted && !isCancelled && new == .endedFromOutside { #expect(verdict == .deploy, place) }
    if hasStarted && !isCancelled && new == .ended { #expect(verdict == .recordFailure, place) }
    // Only what ends a generation ends without having started one.
    if verdict == .succeed { #expect(!task.startsNew, place) }
  }
}

@Suite struct ValueTests {
  @Test(arguments: [(0, 0), (2, 2), (0.5, 3), (0, 2)])
  func `a timeout that nothing could keep is refused`(_ timeout: Double, _ settle: Double) {
    var configuration = VersionConfiguration(codeName: "shop")
    configuration.timeoutSeconds = timeout
    configuration.settleSeconds = settle
    #expect {
      try Validation.configuration(configuration)
    } throws: {
      let error = $0 as? RollbookError
      return error?.code == .invalidArgument
        && error?.message.contains("is not greater than --settle") == true
    }
  }

  @Test(arguments: ["A B", "A\tB", "A\n", "\u{A0}", "A\u{2028}", "A=B", "", "A\0", "ROLLBOOK_X"])
  func `names of properties that nothing could carry are refused`(_ name: String) {
    var configuration = VersionConfiguration(codeName: "shop")
    configuration.properties[name] = "1"
    #expect(throws: RollbookError.self) { try Validation.configuration(configuration) }
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000000Z"), (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
    (-1, "1969-12-31T23:59:59.999999Z"), (1_795_403_655_926_535, "2026-11-23T03:14:15.926535Z"),
  ])
  func `times are ISO 8601`(_ micros: Int64, _ text: String) {
    #expect(Timestamp(rawValue: micros).description == text)
  }

  @Test func `long failure texts keep their end and say what was cut`() {
    let text = String(repeating: "x", count: Failure.textLimit) + "the cause"
    let failure = Failure(phase: .start, rootCause: "the cause", text: text)
    #expect(failure.text.utf8.count <= Failure.textLimit)
    let kept = failure.text.utf8.drop { $0 != UInt8(ascii: "\n") }.count - 1
    #expect(failure.text.hasPrefix("[… \(text.utf8.count - kept) bytes cut by Rollbook …]\n"))
    #expect(failure.text.hasSuffix("the cause"))
  }

  @Test(arguments: ["", "a b", "a/b", "ä", String(repeating: "a", count: 129), "a\n"])
  func `names outside the pattern are refused`(_ name: String) {
    #expect(throws: RollbookError.self) { try Validation.name(name) }
  }
}
