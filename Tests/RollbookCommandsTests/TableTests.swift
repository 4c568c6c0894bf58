#if CommandLine
import Testing

@testable import RollbookCommands

@Suite struct TableTests {
  private func table(_ detail: String) -> Table {
    var table = Table(
      [
        Table.Column("ID", isNumber: true), Table.Column("OPERATION"),
        Table.Column("TOOK", isNumber: true, isSparable: true),
      ], wide: "DETAIL")
    table.add(["7", "UpdateApplication", "1.2 s", Table.Cell(detail)])
    table.add(["12", "StopApplication", "0.3 s", ""])
    return table
  }

  @Test func columnsAreAlignedAndNothingIsCutWithoutATerminal() {
    #expect(
      table("a long reason " + String(repeating: "x", count: 200)).render(for: .plain) == """
        ID  OPERATION           TOOK  DETAIL
         7  UpdateApplication  1.2 s  a long reason \(String(repeating: "x", count: 200))
        12  StopApplication    0.3 s

        """)
  }

  @Test func theWideColumnIsCutOnATerminal() {
    let terminal = Terminal(width: 60, hasColour: false)
    let lines = table(String(repeating: "y", count: 100)).render(for: terminal).lines
    #expect(lines[1].count == 60)
    #expect(lines[1].hasSuffix("y…"))
  }

  @Test func aWideColumnWithoutRoomGetsLinesOfItsOwn() {
    let terminal = Terminal(width: 40, hasColour: false)
    let lines = table(String(repeating: "y", count: 100)).render(for: terminal).lines
    #expect(lines[0] == "ID  OPERATION           TOOK")
    #expect(lines[2] == "    " + String(repeating: "y", count: 35) + "…")
    #expect(lines[3] == "12  StopApplication    0.3 s")
  }

  @Test func sparableColumnsGoWhereTheRoomIsSmall() {
    let terminal = Terminal(width: 24, hasColour: false)
    #expect(table("").render(for: terminal).lines[0] == "ID  OPERATION")
  }

  @Test(arguments: 10...130) func noLineIsWiderThanTheTerminal(width: Int) {
    let terminal = Terminal(width: width, hasColour: false)
    let text = table("some words that tell why it failed").render(for: terminal)
    // The columns that cannot be spared need 21.
    #expect(text.lines.allSatisfy { $0.count <= max(21, width) })
  }

  @Test func aWideColumnWithoutValuesIsLeftOut() {
    var table = Table([Table.Column("NAME")], wide: "IN FLIGHT")
    table.add(["shop", ""])
    #expect(table.render(for: .plain) == "NAME\nshop\n")
  }

  @Test func textFromProgramsCannotSteerTheTerminal() {
    var table = Table([Table.Column("A")])
    table.add([Table.Cell("x\u{1B}[31m\u{7}\ny\u{9B}2J\u{202E}z")])
    #expect(table.render(for: .plain) == "A\nx[31m y2Jz\n")
  }

  @Test func coloursAreOnTerminalsOnly() {
    var table = Table([Table.Column("STATUS"), Table.Column("N")])
    table.add([Table.Cell("FAILED", .bad), "1"])
    #expect(table.render(for: .plain) == "STATUS  N\nFAILED  1\n")
    let colourful = table.render(for: Terminal(width: 80, hasColour: true)).lines
    #expect(colourful[1] == "\u{1B}[31mFAILED\u{1B}[0m  1")
  }

  @Test func factsWrapUnderThemselves() {
    var sheet = FactSheet()
    sheet.add("NAME", "shop")
    sheet.add("REASON", "one two three four five six")
    sheet.add("NOTHING", nil)
    #expect(
      sheet.render(for: Terminal(width: 28, hasColour: false)) == """
        NAME    shop
        REASON  one two three four
                five six

        """)
  }
}

extension String {
  var lines: [String] { split(separator: "\n").map(String.init) }
}
#endif
