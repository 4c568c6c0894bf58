#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "What changed between two versions: settings and code.")

  @Argument(help: "The application's name.") var name: String
  @Argument(help: "A version.") var from: Int64
  @Argument(help: "Another version.") var to: Int64
  @OptionGroup var options: ReadOptions

  func validate() throws {
    try checkVersionNumber(from)
    try checkVersionNumber(to)
  }

  func run() throws {
    let session = try ReadSession(options.home)
    let state = try session.state(of: name)
    let differences = VersionDifference.between(
      try session.version(from, of: state), try session.version(to, of: state))
    try options.answer.list("ApplicationVersionDifferences", differences) {
      table(differences)
    }
    if differences.isEmpty && options.output == .table {
      Standard.note("Versions \(from) and \(to) of \(name) are the same.")
    }
  }

  private func table(_ differences: [VersionDifference]) -> Table {
    var table = Table(
      [Table.Column("SETTING"), Table.Column("VERSION \(from)")], wide: "VERSION \(to)")
    for difference in differences {
      table.add([
        Table.Cell(difference.setting), cell(difference.from, .bad), cell(difference.to, .good),
      ])
    }
    return table
  }

  /// Digests are told apart by their beginnings, except by JSON and CSV.
  private func cell(_ value: String?, _ style: Style) -> Table.Cell {
    guard let value else { return Table.Cell("–", .faint) }
    let isDigest = value.utf8.count == 64 && value.allSatisfy(\.isHexDigit)
    return Table.Cell(isDigest ? String(value.prefix(12)) : value, style)
  }
}
#endif
