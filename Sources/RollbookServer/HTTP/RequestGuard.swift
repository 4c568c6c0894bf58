#if Server
internal import HTTPTypes
internal import Hummingbird

/// Keeps pages in a browser of this machine from asking a server without keys: what they send carries
/// an Origin, or the name of somebody else's host.
struct RequestGuard: Sendable {
  /// Where requests are signed, the signature says whom they are for.
  let isLoopbackOnly: Bool

  /// - Throws: `AccessDeniedException`.
  func check(_ request: Request) throws(WireError) {
    guard isLoopbackOnly else { return }
    guard request.headers[.origin] == nil else {
      throw WireError(.accessDenied, "Requests of pages in a browser are refused.")
    }
    guard let host = request.head.authority, Self.isLoopback(host) else {
      throw WireError(
        .accessDenied,
        "A server without --credentials answers under the names of this machine only: 127.0.0.1, "
          + "localhost, [::1].")
    }
  }

  static func isLoopback(_ authority: String) -> Bool {
    let host: Substring
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return false }
      let rest = authority[authority.index(after: end)...]
      guard rest.isEmpty || isPort(rest) else { return false }
      return authority[..<end] == "[::1"
    }
    if let colon = authority.firstIndex(of: ":") {
      guard isPort(authority[colon...]) else { return false }
      host = authority[..<colon]
    } else {
      host = authority[...]
    }
    if host.lowercased() == "localhost" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { UInt8($0) != nil && !$0.hasPrefix("+") }
  }

  private static func isPort(_ text: Substring) -> Bool {
    let digits = text.dropFirst()
    // By bytes: a digit with a mark on it is a character between 0 and 9 too.
    return text.hasPrefix(":") && !digits.isEmpty
      && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  /// A request's media type without its parameters, in small letters.
  static func mediaType(of request: Request) -> String {
    guard let header = request.headers[.contentType] else { return "" }
    if header == Calls.contentType { return header }
    let text = header.split(separator: ";").first ?? ""
    return text.filter { $0 != " " }.lowercased()
  }
}
#endif
