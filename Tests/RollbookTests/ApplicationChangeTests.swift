import Rollbook
import RollbookTesting
import Testing

/// What is changed of an application without an operation, and what the endpoint asks of the core.
@Suite struct ApplicationChangeTests {
  @Test func `the newest tags and the newest window are what stands`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    let other = try await bench.create("other")
    let journal = bench.engine.journal
    func stands(_ application: Application) async throws -> ([String: String], String?) {
      try await journal.read { (reader) throws(RollbookError) in
        (try reader.tags(of: application.id), try reader.maintenanceWindow(of: application.id))
      }
    }
    #expect(try await stands(shop) == ([:], nil))
    for change in [
      ApplicationChange.tags(["a": "1"]), .maintenanceWindow(start: "03:00"),
      .tags(["a": "2", "é": "\"\n"]), .maintenanceWindow(start: "22:15"),
    ] {
      try await journal.write { (writer) throws(RollbookError) in
        try writer.record(change, of: shop.id, actor: "ada")
      }
    }
    #expect(try await stands(shop) == (["a": "2", "é": "\"\n"], "22:15"))
    #expect(try await stands(other) == ([:], nil))
    // No operation was begun for it.
    #expect(try await bench.state().newest.kind == .create)
  }

  @Test func `a mark is another after each commit of anybody, and the same between`() async throws {
    let bench = try Bench()
    try await bench.create()
    let reader = try Journal(path: bench.engine.journal.path, access: .readOnly)
    let before = try await reader.changeMark()
    #expect(try await reader.changeMark() == before)
    try await bench.start()
    let after = try await reader.changeMark()
    #expect(after != before)
    #expect(after.connection == before.connection)
    // Many who ask at once are answered all.
    try await withThrowingTaskGroup(of: ChangeMark.self) { group in
      for _ in 0..<50 { group.addTask { try await reader.changeMark() } }
      for try await mark in group { #expect(mark == after) }
    }
  }

  @Test func `an application without code is made and cannot be started`() async throws {
    let bench = try Bench()
    var request = CreateRequest(
      name: "shop", runtime: "scripted", codePath: nil,
      configuration: VersionConfiguration(codeName: ""))
    request.tags = ["team": "shop"]
    let report = try await bench.engine.create(request, by: bench.requester)
    #expect(report.state.status == .ready)
    let id = report.state.application.id
    let tags = try await bench.engine.journal.read { (reader) throws(RollbookError) in
      try reader.tags(of: id)
    }
    #expect(tags == ["team": "shop"])
    await #expect { try await bench.start() } throws: {
      ($0 as? RollbookError)?.code == .invalidArgument
    }
    #expect(try await bench.state().newest.kind == .create)
  }

  @Test func `an update under another name is listed under that name only`() async throws {
    let bench = try Bench()
    let shop = try await bench.create()
    var request = Bench.updateRequest()
    request.name = .addNetwork
    try await bench.run(.update(request))
    try await bench.update()
    func listed(_ name: String) async throws -> [String] {
      let filter = try #require(OperationFilter(name: name))
      return try await bench.engine.journal.read { (reader) throws(RollbookError) in
        try reader.operations(of: shop.id, filter: filter, limit: 10).records.map(\.operation.name)
      }
    }
    #expect(try await listed("UpdateApplication") == ["UpdateApplication"])
    #expect(
      try await listed("AddApplicationVpcConfiguration") == ["AddApplicationVpcConfiguration"])
    #expect(OperationFilter(name: "NoSuchOperation") == nil)
  }

  @Test func `an update that is tied to the newest operation is refused after another`()
    async throws
  {
    let bench = try Bench()
    try await bench.create()
    let seen = try await bench.state().newest.id
    try await bench.start()
    var request = Bench.updateRequest()
    request.ifNewest = seen
    let stale = request
    await #expect { try await bench.run(.update(stale)) } throws: {
      ($0 as? RollbookError)?.code == .staleVersion
    }
    request.ifNewest = try await bench.state().newest.id
    #expect(try await bench.run(.update(request)).record.status == .successful)
  }
}
