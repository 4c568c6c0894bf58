#if CommandLine
import ArgumentParser
import Rollbook
import Testing

@testable import RollbookCommands

@Suite struct ArgumentTests {
  private func create(_ arguments: String...) throws -> Create {
    let verb = try RollbookCommand.parseAsRoot(["create", "shop", "--code", "x"] + arguments)
    return try #require(verb as? Create)
  }

  @Test func valuesMayBeginWithADash() throws {
    let verb = try create(
      "--arg", "-x", "--arg", "--home", "--arg", "--help", "--property", "-K=-v", "-m", "--why",
      "--description", "-d")
    #expect(verb.settings.arguments == ["-x", "--home", "--help"])
    #expect(verb.options.reason == "--why")
    #expect(verb.options.home.path == nil)
    let configuration = try verb.settings.apply(to: VersionConfiguration(codeName: "x"))
    #expect(configuration.properties == ["-K": "-v"])
    #expect(configuration.description == "-d")
  }

  @Test func theHomeIsTakenBeforeAndAfterTheVerb() throws {
    #expect(try create("--home", "/a").options.home.home.path == "/a")
    #expect(
      try HomeOptions.takeLeading(from: ["list", "--home", "/b"]) == ["list", "--home", "/b"])
  }

  @Test func whatIsNotNamedStays() throws {
    var old = VersionConfiguration(codeName: "x")
    old.arguments = ["a"]
    old.properties = ["K": "1", "L": "2"]
    old.secretProperties = ["S": SecretReference(path: "/s", digest: "d")]
    old.bakeSeconds = 7
    old.rollbackEnabled = true
    let verb = try create("--property", "K=3", "--property", "S=open", "--no-snapshots")
    let new = try verb.settings.apply(to: old)
    #expect(new.arguments == ["a"])
    #expect(new.properties == ["K": "3", "L": "2", "S": "open"])
    #expect(new.secretProperties.isEmpty)
    #expect(new.bakeSeconds == 7)
    #expect(new.rollbackEnabled && !new.snapshotsEnabled)
  }

  @Test(arguments: [
    ["--property", "K"], ["--property", "=v"], ["--secret-property", "K=value"],
    ["--secret-property", "K=@"], ["--settle=-1"], ["--bake", "nan"], ["--timeout", "inf"],
  ]) func wrongValuesAreRefused(arguments: [String]) throws {
    let verb = try #require(
      try RollbookCommand.parseAsRoot(["create", "shop", "--code", "x"] + arguments) as? Create)
    let error = #expect(throws: RollbookError.self) {
      try verb.settings.apply(to: VersionConfiguration(codeName: "x"))
    }
    #expect(error.map { ExitStatus($0.code) } == .usage)
  }

  @Test func aSecretIsNeverRepeatedInAnError() throws {
    let verb = try create("--secret-property", "hunter2")
    let error = #expect(throws: RollbookError.self) {
      try verb.settings.apply(to: VersionConfiguration(codeName: "x"))
    }
    #expect(error?.description.contains("hunter2") == false)
  }

  @Test(arguments: ["--entry-class=C", "--flink-url=http://x", "--submit-grace=1"])
  func whatMeansNothingToProcessesIsRefused(argument: String) throws {
    let verb = try create(argument)
    #expect(throws: RollbookError.self) { try verb.settings.check(for: "process") }
  }

  @Test func everyErrorCodeHasItsExitStatus() {
    for code in RollbookError.Code.allCases {
      #expect([1, 5, 64, 74].contains(ExitStatus(code).rawValue))
    }
    #expect(ExitStatus(.operationInFlight) == .refused)
    #expect(ExitStatus(.outcomeUnknown) == .journal)
  }

  @Test func theWorstOfSeveralCounts() {
    #expect(ExitStatus.done.worse(.failedAndRuns) == .failedAndRuns)
    #expect(ExitStatus.failedAndNothingRuns.worse(.refused) == .failedAndNothingRuns)
    #expect(ExitStatus.journal.worse(.other) == .journal)
  }

  @Test(arguments: [
    ["stop", "shop", "--abandon"], ["start"], ["start", "shop", "--interrupted"],
    ["update", "shop", "--if-version", "0"], ["operations", "shop", "--limit", "0"],
    ["version", "shop", "1000000000"], ["rollback", "shop", "--to-version", "0"],
    ["sql", "SELECT 1", "--timeout", "0"], ["logs", "shop", "--follow", "-o", "csv"],
    ["update", "shop", "--no-args", "--arg", "x"], ["list", "-o", "xml"], ["nonsense"],
  ]) func wrongUsageIs64(arguments: [String]) {
    let error = #expect(throws: (any Error).self) {
      try RollbookCommand.parseAsRoot(arguments)
    }
    #expect(error.map { RollbookCommand.exitCode(for: $0).rawValue } == 64)
  }
}
#endif
