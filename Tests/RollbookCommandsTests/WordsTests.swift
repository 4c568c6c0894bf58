#if CommandLine
import ArgumentParser
import Rollbook
import Testing

@testable import RollbookCommands

/// What people read: words that are plain, and tables that fit.
@Suite struct WordsTests {
  private func operation(_ kind: OperationKind) -> Operation {
    Operation(
      id: OperationID(1234), application: ApplicationID(1), kind: kind, startedAt: .now(),
      actor: "ada", reason: "a reason that takes some room", parameters: .none, versionFrom: 10,
      versionTo: 9, parallelismFrom: 1, parallelismTo: nil, causedBy: nil, links: .none)
  }

  @Test(arguments: [48, 60, 72, 80, 120]) func operationsFitTheirTerminal(width: Int) {
    let records = OperationKind.allCases.map {
      OperationRecord(operation: operation($0), outcome: nil)
    }
    let text = Operations.table(records, [:]).render(
      for: Terminal(width: width, hasColour: false))
    for line in text.split(separator: "\n") {
      #expect(line.count <= width, "\(line)")
    }
  }

  @Test func aStepOfSettlingIsToldInPlainWords() {
    var detail = StepDetail()
    detail.observed = "the old version has ended, the new one runs"
    detail.verdict = "awaitRunning"
    #expect(
      ProgressText.step(operation(.update), .settling, detail)
        == "taken over from a holder that died: the old version has ended, the new one runs; "
        + "waiting until it is RUNNING")
    detail.verdict = nil
    detail.observed = "exit status 7"
    #expect(
      ProgressText.step(operation(.ended), .settling, detail) == "found ended: exit status 7")
  }

  /// To make a name of its type the runtime looks through all conformances, for each verb at each start.
  @Test func everyVerbSaysItsName() {
    var all: [any ParsableCommand.Type] = [RollbookCommand.self]
    var count = 0
    while let verb = all.popLast() {
      #expect(verb.configuration.commandName != nil, "\(verb)")
      all += verb.configuration.subcommands
      count += 1
    }
    #expect(count > 20)
  }

  @Test(
    arguments: [
      ("updat", "update"), ("Stop", "stop"), ("histroy", "history"), ("lst", "list"),
      ("frobnicate", nil), ("x", nil), ("", nil),
    ] as [(String, String?)]) func aMisspeltVerbIsGuessed(word: String, verb: String?)
  {
    #expect(Verbs.nearest(to: word) == verb)
  }
}

extension OperationParameters {
  fileprivate static var none: OperationParameters { OperationParameters() }
}

extension OperationLinks {
  fileprivate static var none: OperationLinks { OperationLinks() }
}
#endif
