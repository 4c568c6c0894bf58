#if Flink
internal import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
internal import Rollbook

/// One cluster's REST interface: requests and their answers, without what they mean.
struct Cluster: Sendable {
  /// The address without a slash at its end.
  let address: String
  private let client: HTTPClient
  private let headers: [(name: String, value: String)]

  /// The cluster that a version runs on.
  ///
  /// - Throws: `.unreachable` where it cannot be spoken to as configured.
  init(_ configuration: VersionConfiguration) throws(RuntimeFailure) {
    guard let address = configuration.clusterAddress else {
      throw RuntimeFailure(.unreachable, rootCause: "the version names no cluster")
    }
    self.address = Cluster.normalized(address)
    do throws(RollbookError) {
      client = try Connections.client(trusting: configuration.clusterTrust)
      headers = try (configuration.clusterHeaders ?? [:]).sorted { $0.key < $1.key }
        .map { (name, secret) throws(RollbookError) in
          (name: name, value: try SecretFile.value(at: secret.path))
        }
    } catch {
      throw RuntimeFailure(.unreachable, rootCause: error.message, text: error.hint)
    }
  }

  static func normalized(_ address: String) -> String {
    var address = address
    while address.hasSuffix("/") { address.removeLast() }
    return address
  }

  /// Why there is no answer.
  struct Silence: Error {
    let reason: String
  }

  /// An answer of any status.
  struct Answer: Sendable {
    let status: Int
    let body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }

    func decode<Value: Decodable>(_: Value.Type) throws(Silence) -> Value {
      do {
        return try JSONDecoder().decode(Value.self, from: Data(body))
      } catch {
        throw Silence(reason: "the answer is not Flink's: \(text.prefix(200))")
      }
    }

    var text: String { String(decoding: body, as: UTF8.self) }
  }

  /// The largest answer that is read: exceptions of wide jobs are long.
  private static let answerLimit = 32 << 20

  /// Asks; a broken connection is tried once more, as asking changes nothing.
  func get(_ path: String, seconds: Double = 10) async throws(Silence) -> Answer {
    do {
      return try await send(.GET, path, seconds: seconds)
    } catch {
      if Task.isCancelled { throw error }
      return try await send(.GET, path, seconds: seconds)
    }
  }

  /// Asks for a value; nil where there is none (404).
  func get<Value: Decodable>(_ path: String, as type: Value.Type) async throws(Silence) -> Value? {
    let answer = try await get(path)
    if answer.status == 404 { return nil }
    guard answer.isSuccess else {
      throw Silence(reason: "\(path) answers \(answer.status): \(answer.text.prefix(200))")
    }
    return try answer.decode(type)
  }

  func post(
    _ path: String, _ body: some Encodable, seconds: Double = 30
  ) async throws(Silence) -> Answer {
    let bytes: Data
    do {
      bytes = try JSONEncoder().encode(body)
    } catch {
      throw Silence(reason: "the request cannot be written as JSON: \(error)")
    }
    return try await send(
      .POST, path, body: .bytes(ByteBuffer(bytes: bytes)), type: "application/json",
      seconds: seconds)
  }

  func patch(_ path: String) async throws(Silence) -> Answer {
    try await send(.PATCH, path, seconds: 30)
  }

  /// - Throws: `Silence` where there is no answer, or one of somebody in front of a cluster that is
  ///   not ready (502 to 504).
  func send(
    _ method: HTTPMethod, _ path: String, body: HTTPClientRequest.Body? = nil, type: String? = nil,
    seconds: Double
  ) async throws(Silence) -> Answer {
    var request = HTTPClientRequest(url: address + path)
    request.method = method
    for header in headers { request.headers.add(name: header.name, value: header.value) }
    if let type { request.headers.add(name: "Content-Type", value: type) }
    request.body = body
    do {
      let deadline = NIODeadline.now() + .milliseconds(Int64(seconds * 1000))
      let response = try await client.execute(request, deadline: deadline)
      let status = Int(response.status.code)
      if (502...504).contains(status) {
        throw Silence(reason: "\(address) answers \(status): it is not ready")
      }
      let body = try await response.body.collect(upTo: Cluster.answerLimit)
      return Answer(status: status, body: Array(body.readableBytesView))
    } catch let silence as Silence {
      throw silence
    } catch {
      throw Silence(reason: "\(address) does not answer: \(error)")
    }
  }
}

extension Cluster.Silence {
  /// As a failure of the runtime.
  var failure: RuntimeFailure { RuntimeFailure(.unreachable, rootCause: reason) }
}
#endif
