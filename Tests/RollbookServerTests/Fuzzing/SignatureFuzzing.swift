#if Server
import Rollbook

@testable import RollbookServer

/// A signature is accepted where a second way to compute it, over bytes, finds the same, and is refused
/// once anything that is signed was changed.
enum SignatureFuzzing {
  static let keyID = "AKIDEXAMPLE"
  static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  /// When all requests of the corpus came.
  static let time = "20261126T034500Z"
  private static let authenticator = Authenticator(
    credentials: try? Credentials(
      text: """
        aws_access_key_id = \(keyID)
        aws_secret_access_key = \(secret)
        aws_access_key_id = OTHER
        aws_secret_access_key = another
        """, path: "file"))
  private static let open = Authenticator(credentials: nil)

  private static let refusals: Set<WireError.Code> = [
    .missingAuthentication, .incompleteSignature, .unrecognizedClient, .invalidSignature,
  ]

  static func check(_ bytes: [UInt8]) throws {
    guard let request = request(bytes) else { return }
    try checkOpen(request)
    if try isAccepted(request) {
      try require(
        ReferenceSignature.isRight(request, secret: secret), "a wrong signature was accepted")
    }
    guard let signed = signed(request) else { return }
    try require(try isAccepted(signed.request), "a right signature was refused")
    for (what, changed) in changes(of: signed.request, signed.names) {
      try require(try !isAccepted(changed), "accepted although changed: \(what)")
    }
  }

  /// Whether a request is accepted; what it is refused with is one of the documented errors.
  static func isAccepted(_ request: SignedRequest) throws -> Bool {
    guard let now = Timestamp(basicISO: time) else { throw Finding("no time") }
    do {
      let actor = try authenticator.actor(of: request, now: now)
      try require([keyID, "OTHER"].contains { $0.utf8.elementsEqual(actor.utf8) }, "as \(actor)")
      return true
    } catch let error as WireError {
      try require(refusals.contains(error.code), "refused as \(error)")
      try require(!"\(error)".contains(secret), "the secret is shown")
      return false
    }
  }

  /// Without keys anybody is somebody who was not checked, in letters that are harmless.
  private static func checkOpen(_ request: SignedRequest) throws {
    guard let now = Timestamp(basicISO: time) else { throw Finding("no time") }
    do {
      let actor = try open.actor(of: request, now: now)
      try require(actor.contains("unverified"), "\(actor) was not checked")
      try require(
        actor.utf8.count < 160 && actor.utf8.allSatisfy { (0x20...0x7E).contains($0) },
        "as \(actor)")
    } catch let error as WireError {
      throw Finding("without keys it was refused: \(error)")
    }
  }

  // MARK: Requests

  /// `POST /path?query`, headers, an empty line, the body; nil for what no HTTP server would hand on.
  static func request(_ bytes: [UInt8]) -> SignedRequest? {
    var rest = bytes[...]
    var lines: [String] = []
    while let end = rest.firstIndex(of: 0x0a) {
      guard let line = String(validating: rest[..<end], as: UTF8.self) else { return nil }
      rest = rest[rest.index(after: end)...]
      if line.isEmpty { break }
      lines.append(line)
    }
    guard let first = lines.first else { return nil }
    let words = first.utf8.split(separator: 0x20, maxSplits: 1).compactMap { String($0) }
    guard words.count == 2 else { return nil }
    var headers: [(name: String, value: String)] = []
    for line in lines.dropFirst() {
      let parts = line.utf8.split(separator: 0x3a, maxSplits: 1, omittingEmptySubsequences: false)
        .compactMap { String($0) }
      guard parts.count == 2, isToken(parts[0]),
        parts[1].utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
      else { return nil }
      headers.append((parts[0].lowercased(), parts[1]))
    }
    return SignedRequest(method: words[0], target: words[1], headers: headers, body: Array(rest))
  }

  private static func isToken(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  /// The same request with a right signature over all its headers; nil where it asks by its query too.
  private static func signed(_ given: SignedRequest) -> (request: SignedRequest, names: [String])? {
    guard given.target.utf8.firstRange(of: "X-Amz-Signature".utf8) == nil else { return nil }
    var request = given
    request.headers.removeAll { $0.name == "authorization" || $0.name == "x-amz-date" }
    request.headers.append(("x-amz-date", time))
    for name in ["host", "x-amz-target"] where !request.headers.contains(where: { $0.name == name })
    {
      request.headers.append((name, "anything"))
    }
    let names = Set(request.headers.map(\.name)).sorted()
    request.headers.append(
      ("authorization", ReferenceSignature.header(of: request, names, keyID: keyID, secret: secret))
    )
    return (request, names)
  }

  /// Everything that somebody on the way could change of a signed request.
  private static func changes(
    of request: SignedRequest, _ names: [String]
  ) -> [(String, SignedRequest)] {
    var changes: [(String, SignedRequest)] = []
    func change(_ what: String, _ body: (inout SignedRequest) -> Void) {
      var changed = request
      body(&changed)
      changes.append((what, changed))
    }
    change("method") { $0.method += "X" }
    change("target") { $0.target += "x" }
    change("query") { $0.target += $0.target.utf8.contains(0x3f) ? "&x" : "?x" }
    change("body") { $0.body.append(0x20) }
    if !request.body.isEmpty { change("last byte") { $0.body[$0.body.count - 1] ^= 1 } }
    for (index, header) in request.headers.enumerated() where header.name != "authorization" {
      change("value of \(header.name)") { $0.headers[index].value += "x" }
      change("missing \(header.name)") { $0.headers.remove(at: index) }
      change("second \(header.name)") { $0.headers.append((header.name, "x")) }
    }
    let last = request.headers.count - 1
    change("signature") {
      let digit = $0.headers[last].value.removeLast()
      $0.headers[last].value.append(digit == "0" ? "1" : "0")
    }
    change("cut signature") { $0.headers[last].value.removeLast() }
    change("key") {
      $0.headers[last].value = $0.headers[last].value.replacing(
        keyID, with: "OTHER", maxReplacements: 1)
    }
    change("region") {
      $0.headers[last].value = $0.headers[last].value.replacing(
        "/us-east-1/", with: "/us-east-2/", maxReplacements: 1)
    }
    return changes
  }
}
#endif
