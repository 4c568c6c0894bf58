#if Server
internal import Crypto
internal import FoundationEssentials
internal import Rollbook

/// AWS Signature Version 4.
///
/// Source: docs.aws.amazon.com, "Create a signed AWS API request".
enum SignatureV4 {
  static let service = "kinesisanalytics"

  /// The signature of a request under a secret, in hexadecimal digits.
  ///
  /// - Parameter time: of the header x-amz-date: `20261126T034500Z`.
  static func signature(
    of request: SignedRequest, by authorization: Authorization, secret: String, time: String
  ) -> String {
    let text = stringToSign(
      canonical(request, authorization.signedHeaders), authorization, time: time)
    var key = SymmetricKey(data: Data("AWS4\(secret)".utf8))
    for part in [
      authorization.day, authorization.region, authorization.service, "aws4_request",
    ] {
      key = SymmetricKey(
        data: HMAC<Crypto.SHA256>.authenticationCode(for: Data(part.utf8), using: key))
    }
    return Hex.encode(HMAC<Crypto.SHA256>.authenticationCode(for: Data(text.utf8), using: key))
  }

  /// Whether two texts are the same, in a time that does not tell where they differ.
  static func isSame(_ a: String, _ b: String) -> Bool {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    guard a.count == b.count else { return false }
    return zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  static func canonical(_ request: SignedRequest, _ signedHeaders: [String]) -> String {
    let (path, query) = split(request.target)
    var lines = [request.method, path.isEmpty ? "/" : path, canonicalQuery(query)]
    for name in signedHeaders { lines.append("\(name):\(request.header(name) ?? "")") }
    lines += [
      "", signedHeaders.joined(separator: ";"), Hex.encode(Crypto.SHA256.hash(data: request.body)),
    ]
    return lines.joined(separator: "\n")
  }

  private static func stringToSign(
    _ canonical: String, _ authorization: Authorization, time: String
  ) -> String {
    [
      Authorization.algorithm, time,
      "\(authorization.day)/\(authorization.region)/\(authorization.service)/aws4_request",
      Hex.encode(Crypto.SHA256.hash(data: Data(canonical.utf8))),
    ].joined(separator: "\n")
  }

  private static func split(_ target: String) -> (path: String, query: String) {
    guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, "") }
    return (String(target[..<mark]), String(target[target.utf8.index(after: mark)...]))
  }

  /// Sorted by name, as bytes are; a name without a value gets its equals sign.
  private static func canonicalQuery(_ query: String) -> String {
    query.utf8.split(separator: UInt8(ascii: "&"))
      .map { $0.contains(UInt8(ascii: "=")) ? "\(Substring($0))" : "\(Substring($0))=" }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .joined(separator: "&")
  }
}
#endif
