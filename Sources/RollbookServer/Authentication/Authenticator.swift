#if Server
internal import Rollbook

/// Says who sent a request, or refuses it.
struct Authenticator: Sendable {
  /// Nil where anybody on this machine may ask: the server then listens on the loopback only.
  let credentials: Credentials?
  /// How far a request's time may be from ours, in seconds.
  static let skewSeconds: Double = 300

  /// - Returns: the actor that the journal names.
  /// - Throws: `MissingAuthenticationTokenException`, `IncompleteSignatureException`,
  ///   `UnrecognizedClientException`, `InvalidSignatureException`.
  func actor(of request: SignedRequest, now: Timestamp) throws(WireError) -> String {
    guard let credentials else { return Self.unverified(request) }
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
    // A key that is not known takes as long as one that is.
    let secret = credentials.secrets[authorization.keyID]
    let expected = SignatureV4.signature(
      of: request, by: authorization, secret: secret ?? "none", time: time)
    guard secret != nil else {
      throw WireError(
        .unrecognizedClient, "The security token included in the request is invalid.")
    }
    guard SignatureV4.isSame(expected, authorization.signature) else {
      throw WireError(
        .invalidSignature,
        "The request signature we calculated does not match the signature you provided. Check your "
          + "AWS Secret Access Key and signing method.")
    }
    return authorization.keyID
  }

  /// Whoever it says that it is: nobody has checked it.
  private static func unverified(_ request: SignedRequest) -> String {
    let claimed = request.header("authorization").flatMap { try? Authorization(header: $0) }?.keyID
    guard let claimed, claimed.utf8.count <= 128 else { return "unverified" }
    return "\(claimed) (unverified)"
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

extension Timestamp {
  /// Reads `20261126T034500Z`.
  init?(basicISO text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else {
      return nil
    }
    func number(_ range: Range<Int>) -> Int64? {
      var number: Int64 = 0
      for byte in bytes[range] {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        number = number * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      return number
    }
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
      let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61,
      year >= 1970
    else { return nil }
    // Source: howardhinnant.github.io/date_algorithms.html, days_from_civil.
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days =
      era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    self.init(rawValue: (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000)
  }
}
#endif
