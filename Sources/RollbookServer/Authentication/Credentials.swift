#if Server
public import Rollbook

/// The access keys that requests may be signed with.
public struct Credentials: Sendable {
  /// Secrets by access key id.
  let secrets: [String: String]

  /// The secret of a key; nil where there is no key of just these bytes. To Swift texts are the same
  /// that only mean the same, and the journal would name an actor whom nobody knows.
  func secret(of keyID: String) -> String? {
    guard let index = secrets.index(forKey: keyID),
      secrets[index].key.utf8.elementsEqual(keyID.utf8)
    else { return nil }
    return secrets[index].value
  }

  /// Reads a file of the form that the AWS tools use themselves:
  ///
  ///     [ada]
  ///     aws_access_key_id = AKIA…
  ///     aws_secret_access_key = …
  ///
  /// - Throws: `invalidArgument` where it cannot be read, others may read it, or it holds no key.
  public init(file path: String) throws(RollbookError) {
    guard let bytes = try Files.read(path, limit: 1 << 20) else {
      throw RollbookError(
        .invalidArgument, "There is no file of credentials at \(path).",
        hint: "It holds aws_access_key_id and aws_secret_access_key, like ~/.aws/credentials.")
    }
    guard try !Files.isReadableByOthers(path) else {
      throw RollbookError(
        .invalidArgument, "Others may read the credentials in \(path).",
        hint: "chmod 600 \(path)")
    }
    try self.init(text: String(decoding: bytes, as: UTF8.self), path: path)
  }

  init(text: String, path: String) throws(RollbookError) {
    var secrets: [String: String] = [:]
    var keyID: String?
    // Two characters end a line of some systems, which Swift takes for one.
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (number, line) in lines.enumerated() {
      let line = line.trimmed
      if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
      if line.hasPrefix("[") {
        keyID = nil
        continue
      }
      let parts = line.split(separator: "=", maxSplits: 1).map(\.trimmed)
      guard parts.count == 2, !parts[1].isEmpty else {
        throw RollbookError(
          .invalidArgument, "Line \(number + 1) of \(path) is not NAME = VALUE.")
      }
      switch parts[0] {
      case "aws_access_key_id": keyID = parts[1]
      case "aws_secret_access_key":
        guard let id = keyID else {
          throw RollbookError(
            .invalidArgument,
            "Line \(number + 1) of \(path) holds a secret before its aws_access_key_id.")
        }
        secrets[id] = parts[1]
        keyID = nil
      default: break
      }
    }
    guard !secrets.isEmpty, keyID == nil else {
      throw RollbookError(
        .invalidArgument, "\(path) holds no access key with its secret.",
        hint: "It holds aws_access_key_id and aws_secret_access_key, like ~/.aws/credentials.")
    }
    self.secrets = secrets
  }
}

extension Substring {
  fileprivate var trimmed: String {
    var text = self
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
#endif
