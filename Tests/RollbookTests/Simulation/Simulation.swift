import Foundation
import Rollbook
import RollbookTesting
import Synchronization
import Testing

/// Many applications, several engines on one journal in memory, faults; a model beside it says what
/// every answer and every row must be. All of it follows from a seed.
final class Simulation {
  let seed: UInt64
  var random: SeededGenerator
  let temporary: TemporaryHome
  let runtime = ScriptedRuntime()
  private let wall = Wall()
  var engines: [Engine] = []
  var applications: [SimulatedApplication] = []
  /// How often what happened: a simulation in which something never happens proves nothing of it.
  private(set) var counts: [String: Int] = [:]
  private var history: [String] = []
  private var events = 0
  /// The operations of each application that have ended, as far as they were read, the oldest first.
  var records: [String: [OperationRecord]] = [:]
  let requester = Requester(actor: "simulation")

  init(seed: UInt64) async throws {
    self.seed = seed
    random = SeededGenerator(seed: seed)
    temporary = try TemporaryHome()
    runtime.change {
      $0.behavioursByParallelism = [SimulatedApplication.tooMuch: .isRefused("no slots")]
    }
    for _ in 1...3 { engines.append(try engine(on: runtime)) }
    for index in 1...4 { try await create("app-\(index)") }
  }

  deinit { for engine in engines { engine.journal.close() } }

  func engine(
    on runtime: any RuntimeAdapter, mortality: Mortality? = nil
  ) throws -> Engine {
    let journal = try Journal(
      path: temporary.home.journal, access: .create,
      clock: { [wall] in wall.now() }, probe: mortality?.probe)
    return try Engine(
      home: temporary.home, journal: journal, runtimes: [runtime], clock: ManualClock())
  }

  // MARK: Steps

  func run(steps: Int) async throws {
    for step in 1...steps {
      do {
        try await self.step()
        if step % 500 == 0 || step == steps { try await checkAll() }
      } catch {
        let log = history.suffix(12).joined(separator: "\n  ")
        Issue.record(
          """
          seed \(seed), step \(step): \(error)
            \(log)
          ROLLBOOK_SEED=\(seed) ROLLBOOK_STEPS=\(steps) swift test --disable-xctest --filter SimulationTests
          brings it back.
          """)
        return
      }
    }
  }

  private func step() async throws {
    let index = Int.random(in: applications.indices, using: &random)
    // Most who ask only look.
    if Int.random(in: 0..<100, using: &random) < 55 { return try await read(index) }
    switch Int.random(in: 0..<100, using: &random) {
    case ..<6: jump()
    case ..<18: work(index)
    case ..<22: end(index)
    case ..<25: turnSnapshots()
    case ..<27: try await replace(index)
    case ..<31: try await race(index)
    case ..<37: try await together(index)
    case ..<45: try await dyingOnTheWay(command(for: index), index)
    case ..<48: try await losingTheRuntime(command(for: index), index)
    case ..<50: try await hanging(command(for: index), index)
    default: try await execute(command(for: index), index)
    }
  }

  func happened(_ what: String, _ detail: @autoclosure () -> String = "") {
    counts[what, default: 0] += 1
    history.append("\(what) \(detail())")
    if history.count > 100 { history.removeFirst(50) }
  }

  /// The clock that the journal reads jumps, by up to a day and backwards too.
  private func jump() {
    let microseconds = Int64.random(in: -86_400_000_000...86_400_000_000, using: &random)
    wall.jump(microseconds)
    happened("jump")
  }

  private func work(_ index: Int) {
    guard applications[index].isRunning, !applications[index].hasEnded else { return }
    events += 1
    let event = "e\(events)"
    guard let token = generation(index) else { return }
    runtime.change { $0.generations[token]?.state.append(event) }
    applications[index].state.append(event)
    happened("work", applications[index].name)
  }

  /// The program ends although it had been RUNNING.
  private func end(_ index: Int) {
    guard applications[index].isRunning, !applications[index].hasEnded,
      let token = generation(index)
    else { return }
    let ending = Ending(
      cause: .failed, rootCause: "it fell over", text: "it fell over", evidence: Evidence())
    runtime.change {
      $0.generations[token]?.isAlive = false
      $0.generations[token]?.ending = ending
    }
    applications[index].hasEnded = true
    happened("end", applications[index].name)
  }

  private func turnSnapshots() {
    let refuses = Bool.random(using: &random)
    runtime.change { $0.refusesSnapshots = refuses }
    for index in applications.indices { applications[index].refusesSnapshots = refuses }
    happened(refuses ? "no snapshots" : "snapshots")
  }

  /// The token of what runs of an application.
  private func generation(_ index: Int) -> GenerationToken? {
    guard let id = identifiers[applications[index].name] else { return nil }
    return runtime.currentWorld.alive(of: id).keys.first
  }

  private var identifiers: [String: ApplicationID] = [:]

  private func create(_ name: String) async throws {
    let version = SimulatedApplication.Version(rollsBack: true, snapshots: true, behaviour: .runs)
    let parallelism = Int.random(in: 1...3, using: &random)
    var configuration = VersionConfiguration(codeName: "code")
    version.apply(to: &configuration)
    let engine = anEngine()
    _ = try await engine.create(
      CreateRequest(
        name: name, runtime: "scripted", codePath: nil, configuration: configuration,
        parallelism: parallelism), by: requester)
    let application = try await engine.application(named: name)
    identifiers[name] = application.id
    var new = SimulatedApplication(name: name, parallelism: parallelism, versions: [1: version])
    new.refusesSnapshots = runtime.currentWorld.refusesSnapshots
    applications.append(new)
    happened("create", name)
  }

