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
    self.address = address.withoutSlashesAtItsEnd
    do throws(RollbookError) {
      client = try Connections.client(trusting: configuration.clusterTrust)
      headers = try (configuration.clusterHeaders ?? [:]).sorted { $0.key < $1.key }
        .map { (name, secret) throws(RollbookError) in
          let value = try SecretFile.value(at: secret.path)
          guard !value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f })
          else {
            throw RollbookError(
              .invalidArgument,
              "the file \(secret.path) holds no value of a header: there is more than one line in it"
            )
          }
          return (name: name, value: value)
        }
    } catch {
      throw RuntimeFailure(.unreachable, rootCause: error.message, text: error.hint)
    }
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
    try await twice { () throws(Silence) in try await send(.GET, path, seconds: seconds) }
  }

  /// Sends what may be sent again once more where no answer came.
  private func twice(
    _ request: () async throws(Silence) -> Answer
  ) async throws(Silence) -> Answer {
    do throws(Silence) {
      return try await request()
    } catch {
      if Task.isCancelled { throw error }
      return try await request()
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

  /// - Parameter isRepeatable: the request names what it makes, and asked again makes no second one.
  func post(
    _ path: String, _ body: some Encodable, seconds: Double = 30, isRepeatable: Bool = false
  ) async throws(Silence) -> Answer {
    let bytes: Data
    do {
      bytes = try JSONEncoder().encode(body)
    } catch {
      throw Silence(reason: "the request cannot be written as JSON: \(error)")
    }
    let request = { () async throws(Silence) -> Answer in
      try await send(
        .POST, path, body: .bytes(ByteBuffer(bytes: bytes)), type: "application/json",
        seconds: seconds)
    }
    return isRepeatable ? try await twice(request) : try await request()
  }

  /// Cancelling twice is cancelling once.
  func patch(_ path: String) async throws(Silence) -> Answer {
    try await twice { () throws(Silence) in try await send(.PATCH, path, seconds: 30) }
  }

  private func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: address + path)
    request.method = method
    for header in headers { request.headers.add(name: header.name, value: header.value) }
    return request
  }

  /// - Throws: `Silence` where there is no answer, or one of somebody in front of a cluster that is
  ///   not ready (502 to 504).
  func send(
    _ method: HTTPMethod, _ path: String, body: HTTPClientRequest.Body? = nil, type: String? = nil,
    seconds: Double
  ) async throws(Silence) -> Answer {
    var request = request(method, path)
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
      throw Silence(reason: "\(address) does not answer: \(Cluster.inWords(error))")
    }
  }

  /// What went wrong, without the values of headers, which an HTTP error repeats: they are secrets.
  private static func inWords(_ error: any Error) -> String {
    (error as? HTTPClientError)?.shortDescription ?? "\(error)"
  }
}

extension Cluster {
  /// A part of a text, and how long the whole is now.
  struct Part: Sendable {
    let bytes: [UInt8]
    let start: Int64
    let end: Int64

    var log: LogPart { LogPart(bytes: bytes, nextOffset: start + Int64(bytes.count)) }
  }

  /// Part of a text of any length, of which no more than that part is kept in memory: Flink gives
  /// its logs only whole.
  ///
  /// - Parameter offset: the byte to read from; nil for the newest `limit` bytes.
  /// - Returns: nil where there is no such text.
  func part(of path: String, from offset: Int64?, limit: Int) async throws(Silence) -> Part? {
    do {
      let response = try await client.execute(
        request(.GET, path), deadline: .now() + .seconds(60))
      guard (200..<300).contains(response.status.code) else { return nil }
      var kept: [UInt8] = []
      var end: Int64 = 0
      for try await chunk in response.body {
        let skipped = max(0, min(Int64(chunk.readableBytes), (offset ?? 0) - end))
        end += Int64(chunk.readableBytes)
        if offset != nil && kept.count >= limit { continue }
        kept += chunk.readableBytesView.dropFirst(Int(skipped))
        if offset == nil && kept.count > 2 * limit { kept.removeFirst(kept.count - limit) }
      }
      let bytes = offset == nil ? kept.suffix(limit) : kept.prefix(limit)
      return Part(bytes: Array(bytes), start: offset ?? end - Int64(bytes.count), end: end)
    } catch {
      throw Silence(reason: "\(address) does not answer: \(Cluster.inWords(error))")
    }
  }
}

extension Cluster.Silence {
  /// As a failure of the runtime.
  var failure: RuntimeFailure { RuntimeFailure(.unreachable, rootCause: reason) }
}
#endif
