#if CommandLine
internal import ArgumentParser
internal import Rollbook

struct DigestVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "One line that tells later whether the history was rewritten.",
    discussion: """
      It covers everything of every operation through the newest before all that are in flight. Keep it \
      where whoever may write the journal cannot change it; `rollbook verify --digest LINE` says whether \
      that history is still the same, in the journal and in every backup of it.

      Without Rollbook: `rollbook digest --sql > history.sql`, then \
      `sqlite3 -readonly -batch -list -noheader journal.db < history.sql | sha256sum`.
      """)

  @Option(
    help: ArgumentHelp("End with this operation.", valueName: "operation"))
  var through: Int64?

  @Flag(help: "Print the SQL whose lines the digest is made of.") var sql = false

  @OptionGroup var options: ReadOptions

  func run() throws {
    let session = try ReadSession(options.home)
    let digest = try session.journal.historyDigest(through: through.map({ OperationID($0) }))
    if sql { return Standard.write(digest.sql) }
    try options.answer.one("HistoryDigest", HistoryDigestShape(digest)) {
      digest.description + "\n"
    }
  }
}

struct HistoryDigestShape: ListingRow {
  var digest: String
  var throughOperationId: String
  var sHA256: String

  init(_ digest: HistoryDigest) {
    self.digest = digest.description
    throughOperationId = digest.operation.description
    sHA256 = digest.sha256
  }

  static let fieldNames = ["Digest", "ThroughOperationId", "SHA256"]

  var fields: [String] { [digest, throughOperationId, sHA256] }
}
#endif
