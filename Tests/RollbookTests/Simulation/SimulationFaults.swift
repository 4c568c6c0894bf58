import Rollbook
import RollbookTesting
import Synchronization
import Testing

/// Several at once, and whatever comes in between.
extension Simulation {
  /// Two applications at the same time, each by an engine of its own.
  func together(_ index: Int) async throws {
    let other = (index + 1) % applications.count
    let commands = (command(for: index), command(for: other))
    let names = (applications[index].name, applications[other].name)
    use(applications[index], commands.0)
    use(applications[other], commands.1)
    let (one, two) = (engines[0], engines[1])
    async let first = Self.perform(commands.0, on: names.0, by: one)
    async let second = Self.perform(commands.1, on: names.1, by: two)
    let answers = await (first, second)
    try conclude(commands.0, answers.0, index)
    try conclude(commands.1, answers.1, other)
    try await check(index)
    try await check(other)
    happened("together")
  }

  /// Three who want the next version: one of them gets it.
  func race(_ index: Int) async throws {
    let before = applications[index]
    // Where the one who wins goes back, the next one sees what it wants too.
    if before.hasEnded || before.refusesSnapshots { return }
    let version = SimulatedApplication.Version(rollsBack: true, snapshots: true, behaviour: .runs)
    use(before, .update(version))
    var request = SimulatedCommand.update(version).updateRequest
    request?.ifVersion = before.version
    guard let request else { return }
    let requester = requester
    let engines = engines
    let wins = await withTaskGroup(of: Bool.self) { group in
      for engine in engines {
        group.addTask {
          do throws(RollbookError) {
            _ = try await engine.execute(.update(request), on: before.name, by: requester)
            return true
          } catch {
            return ![.staleVersion, .operationInFlight].contains(error.code)
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    try expect(wins == 1, "\(wins) won version \(before.newestVersion + 1)")
    try conclude(.update(version), .success(()), index)
    try await check(index)
    happened("race")
  }

  /// Whoever carries a command out dies at some point of it; somebody else settles, or dies too.
  func dyingOnTheWay(_ command: SimulatedCommand, _ index: Int) async throws {
    let before = applications[index]
    use(before, command)
    let mortality = Mortality(dyingAt: Int.random(in: 1...24, using: &random))
    let answer = try await withMortal(mortality) {
      await self.perform(command, on: before.name, by: $0)
    }
    guard mortality.isDead else {
      try conclude(command, answer, index)
      return try await check(index)
    }
    happened("death", "\(before.name) \(command): \(mortality.points.last ?? "")")
    while Int.random(in: 0..<3, using: &random) == 0 {
      let next = Mortality(dyingAt: Int.random(in: 1...8, using: &random))
      _ = try await withMortal(next) { await self.perform(.settle, on: before.name, by: $0) }
      if next.isDead { happened("death while settling", next.points.last ?? "") }
    }
    try await settle(command, index)
  }

  private func withMortal<Answer>(
    _ mortality: Mortality, _ body: (Engine) async -> Answer
  ) async throws -> Answer {
    let mortal = ScriptedRuntime(world: runtime.currentWorld, hook: mortality.hook)
    let engine = try engine(on: mortal, mortality: mortality)
    let answer = await body(engine)
    engine.journal.close()
    // What the dead one has done stays done.
    let left = mortal.currentWorld
    runtime.change { $0 = left }
    return answer
  }

  /// The runtime goes away in the middle of a command, and comes back.
  func losingTheRuntime(_ command: SimulatedCommand, _ index: Int) async throws {
    let before = applications[index]
    use(before, command)
    let calls = Mutex(Int.random(in: 1...4, using: &random))
    let fickle = ScriptedRuntime(world: runtime.currentWorld) { _, moment in
      guard moment == .before else { return }
      let isGone = calls.withLock { left in
        left -= 1
        return left == 0
      }
      if isGone { throw RuntimeFailure(.unreachable, rootCause: "gone", text: "gone") }
    }
    let engine = try engine(on: fickle)
    let answer = await perform(command, on: before.name, by: engine)
    engine.journal.close()
    let left = fickle.currentWorld
    runtime.change { $0 = left }
    // Fewer calls than that: it was never gone.
    if calls.withLock({ $0 > 0 }) {
      try conclude(command, answer, index)
      return try await check(index)
    }
    if case .failure(let error) = answer, error.code == .runtimeUnreachable {
      happened("runtime lost", "\(before.name) \(command)")
    } else {
      happened("runtime lost unnoticed", "\(before.name) \(command): \(answer)")
    }
    try await settle(command, index)
  }

  /// A call of the runtime does not return for long: nobody else waits for it, and it ends as it would have.
  func hanging(_ command: SimulatedCommand, _ index: Int) async throws {
    let before = applications[index]
    // Whoever else settles meanwhile would record the end first.
    if before.hasEnded { return try await execute(command, index) }
    use(before, command)
    let gate = Gate(at: Int.random(in: 1...6, using: &random))
    let engine = try engine(on: HangingRuntime(base: runtime, gate: gate))
    let name = before.name
    let doing = Task { @Sendable () async -> Result<Void, RollbookError> in
      let answer = await Simulation.perform(command, on: name, by: engine)
      gate.end()
      return answer
    }
    if await gate.isReached() {
      happened("hang", "\(before.name) \(command)")
      let other = (index + 1) % applications.count
      do {
        let settled = await perform(.settle, on: before.name, by: anEngine())
        try expect((try? settled.get()) != nil, "beside what hangs: \(settled)")
        try await execute(self.command(for: other), other)
      } catch {
        gate.open()
        _ = await doing.value
        throw error
      }
      gate.open()
    }
    let answer = await doing.value
    engine.journal.close()
    try conclude(command, answer, index)
    try await check(index)
  }

  /// Settles what was left, and takes over which of the allowed states it is in.
  private func settle(_ command: SimulatedCommand, _ index: Int) async throws {
    let before = applications[index]
    let engine = anEngine()
    _ = await perform(.settle, on: before.name, by: engine)
    var allowed = [before]
    if let after = try? before.after(command) { allowed.append(after) }
    if before.hasEnded, let after = try? before.after(.settle) { allowed.append(after) }
    let seen = try await look(index)
    guard let match = allowed.last(where: { seen.isEssentially($0) }) else {
      throw Surprise("after \(command): \(seen), expected one of \(allowed)")
    }
    applications[index] = match
    try await adoptRecords(index)
    try await check(index)
  }
}
