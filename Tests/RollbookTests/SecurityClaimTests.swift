import Foundation
import Testing

/// SECURITY.md names a test for each of its claims: those tests are there.
@Suite struct SecurityClaimTests {
  private struct Claim {
    let text: String
    let suite: String
    let test: String
  }

  /// Rows whose last cell is `` `Suite`: title; `Suite`: title ``.
  private func claims() throws -> [Claim] {
    let text = try String(
      contentsOf: TidinessTests.root.appending(path: "SECURITY.md"), encoding: .utf8)
    var claims: [Claim] = []
    for line in text.split(separator: "\n") where line.hasPrefix("| ") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 2, cells[0] != "claim", !cells[0].hasPrefix("-") else { continue }
      for named in cells[1].split(separator: "; ") {
        let parts = named.split(separator: "`: ", maxSplits: 1)
        try #require(parts.count == 2 && parts[0].hasPrefix("`"), "\(cells[0]): \(named)")
        claims.append(
          Claim(text: cells[0], suite: String(parts[0].dropFirst()), test: String(parts[1])))
      }
    }
    return claims
  }

  @Test func `every claim of SECURITY.md names a test that is there`() throws {
    let claims = try claims()
    #expect(claims.count > 40)
    let sources = try TidinessTests.sources(below: "Tests").map { source in
      source.lines.joined(separator: "\n")
    }
    for claim in claims {
      let isThere = sources.contains { text in
        ["struct \(claim.suite) ", "class \(claim.suite) ", "struct \(claim.suite):"]
          .contains { text.contains($0) }
          && ["\"\(claim.test)\"", "func `\(claim.test)`", "func \(claim.test)("]
            .contains { text.contains($0) }
      }
      #expect(isThere, "\(claim.text): \(claim.suite), \(claim.test)")
    }
  }
}
