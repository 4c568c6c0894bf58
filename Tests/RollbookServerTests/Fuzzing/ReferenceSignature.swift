#if Server
import Rollbook

@testable import RollbookServer

/// Signature Version 4 a second time, over bytes and with a hash of its own, to compare with.
///
/// Source: docs.aws.amazon.com, "Create a signed AWS API request"; RFC 2104 for the HMAC.
enum ReferenceSignature {
  private static let scope = "20261126/us-east-1/kinesisanalytics/aws4_request"

  /// An Authorization header over the headers that are named.
  static func header(
    of request: SignedRequest, _ names: [String], keyID: String, secret: String
  ) -> String {
    let signature = signature(
      of: request, names, scope: scope, time: SignatureFuzzing.time, secret: secret)
    return "AWS4-HMAC-SHA256 Credential=\(keyID)/\(scope), "
      + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"
  }

  /// Whether a request that was accepted carries the signature that belongs to it.
  static func isRight(_ request: SignedRequest, secret: String) -> Bool {
    guard
      let header = request.headers.first(where: { $0.name == "authorization" })?.value,
      let authorization = try? Authorization(header: header)
    else { return false }
    let scope =
      "\(authorization.day)/\(authorization.region)/\(authorization.service)/aws4_request"
    let time = request.headers.first { $0.name == "x-amz-date" }?.value ?? ""
    let expected = signature(
      of: request, authorization.signedHeaders, scope: scope,
      time: String(decoding: squeezed(time), as: UTF8.self), secret: secret)
    return expected.utf8.elementsEqual(authorization.signature.utf8)
  }

  private static func signature(
    of request: SignedRequest, _ names: [String], scope: String, time: String, secret: String
  ) -> String {
    let (path, query) = parts(of: Array(request.target.utf8))
    var canonical = Array(request.method.utf8) + [0x0a] + (path.isEmpty ? [0x2f] : path) + [0x0a]
    canonical += query + [0x0a]
    for name in names {
      let values = request.headers.filter { $0.name.utf8.elementsEqual(name.utf8) }
      canonical += Array(name.utf8) + [0x3a]
      canonical += values.map { squeezed($0.value) }.joined(separator: [0x2c])
      canonical += [0x0a]
    }
    canonical += [0x0a] + Array(names.joined(separator: ";").utf8) + [0x0a]
    canonical += Array(SHA256.hexDigest(of: request.body).utf8)
    let text =
      "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n" + SHA256.hexDigest(of: canonical)
    let key = scope.utf8.split(separator: 0x2f, omittingEmptySubsequences: false)
      .reduce(Array("AWS4\(secret)".utf8)) { hmac(Array($1), key: $0) }
    return Hex.encode(hmac(Array(text.utf8), key: key))
  }

  private static func parts(of target: [UInt8]) -> (path: [UInt8], query: [UInt8]) {
    guard let mark = target.firstIndex(of: 0x3f) else { return (target, []) }
    let query = target[(mark + 1)...].split(separator: 0x26)
      .map { $0.contains(0x3d) ? Array($0) : Array($0) + [0x3d] }
      .sorted { $0.lexicographicallyPrecedes($1) }
    return (Array(target[..<mark]), Array(query.joined(separator: [0x26])))
  }

  private static func squeezed(_ value: String) -> [UInt8] {
    Array(value.utf8.split { $0 == 0x20 || $0 == 0x09 }.map(Array.init).joined(separator: [0x20]))
  }

  private static func hmac(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    let short = key.count > 64 ? digest(of: key) : key
    let padded = short + [UInt8](repeating: 0, count: 64 - short.count)
    return digest(of: padded.map { $0 ^ 0x5c } + digest(of: padded.map { $0 ^ 0x36 } + bytes))
  }

  private static func digest(of bytes: [UInt8]) -> [UInt8] {
    let digits = Array(SHA256.hexDigest(of: bytes).utf8)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
  }
}
#endif
