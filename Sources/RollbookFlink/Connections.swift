#if Flink
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOSSL
internal import Rollbook
internal import Synchronization

/// The HTTP clients of this process, one for each set of certificates that is trusted: a file that
/// was renewed is another set.
///
/// They live as long as the process: a client must not go while requests are under way, and a
/// command asks a handful of things and ends.
enum Connections {
  private static let clients = Mutex<[String: HTTPClient]>([:])

  /// - Parameter trust: a file of certificates in PEM; nil for those that the system trusts.
  /// - Throws: `invalidArgument` where the file holds none.
  static func client(trusting trust: String?) throws(RollbookError) -> HTTPClient {
    let certificates = try trust.map { (path) throws(RollbookError) in try bytes(of: path) }
    let key = certificates.map { SHA256.hexDigest(of: $0) } ?? ""
    return try clients.withLock { (clients) throws(RollbookError) in
      if let known = clients[key] { return known }
      var configuration = HTTPClient.Configuration()
      if let trust, let certificates {
        configuration.tlsConfiguration = try trusting(certificates, of: trust)
      }
      configuration.redirectConfiguration = .disallow
      configuration.timeout = HTTPClient.Configuration.Timeout(connect: .seconds(5))
      // A refused connection is an answer; who wants to wait for one asks again.
      configuration.connectionPool.retryConnectionEstablishment = false
      let client = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: configuration)
      clients[key] = client
      return client
    }
  }

  /// More than the certificates of all authorities of the world.
  private static let limit = 4 << 20

  private static func bytes(of path: String) throws(RollbookError) -> [UInt8] {
    guard let bytes = try Files.read(path, limit: limit) else {
      throw RollbookError(
        .invalidArgument, "There is no file \(path) with certificates to trust.",
        hint: "Name a file of certificates in PEM with --flink-trust.")
    }
    return bytes
  }

  private static func trusting(
    _ bytes: [UInt8], of path: String
  ) throws(RollbookError) -> TLSConfiguration {
    do {
      let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
      guard !certificates.isEmpty else { throw Nothing() }
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .certificates(certificates)
      return tls
    } catch {
      throw RollbookError(
        .invalidArgument, "The file \(path) holds no certificates that could be trusted.",
        hint: "Name a file of certificates in PEM with --flink-trust.")
    }
  }

  private struct Nothing: Error {}
}
#endif
