#if CommandLine
internal import ArgumentParser
internal import FoundationEssentials
internal import Rollbook

struct SQL: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql", abstract: "Ask the journal a question in SQL; it is only read.",
    discussion: """
      The views: application_status, operation_history, version_history, snapshot_history, \
      rollback_history.
      """)

  @Argument(help: "One statement that reads.") var query: String

  @Option(help: ArgumentHelp("How long it may take.", valueName: "seconds"))
  var timeout = 5.0

  @OptionGroup var options: ReadOptions

  func validate() throws {
    guard timeout > 0 && timeout <= 86400 else {
      throw ValidationError("--timeout \(timeout) is not between 0 and a day of seconds.")
    }
  }

  func run() throws {
    let home = try options.home.home
    let answer = try SQLQuery.ask(query, of: home.journal, timeoutSeconds: timeout)
    switch options.output {
    case .table: Standard.write(SQL.text(answer, for: .output))
    case .json: Standard.print(try JSONText.document(SQL.rows(answer)))
    case .jsonl:
      Standard.write(try SQL.rows(answer).map { try JSONText.line($0) + "\n" }.joined())
    case .csv:
      let lines = [answer.columns] + answer.rows.map { $0.map(\.text) }
      Standard.writeForeign(lines.map(CSV.line).joined())
    }
  }

  /// A table, or a sheet for each row where a terminal is too narrow for a table.
  static func text(_ answer: SQLQuery.Answer, for terminal: Terminal) -> String {
    let table = table(answer)
    guard let width = terminal.width, table.naturalWidth > width else {
      return table.render(for: terminal)
    }
    let sheets = answer.rows.map { row in
      var sheet = FactSheet()
      for (column, value) in zip(answer.columns, row) { sheet.add(column, value.text) }
      return sheet.render(for: terminal)
    }
    return sheets.joined(separator: "\n")
  }

  /// The last column is the wide one.
  private static func table(_ answer: SQLQuery.Answer) -> Table {
    let numbers = answer.columns.indices.map { index in
      answer.rows.allSatisfy { $0[index].isNumberOrNull }
    }
    var table = Table(
      zip(answer.columns, numbers).dropLast().map { Table.Column($0, isNumber: $1) },
      wide: answer.columns.last)
    for row in answer.rows { table.add(row.map { Table.Cell($0.text) }) }
    return table
  }

  private static func rows(_ answer: SQLQuery.Answer) -> [SQLRow] {
    answer.rows.map { SQLRow(columns: answer.columns, values: $0) }
  }
}

/// A row as an object; the columns keep their names.
private struct SQLRow: Encodable {
  let columns: [String]
  let values: [SQLQuery.Value]

  func encode(to encoder: any Encoder) throws {
    // A dictionary's keys stay as they are; of columns with one name the last counts.
    let members = Dictionary(
      zip(columns, values.map(SQLMember.init)), uniquingKeysWith: { $1 })
    var container = encoder.singleValueContainer()
    try container.encode(members)
  }
}

/// A value as JSON has it.
private struct SQLMember: Encodable {
  let value: SQLQuery.Value

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .null: try container.encodeNil()
    case .integer(let value): try container.encode(value)
    case .real(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .blob: try container.encode(value.text)
    }
  }
}

extension SQLQuery.Value {
  fileprivate var isNumberOrNull: Bool {
    switch self {
    case .null, .integer, .real: true
    case .text, .blob: false
    }
  }

  /// For tables and CSV; a blob in hexadecimal digits.
  fileprivate var text: String {
    switch self {
    case .null: ""
    case .integer(let value): String(value)
    case .real(let value): value.formatted
    case .text(let value): value
    case .blob(let bytes): Hex.encode(bytes)
    }
  }
}
#endif
