#if Server
internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Rollbook

/// Answers HTTP requests: the API, and what machines that look after the server ask.
struct Endpoint: Sendable {
  let api: API
  let guardian: RequestGuard
  let authenticator: Authenticator
  let metrics: Metrics
  let logger: Logger
  let bodies: BodyReading

  func respond(to request: Request) async -> Response {
    let id = UUID().uuidString.lowercased()
    let start = ContinuousClock.now
    var log = RequestLog(request, id: id)
    var response: Response
    do throws(WireError) {
      response = try await answer(request, &log)
    } catch {
      log.error = error
      response = Response(
        status: .init(code: error.status), contentType: Self.contentType,
        JSONWriting(error.body).bytes)
      response.headers[.errorType] = error.code.rawValue
    }
    if let operation = log.operation { metrics.countRequest(operation, error: log.error?.code) }
    response.headers[.requestID] = id
    log.write(to: logger, status: response.status.code, seconds: start.duration(to: .now))
    return response
  }

  private func answer(
    _ request: Request, _ log: inout RequestLog
  ) async throws(WireError) -> Response {
    try guardian.check(request)
    switch (request.method, request.uri.path) {
    case (.get, "/healthz"): return Response(status: .ok, contentType: "text/plain", "ok\n")
    case (.get, "/readyz"):
      try await checkReady()
      return Response(status: .ok, contentType: "text/plain", "ready\n")
    case (.get, "/metrics"):
      return Response(
        status: .ok, contentType: "text/plain; version=0.0.4", try await metricsText())
    case (.post, _):
      let answer = try await call(request, &log)
      return Response(
        status: .ok, contentType: Self.contentType, JSONWriting(answer).bytes)
    default:
      throw WireError(
        .unknownOperation,
        "There is nothing at \(request.method) \(request.uri.path.prefix(256)): the API is POST /.",
        status: 404)
    }
  }

  /// The order of the checks is the service's own: the form, the operation, who asks, the types, the
  /// constraints; then what the request means.
  private func call(
    _ request: Request, _ log: inout RequestLog
  ) async throws(WireError) -> JSONValue {
    guard RequestGuard.mediaType(of: request) == Self.contentType else {
      throw WireError(
        .unknownOperation, "The content type of a call is \(Self.contentType).", status: 404)
    }
    let target = request.headers[.target] ?? ""
    let prefix = api.model.target + "."
    let operation = target.hasPrefix(prefix) ? String(target.dropFirst(prefix.count)) : ""
    let shape = api.model.operations[operation]
    let body = try await bodies.read(
      request, operation: operation, isTrusted: authenticator.credentials == nil)
    let parsed = try JSONValue(parsing: body)
    guard parsed.members != nil else {
      throw WireError(.serialization, "The request is not a JSON object.")
    }
    guard let shape else {
      throw WireError(.unknownOperation, "There is no operation \(target.prefix(256)).")
    }
    log.operation = operation
    let actor = try authenticator.actor(of: request.signed(body), now: .now())
    log.actor = actor
    let input = try RequestTypes(model: api.model).read(parsed, as: shape)
    log.application = input["ApplicationName"]?.string
    try RequestConstraints(model: api.model).check(input, as: shape)
    return try await api.answer(Call(operation: operation, input: input, actor: actor))
  }

  static let contentType = "application/x-amz-json-1.1"

  // MARK: For machines that look after the server

  private func checkReady() async throws(WireError) {
    try api.runner.checkAccepts()
    do throws(RollbookError) {
      _ = try await api.journal.read { (reader) throws(RollbookError) in
        try reader.applications(limit: 1)
      }
    } catch {
      throw WireError(.serviceUnavailable, "The journal cannot be read: \(error.message)")
    }
  }

  private func metricsText() async throws(WireError) -> String {
    let inFlight: [String: Int]
    do throws(RollbookError) {
      inFlight = try await api.journal.read { (reader) throws(RollbookError) in
        var counts: [String: Int] = [:]
        for operation in try reader.openOperations() { counts[operation.name, default: 0] += 1 }
        return counts
      }
    } catch {
      throw WireError(.serviceUnavailable, "The journal cannot be read: \(error.message)")
    }
    let path = api.journal.path
    let files = ["journal.db", "journal.db-wal"].map { name in
      (file: name, size: Files.size(of: Files.parent(of: path) + "/" + name))
    }
    return metrics.text(inFlight: inFlight, journalBytes: files)
  }
}

extension HTTPField.Name {
  // The names are well formed: a name that is not would be nil, and the header missing.
  static let target = HTTPField.Name("X-Amz-Target") ?? .contentType
  static let requestID = HTTPField.Name("x-amzn-RequestId") ?? .contentType
  static let errorType = HTTPField.Name("x-amzn-ErrorType") ?? .contentType
}

extension Request {
  /// What of it a signature is about.
  fileprivate func signed(_ body: [UInt8]) -> SignedRequest {
    var headers = headers.map { (name: $0.name.canonicalName, value: $0.value) }
    // HTTPTypes keeps the host apart from the other headers.
    if let host = head.authority { headers.append((name: "host", value: host)) }
    return SignedRequest(
      method: method.rawValue, target: head.path ?? "/", headers: headers, body: body)
  }
}

extension Response {
  fileprivate init(status: HTTPResponse.Status, contentType: String, _ text: String) {
    self.init(status: status, contentType: contentType, Array(text.utf8))
  }

  fileprivate init(status: HTTPResponse.Status, contentType: String, _ bytes: [UInt8]) {
    self.init(
      status: status, headers: [.contentType: contentType],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
#endif
