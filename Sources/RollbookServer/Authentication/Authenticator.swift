#if Server
internal import Rollbook

/// Says who sent a request, or refuses it.
struct Authenticator: Sendable {
  /// Nil where anybody on this machine may ask: the server then listens on the loopback only.
  let credentials: Credentials?
  /// How far a request's time may be from ours, in seconds.
  static let skewSeconds: Double = 300

  /// What the head of a request claims, found in order but for the signature itself.
  struct Claim {
    let authorization: Authorization
    let time: String
    let secret: String
  }

  /// - Throws: the errors of `actor(of:now:)` but for a signature that is not right.
  func claim(of request: SignedRequest, now: Timestamp) throws(WireError) -> Claim {
    guard let header = request.header("authorization") else {
      throw WireError(.missingAuthentication, "Missing Authentication Token")
    }
    guard !request.target.contains("X-Amz-Signature") else {
      throw WireError(
        .invalidSignature, "The request is signed in its headers and in its query: choose one.")
    }
    let authorization = try Authorization(header: header)
    let time = try Self.time(of: request, authorization, now: now)
    try Self.checkScope(authorization)
    // One that is not there would be signed as an empty one is.
    for name in authorization.signedHeaders where request.header(name) == nil {
      throw WireError(
        .incompleteSignature, "The signed header '\(name.prefix(64))' is not in the request.")
    }
    guard let secret = credentials?.secret(of: authorization.keyID) else {
      throw WireError(
        .unrecognizedClient, "The security token included in the request is invalid.")
    }
    return Claim(authorization: authorization, time: time, secret: secret)
  }

  /// - Returns: the actor that the journal names.
  /// - Throws: `MissingAuthenticationTokenException`, `IncompleteSignatureException`,
  ///   `UnrecognizedClientException`, `InvalidSignatureException`.
  func actor(of request: SignedRequest, now: Timestamp) throws(WireError) -> String {
    guard credentials != nil else { return Self.unverified(request) }
    let claim = try claim(of: request, now: now)
    let expected = SignatureV4.signature(
      of: request, by: claim.authorization, secret: claim.secret, time: claim.time)
    guard SignatureV4.isSame(expected, claim.authorization.signature) else {
      throw WireError(
        .invalidSignature,
        "The request signature we calculated does not match the signature you provided. Check your "
          + "AWS Secret Access Key and signing method.")
    }
    return claim.authorization.keyID
  }

  /// Whoever it says that it is: nobody has checked it.
  private static func unverified(_ request: SignedRequest) -> String {
    let claimed = request.header("authorization").flatMap { try? Authorization(header: $0) }?.keyID
    // Source: the published model of the service that issues them, for a key's id.
    guard let claimed, claimed.utf8.count <= 128, claimed.utf8.allSatisfy(isOfKeyID) else {
      return "unverified"
    }
    return "\(claimed) (unverified)"
  }

  private static func isOfKeyID(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private static func checkScope(_ authorization: Authorization) throws(WireError) {
    guard authorization.service == SignatureV4.service else {
      throw WireError(
        .invalidSignature,
        "Credential should be scoped to correct service: '\(SignatureV4.service)'.")
    }
    // Else somebody on the way could change what the request asks, and of whom.
    for name in ["host", "x-amz-date", "x-amz-target"]
    where !authorization.signedHeaders.contains(name) {
      throw WireError(.incompleteSignature, "The header '\(name)' must be signed.")
    }
    guard authorization.signedHeaders == authorization.signedHeaders.sorted() else {
      throw WireError(.incompleteSignature, "SignedHeaders must be sorted.")
    }
  }

  private static func time(
    of request: SignedRequest, _ authorization: Authorization, now: Timestamp
  ) throws(WireError) -> String {
    guard let text = request.header("x-amz-date") else {
      throw WireError(
        .incompleteSignature, "Authorization header requires existence of an 'X-Amz-Date' header.")
    }
    guard let time = Timestamp(basicISO: text), text.hasPrefix(authorization.day) else {
      throw WireError(
        .invalidSignature, "X-Amz-Date must be YYYYMMDDTHHMMSSZ, of the credential's day.")
    }
    let late = now.seconds(since: time)
    guard abs(late) <= skewSeconds else {
      throw WireError(
        .invalidSignature,
        late > 0
          ? "Signature expired: \(text) is now earlier than \(Int(skewSeconds)) s ago (\(now))."
          : "Signature not yet current: \(text) is still later than \(now).")
    }
    return text
  }
}
#endif
