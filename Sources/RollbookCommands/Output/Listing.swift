#if CommandLine
internal import Rollbook

/// A row of a list: an object in JSON, fields in CSV.
protocol ListingRow: Encodable {
  /// The header of CSV.
  static var fieldNames: [String] { get }
  var fields: [String] { get }
}

/// Writes what a read verb answers, in the format that was asked for.
struct Answer: Sendable {
  let format: OutputFormat

  /// A list: one member in JSON, a line for each row in `jsonl` and `csv`.
  func list<Row: ListingRow>(
    _ member: String, _ rows: [Row], nextToken: String? = nil, table: () -> Table
  ) throws(RollbookError) {
    switch format {
    case .table:
      if !rows.isEmpty { Standard.write(table().render(for: .output)) }
    case .json:
      Standard.print(
        try JSONText.document(Document(member: member, value: rows, nextToken: nextToken)))
    case .jsonl: Standard.write(try lines(rows))
    case .csv:
      Standard.writeForeign(
        ([Row.fieldNames] + rows.map(\.fields)).map(CSV.line).joined())
    }
  }

  /// One thing: one member in JSON.
  func one<Row: ListingRow>(
    _ member: String, _ row: Row, text: () -> String
  ) throws(RollbookError) {
    switch format {
    case .table: Standard.write(text())
    case .json:
      Standard.print(try JSONText.document(Document(member: member, value: row)))
    case .jsonl: Standard.write(try lines([row]))
    case .csv: Standard.writeForeign(CSV.line(Row.fieldNames) + CSV.line(row.fields))
    }
  }

  private func lines(_ rows: [some Encodable]) throws(RollbookError) -> String {
    var text = ""
    for row in rows { text += try JSONText.line(row) + "\n" }
    return text
  }
}
#endif
