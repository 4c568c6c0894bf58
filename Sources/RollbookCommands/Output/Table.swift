#if CommandLine
/// A table of aligned columns that fits a terminal's width; where there is none, nothing is cut.
///
/// The last column may be a wide one. Where a terminal leaves too little room for it beside the
/// others, it goes to a line of its own under its row. Where the others alone are too wide, the
/// columns that can be spared are left out, the last named first.
struct Table: Sendable {
  struct Column: Sendable {
    var title: String
    var isNumber = false
    /// Can be left out where the room is small.
    var isSparable = false

    init(_ title: String, isNumber: Bool = false, isSparable: Bool = false) {
      self.title = title
      self.isNumber = isNumber
      self.isSparable = isSparable
    }
  }

  struct Cell: Sendable, Equatable, ExpressibleByStringLiteral {
    var text: String
    var style = Style.plain

    init(_ text: String, _ style: Style = .plain) {
      self.text = text.singleLine
      self.style = style
    }

    init(stringLiteral text: String) { self.init(text) }
  }

  var columns: [Column]
  /// The title of the wide column at the end; nil for none.
  var wideTitle: String?
  private var rows: [[Cell]] = []

  init(_ columns: [Column], wide: String? = nil) {
    self.columns = columns
    wideTitle = wide
  }

  /// Adds a row: a cell for each column, and one for the wide column where there is one.
  mutating func add(_ cells: [Cell]) { rows.append(cells) }

  /// How little room the wide column may have before it gets lines of its own.
  private static let leastWide = 24
  private static let gap = 2

  func render(for terminal: Terminal) -> String {
    if wideTitle != nil && !rows.isEmpty && rows.allSatisfy({ $0.last?.text.isEmpty ?? true }) {
      return withoutWide.render(for: terminal)
    }
    var shown = Array(columns.indices)
    let widths = widths
    func total() -> Int { shown.reduce(0) { $0 + widths[$1] + Table.gap } }
    if let width = terminal.width {
      while total() - Table.gap > width,
        let spared = shown.last(where: { columns[$0].isSparable })
      {
        shown.removeAll { $0 == spared }
      }
    }
    let room = terminal.width.map { $0 - total() }
    let isBeside = room.map { $0 >= Table.leastWide || $0 >= widestWide } ?? true
    let titles = (columns.map(\.title) + (wideTitle.map { [$0] } ?? [])).map {
      Cell($0, .heading)
    }
    var lines = [line(titles, shown, widths, wideRoom: isBeside ? room : 0, terminal)]
    for row in rows {
      lines.append(line(row, shown, widths, wideRoom: isBeside ? room : 0, terminal))
      if !isBeside, wideTitle != nil, let wide = row.last, !wide.text.isEmpty {
        let text = wide.text.cut(to: (terminal.width ?? Int.max) - 4)
        lines.append("    " + wide.style.apply(to: text, on: terminal))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// How wide it is where nothing is cut.
  var naturalWidth: Int { widths.reduce(widestWide) { $0 + $1 + Table.gap } }

  private var widths: [Int] {
    columns.indices.map { index in
      rows.reduce(columns[index].title.count) { max($0, $1[index].text.count) }
    }
  }

  private var withoutWide: Table {
    var table = Table(columns)
    for row in rows { table.add(Array(row.dropLast())) }
    return table
  }

  private var widestWide: Int {
    guard let wideTitle else { return 0 }
    return rows.reduce(wideTitle.count) { max($0, $1.last?.text.count ?? 0) }
  }

  /// - Parameter wideRoom: the room for the wide cell; nil for as much as it needs, 0 for none.
  private func line(
    _ cells: [Cell], _ shown: [Int], _ widths: [Int], wideRoom: Int?, _ terminal: Terminal
  ) -> String {
    var line = ""
    let hasWide = wideTitle != nil && wideRoom != 0 && cells.last?.text.isEmpty == false
    for index in shown {
      let text = cells[index].text
      let isLast = index == shown.last && !hasWide
      let padding = String(repeating: " ", count: widths[index] - text.count)
      let styled = cells[index].style.apply(to: text, on: terminal)
      if columns[index].isNumber {
        line += padding + styled
      } else {
        line += styled + (isLast ? "" : padding)
      }
      if !isLast { line += String(repeating: " ", count: Table.gap) }
    }
    if hasWide, let wide = cells.last {
      line += wide.style.apply(
        to: wideRoom.map { wide.text.cut(to: $0) } ?? wide.text, on: terminal)
    }
    return line
  }
}
#endif
