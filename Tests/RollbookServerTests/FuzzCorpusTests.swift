#if Server
import Foundation
import Rollbook
import RollbookTesting
import Testing

@testable import RollbookServer

/// What `scripts/fuzz` does for hours, for a moment: every file of the corpora, and changes of each.
///
/// `ROLLBOOK_SEED` begins the changes elsewhere, `ROLLBOOK_MUTATIONS` says how many of each file; a failure
/// names the seed that brings its one change back.
@Suite struct FuzzCorpusTests {
  struct Seed: Sendable {
    let name: String
    let bytes: [UInt8]
  }

  private static let environment = ProcessInfo.processInfo.environment
  private static let seed = environment["ROLLBOOK_SEED"].flatMap { UInt64($0) } ?? 1
  private static let mutations = environment["ROLLBOOK_MUTATIONS"].flatMap { Int($0) } ?? 60

  private static func corpus(_ target: FuzzTarget) throws -> [Seed] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fuzzing/Corpora/\(target.rawValue)")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
      Seed(name: $0, bytes: Array(try Data(contentsOf: folder.appending(path: $0))))
    }
  }

  private static func seed(_ target: FuzzTarget, _ name: String) throws -> [UInt8] {
    try #require(try corpus(target).first { $0.name == name }, "\(name)").bytes
  }

  @Test(arguments: FuzzTarget.allCases)
  func `every file of the corpora, and changes of each`(target: FuzzTarget) throws {
    let corpus = try Self.corpus(target)
    #expect(corpus.count > 10)
    for (number, file) in corpus.enumerated() {
      #expect(throws: Never.self, "\(target) \(file.name)") { try target.check(file.bytes) }
      for index in 0..<Self.mutations {
        // Each change has a seed of its own, by which it alone can be made again.
        let seed = Self.seed &+ UInt64(index)
        var mutator = Mutator(seed: seed &* 1000 &+ UInt64(number), others: corpus.map(\.bytes))
        let changed = mutator.change(file.bytes)
        #expect(
          throws: Never.self,
          "\(target) \(file.name), ROLLBOOK_SEED=\(seed) ROLLBOOK_MUTATIONS=1: \(changed)"
        ) { try target.check(changed) }
      }
    }
  }

  // MARK: What the files are

  @Test func `requests of the AWS clients are accepted, and others are not`() throws {
    let model = try ServiceModel.load()
    for file in try Self.corpus(.request) {
      let isReal = ["boto3-", "aws-cli-", "terraform-"].contains { file.name.hasPrefix($0) }
      let isLoose = [
        "fraction-and-exponent", "unknown-members", "groups-of-one-name", "property-that-is-ours",
        "code-twice", "sql-application",
      ].contains(file.name)
      let parts = file.bytes.split(separator: 0x0a, maxSplits: 1)
      let shape = model.operations[String(decoding: parts[0], as: UTF8.self)] ?? "none"
      let input = try? model.input(JSONValue(parsingRequest: Array(parts[1])), as: shape)
      let isAccepted = input != nil && shape != "none"
      #expect(isAccepted == (isReal || isLoose), "\(file.name)")
    }
  }

  @Test func `what botocore signed is accepted, and what was changed is not`() throws {
    let accepted = [
      "botocore", "botocore-with-query", "five-minutes-early", "folded-blanks",
    ]
    for file in try Self.corpus(.signature) {
      let request = try #require(SignatureFuzzing.request(file.bytes), "\(file.name)")
      #expect(
        try SignatureFuzzing.isAccepted(request) == accepted.contains(file.name), "\(file.name)")
    }
  }

  // MARK: That it can fail

  @Test func `a value that is not the same again is noticed`() {
    #expect(throws: Finding.self) {
      try JSONFuzzing.checkWriting(.object(["b": .null, "a": .null]))
    }
  }

  @Test func `a signature that belongs to another request is noticed`() throws {
    var request = try #require(
      SignatureFuzzing.request(try Self.seed(.signature, "botocore")))
    #expect(ReferenceSignature.isRight(request, secret: SignatureFuzzing.secret))
    request.body.append(0x20)
    #expect(!ReferenceSignature.isRight(request, secret: SignatureFuzzing.secret))
  }
}

/// Changes bytes as libFuzzer does, from a seed.
private struct Mutator {
  private var random: SeededGenerator
  private let others: [[UInt8]]

  /// What has broken readers of texts before.
  private static let words: [[UInt8]] =
    [
      "\u{301}", "\u{212A}", "\u{600}", "\u{1B}[2J", "\u{2028}", "../", "/", "\\u0000", "\\ud800",
      "1e999", "-0", "9223372036854775808", "null", "[[[[", "{\"\":", "\"\"", ",", ":", "=", "&",
      "?",
      "%2e%2e", "\t", "\r\n", "\n\n", "Signature=", "host;", "true",
    ].map { Array($0.utf8) }
    + [[0], [0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff, 0xff, 0xff, 0xff]]

  init(seed: UInt64, others: [[UInt8]]) {
    random = SeededGenerator(seed: seed)
    self.others = others
  }

  mutating func change(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) { changeOnce(&bytes) }
    return bytes
  }

  private mutating func changeOnce(_ bytes: inout [UInt8]) {
    let place = Int.random(in: 0...bytes.count, using: &random)
    let end = min(bytes.count, place + Int.random(in: 0...16, using: &random))
    switch Int.random(in: 0..<6, using: &random) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes.removeSubrange(place..<end)
    case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 3: bytes.replaceSubrange(place..<end, with: Self.words.randomElement(using: &random) ?? [])
    case 4: bytes.insert(contentsOf: Self.words.randomElement(using: &random) ?? [], at: place)
    default:
      // The head of one and the tail of another.
      let other = others.randomElement(using: &random) ?? []
      bytes = bytes[..<place] + other.suffix(Int.random(in: 0...other.count, using: &random))
    }
  }
}
#endif
