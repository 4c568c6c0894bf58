#if Server
/// What of a request its signature is about.
struct SignedRequest: Sendable {
  var method: String
  /// The path and the query, as they came over the wire.
  var target: String
  /// All headers in their order, the names in small letters.
  var headers: [(name: String, value: String)]
  var body: [UInt8]

  /// A header's values, joined as the signature has them; nil where there is none.
  func header(_ name: String) -> String? {
    let values = headers.filter { $0.name == name }.map { Self.squeezed($0.value) }
    return values.isEmpty ? nil : values.joined(separator: ",")
  }

  /// Without blanks around it, and with single ones within.
  private static func squeezed(_ value: String) -> String {
    value.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      .map { Substring($0) }.joined(separator: " ")
  }
}

/// An Authorization header of AWS Signature Version 4, in its parts.
struct Authorization: Sendable, Equatable {
  var keyID: String
  /// `20261126`
  var day: String
  var region: String
  var service: String
  var signedHeaders: [String]
  var signature: String

  static let algorithm = "AWS4-HMAC-SHA256"

  /// - Throws: `IncompleteSignatureException` that names every part that is missing.
  init(header: String) throws(WireError) {
    let words = header.split(separator: " ", maxSplits: 1).map(String.init)
    guard words.first == Authorization.algorithm else {
      throw WireError(
        .incompleteSignature,
        "Authorization header wants \(Authorization.algorithm) as its algorithm.")
    }
    var parts: [String: String] = [:]
    for part in (words.count > 1 ? words[1] : "").split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
      guard pair.count == 2 else { continue }
      // Two that say something else would be for whoever looks first to choose from.
      guard parts.updateValue(pair[1], forKey: pair[0]) == nil else {
        throw WireError(.incompleteSignature, "Authorization header names a part twice.")
      }
    }
    let missing = ["Credential", "Signature", "SignedHeaders"].filter { parts[$0] == nil }
    guard missing.isEmpty, let credential = parts["Credential"],
      let signedHeaders = parts["SignedHeaders"], let signature = parts["Signature"]
    else {
      throw WireError(
        .incompleteSignature,
        missing.map { "Authorization header requires '\($0)' parameter." }
          .joined(separator: " "))
    }
    let scope = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard scope.count == 5, scope[4] == "aws4_request", !scope[0].isEmpty, scope[1].utf8.count == 8
    else {
      throw WireError(
        .incompleteSignature,
        "Credential must have the form KEY/DATE/REGION/SERVICE/aws4_request.")
    }
    keyID = scope[0]
    day = scope[1]
    region = scope[2]
    service = scope[3]
    self.signedHeaders = signedHeaders.split(separator: ";").map(String.init)
    self.signature = signature
  }
}
#endif
