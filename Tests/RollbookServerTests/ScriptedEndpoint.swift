#if Server
import Foundation
import Logging
import Rollbook
import RollbookTesting
import Testing

@testable import RollbookServer

/// The operations of the endpoint on an engine whose programs do what a test says.
final class ScriptedEndpoint: Sendable {
  let runtime: ScriptedRuntime
  let engine: Engine
  let runner: OperationRunner
  let settler: Settler
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private let api: API
  private let home: Home

  /// Runs a test with an endpoint of its own; what is in flight at the end is left where it is.
  static func run(
    _ world: ScriptedWorld = ScriptedWorld(),
    _ body: @escaping @Sendable (ScriptedEndpoint) async throws -> Void
  ) async throws {
    let endpoint = try ScriptedEndpoint(world)
    let running = Task { try await endpoint.runner.run() }
    let result = await Task { try await body(endpoint) }.result
    endpoint.runner.leave()
    running.cancel()
    _ = await running.result
    try result.get()
  }

  private init(_ world: ScriptedWorld) throws {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
    home = Home(path: "\(base)/rollbook-\(UUID().uuidString)")
    let staging = home.path + "/incoming"
    try FileManager.default.createDirectory(
      atPath: staging, withIntermediateDirectories: true)
    runtime = ScriptedRuntime(world: world)
    let journal = try Journal(path: home.journal, access: .create)
    engine = try Engine(home: home, journal: journal, runtimes: [runtime])
    runner = OperationRunner(engine: engine, metrics: Metrics(), logger: logger)
    var settings = ServerSettings(runtime: "scripted")
    // As quick as the runtime is looked at; and what is held is held for the whole test.
    settings.settleSeconds = 0.01
    settings.timeoutSeconds = 600
    settings.clusterAddress = "http://cluster:8081/"
    settler = Settler(engine: engine, control: runner.control, logger: logger)
    api = API(
      engine: engine, settings: settings, model: try ServiceModel.load(), staging: staging,
      runner: runner, settler: settler)
  }

  deinit {
    engine.journal.close()
    try? FileManager.default.removeItem(atPath: home.path)
  }

  // MARK: Calls

  /// A call, as it is answered once its body is read and its caller known.
  func send(_ operation: String, _ body: String) async throws -> JSONValue {
    let shape = try #require(api.model.operations[operation])
    let input = try api.model.input(JSONValue(parsingRequest: Array(body.utf8)), as: shape)
    return try await api.answer(Call(operation: operation, input: input, actor: "tester"))
  }

  /// A call about the application.
  @discardableResult
  func call(_ operation: String, _ more: String = "") async throws -> JSONValue {
    try await send(operation, "{\"ApplicationName\":\"shop\"\(more)}")
  }

  /// The error of a call about the application; empty where it was answered.
  func error(_ operation: String, _ more: String = "") async throws -> String {
    try await error { try await self.call(operation, more) }
  }

  func error(_ body: () async throws -> Void) async throws -> String {
    do {
      try await body()
      return ""
    } catch let error as WireError {
      return error.code.rawValue
    }
  }

  // MARK: Applications

  func create(_ configuration: String = "", _ more: String = "") async throws {
    let code = Data("#!/bin/sh\n".utf8).base64EncodedString()
    try await call(
      "CreateApplication",
      """
      ,"RuntimeEnvironment":"FLINK-1_19","ServiceExecutionRole":"arn:aws:iam::1:role/r"\(more),\
      "ApplicationConfiguration":{"ApplicationCodeConfiguration":{"CodeContentType":"ZIPFILE",\
      "CodeContent":{"ZipFileContent":"\(code)"}}\(configuration)}
      """)
  }

  func start() async throws {
    try await expectSuccess(of: try await call("StartApplication"))
  }

  /// Begins an update of the version that stands.
  func beginUpdate(_ more: String = "") async throws -> JSONValue {
    let version = try await detail()["ApplicationVersionId"]?.integer ?? 0
    return try await call("UpdateApplication", ",\"CurrentApplicationVersionId\":\(version)\(more)")
  }

  func update(_ more: String = "") async throws {
    try await expectSuccess(of: try await beginUpdate(more))
  }

  /// Makes a snapshot by hand.
  ///
  /// - Returns: when it was made.
  @discardableResult
  func makeSnapshot(_ name: String) async throws -> Double {
    try await call("CreateApplicationSnapshot", ",\"SnapshotName\":\"\(name)\"")
    try await wait(until: "snapshot \(name) is READY") {
      try await self.snapshot(name)["SnapshotStatus"]?.string == "READY"
    }
    return try #require(try await snapshot(name)["SnapshotCreationTimestamp"]?.seconds)
  }

  func snapshot(_ name: String) async throws -> JSONValue {
    try #require(
      try await call("DescribeApplicationSnapshot", ",\"SnapshotName\":\"\(name)\"")[
        "SnapshotDetails"])
  }

  func expectSuccess(of answer: JSONValue) async throws {
    let details = try await ended(answer)
    #expect(details["OperationStatus"]?.string == "SUCCESSFUL", "\(details)")
  }

  func detail() async throws -> JSONValue {
    try #require(try await call("DescribeApplication")["ApplicationDetail"])
  }

  func status() async throws -> String {
    try await detail()["ApplicationStatus"]?.string ?? ""
  }

  func operation(_ id: String) async throws -> JSONValue {
    try #require(
      try await call("DescribeApplicationOperation", ",\"OperationId\":\"\(id)\"")[
        "ApplicationOperationInfoDetails"])
  }

  /// An operation's details, once it has ended.
  func ended(_ answer: JSONValue) async throws -> JSONValue {
    let id = try #require(answer["OperationId"]?.string)
    try await wait(until: "the end of operation \(id)") {
      try await self.operation(id)["OperationStatus"]?.string != "IN_PROGRESS"
    }
    return try await operation(id)
  }

  /// `UpdateApplication FAILED`, newest first.
  func operations() async throws -> [String] {
    let list = try await call("ListApplicationOperations")["ApplicationOperationInfoList"]
    return (list?.array ?? []).map {
      "\($0["Operation"]?.string ?? "") \($0["OperationStatus"]?.string ?? "")"
    }
  }

  /// Looks again and again; whatever is waited for has a minute.
  func wait(
    until what: String, _ isSo: @escaping @Sendable () async throws -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !isSo() {
      try #require(ContinuousClock.now < deadline, "never: \(what)")
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  func wait(for status: String) async throws {
    try await wait(until: status) { try await self.status() == status }
  }

  /// Has the generations that run now not answer when they are told to stop.
  func silence() {
    runtime.change { world in world.silent.formUnion(world.generations.keys) }
  }
}
#endif