  /// An application is deleted, and another made under its name.
  private func replace(_ index: Int) async throws {
    let old = applications[index]
    if old.hasEnded { return try await execute(.settle, index) }
    use(old)
    let report = try await anEngine().execute(.delete, on: old.name, by: requester)
    try expect(report.state.status == .deleted, "\(old.name) is \(report.state.status.name)")
    try expect(
      runtime.currentWorld.alive(of: report.state.application.id).isEmpty, "something runs on")
    applications.remove(at: index)
    records[old.name] = nil
    happened("delete", old.name)
    try await create(old.name)
  }

  func anEngine() -> Engine { engines.randomElement(using: &random) ?? engines[0] }

  func command(for index: Int) -> SimulatedCommand {
    let application = applications[index]
    switch Int.random(in: 0..<100, using: &random) {
    case ..<15: return .start
    case ..<22: return .stop(force: Bool.random(using: &random))
    case ..<55:
      return .update(
        SimulatedApplication.Version(
          rollsBack: Int.random(in: 0..<5, using: &random) > 0,
          snapshots: Int.random(in: 0..<6, using: &random) > 0, behaviour: behaviour()))
    case ..<68:
      return .scale(
        parallelism: [1, 2, 3, SimulatedApplication.tooMuch].randomElement(using: &random) ?? 1)
    case ..<82: return .rollback
    case ..<90:
      return .createSnapshot("by-hand-\(Int.random(in: 0..<5, using: &random))")
    case ..<96:
      let byHand = application.snapshots.filter { $0.name.hasPrefix("by-hand") }
      return .deleteSnapshot(byHand.randomElement(using: &random)?.name ?? "by-hand-9")
    default: return .settle
    }
  }

  /// What a new version's program does; one that lies says once that it runs.
  private func behaviour() -> ScriptedWorld.Behaviour {
    switch Int.random(in: 0..<100, using: &random) {
    case ..<70: .runs
    case ..<80: .isRefused("main() throws")
    case ..<85: .ends(afterObservations: 0, exitStatus: 1, "it fails at once")
    case ..<92: .ends(afterObservations: 2, exitStatus: 1, "it said that it runs")
    case ..<96: .isNeverReady
    default: .keepsRestarting
    }
  }

  // MARK: Commands without faults

  /// Has the runtime do what the versions of an application do.
  func use(_ application: SimulatedApplication, _ command: SimulatedCommand? = nil) {
    guard let id = identifiers[application.name] else { return }
    var behaviours = application.versions.mapValues(\.behaviour)
    if case .update(let version)? = command {
      behaviours[application.newestVersion + 1] = version.behaviour
    }
    runtime.change { [behaviours] in
      $0.behavioursByApplication[id] = behaviours
    }
  }

  func execute(_ command: SimulatedCommand, _ index: Int) async throws {
    let before = applications[index]
    use(before, command)
    let answer = await perform(command, on: before.name, by: anEngine())
    try conclude(command, answer, index)
    try await check(index)
  }

  /// What the model says of an answer; then the model is what the command has made of it.
  func conclude(
    _ command: SimulatedCommand, _ answer: Result<Void, RollbookError>, _ index: Int
  ) throws {
    let before = applications[index]
    happened("\(command.word)", "\(before.name) \(command)")
    do throws(SimulatedApplication.Refusal) {
      applications[index] = try before.after(command)
    } catch {
      guard case .code(let expected) = error else { return }
      guard case .failure(let found) = answer, found.code == expected else {
        throw Surprise("\(command) of \(before): \(answer), expected \(expected)")
      }
      happened("refused")
      return
    }
    if before.hasEnded, command.changes {
      guard case .failure(let found) = answer, found.code == .settledFirst else {
        throw Surprise("\(command) of what had ended: \(answer)")
      }
      return
    }
    if case .failure(let found) = answer {
      throw Surprise("\(command) of \(before): \(found)")
    }
  }

  func perform(
    _ command: SimulatedCommand, on name: String, by engine: Engine
  ) async -> Result<Void, RollbookError> {
    await Self.perform(command, on: name, by: engine)
  }

  static func perform(
    _ command: SimulatedCommand, on name: String, by engine: Engine
  ) async -> Result<Void, RollbookError> {
    do throws(RollbookError) {
      if let request = command.request {
        let requester = Requester(actor: "simulation")
        _ = try await engine.execute(request, on: name, by: requester)
      } else {
        _ = try await engine.settle(try await engine.application(named: name))
      }
      return .success(())
    } catch {
      return .failure(error)
    }
  }
}

/// What the model does not say.
struct Surprise: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

func expect(_ isSo: Bool, _ otherwise: @autoclosure () -> String) throws {
  if !isSo { throw Surprise(otherwise()) }
}

/// The time that all journals of a simulation read; it goes on with every look.
private final class Wall: Sendable {
  private let time = Mutex(Timestamp.now())

  func now() -> Timestamp {
    time.withLock { time in
      time = Timestamp(rawValue: time.rawValue + 1000)
      return time
    }
  }

  func jump(_ microseconds: Int64) {
    time.withLock { $0 = Timestamp(rawValue: $0.rawValue + microseconds) }
  }
}
